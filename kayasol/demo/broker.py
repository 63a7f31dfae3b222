"""The demo's MQTT broker: a process of its own, loopback only, keeps nothing. A real network runs Mosquitto."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from typing import Any

from amqtt.broker import Broker


def configuration(port: int) -> dict[str, Any]:
    """Settings for one anonymous listener on 127.0.0.1."""
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }


async def serve(port: int) -> None:
    """Run until SIGTERM or SIGINT."""
    broker = Broker(configuration(port))
    await broker.start()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await stop.wait()
    # The broker's own farewell raises where a client left first; the process ends either way.
    with contextlib.suppress(Exception):
        await asyncio.wait_for(broker.shutdown(), 3)


def main() -> None:
    """`python -m kayasol.demo.broker PORT`."""
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
