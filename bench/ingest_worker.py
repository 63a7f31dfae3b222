"""One ingest worker as the product runs it, alone in a process: `python -m bench.ingest_worker FILE`.

FILE is JSON: `settings` as kayasol.toml has them; `answers`: "calm" as the product's policy is, "every" answers each
frame of each transaction, "none" is for the bench alone; `partitions`; `sites`; `compiled`, without which it does not
start on a compiled codec, nor with it on a plain one. The clock goes on by a cadence with each frame of a site, as it
would if the frames came when they were due.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from ingest import acknowledger
from ingest.acknowledger import Outgoing, Policy
from ingest.handler import Handler, Message
from ingest.keys import open_keys
from ingest.subscriber import Broker, Subscriber
from kayasol.parts import tune_interpreter, utc_ms
from kayasol.readings_store import open_readings
from kayasol.settings import ServerSettings
from kiosk.wire import block
from store.engine import Store
from tools.compiled import SUFFIX

CADENCE_MS = 900_000
POLICIES = {"every": Policy(calm_ms=0), "calm": Policy(), "none": Policy()}


class _Clock:
    """UTC milliseconds, ahead by a cadence for each frame of a site."""

    def __init__(self, sites: int) -> None:
        self._sites = sites
        self.frames = 0

    def __call__(self) -> int:
        return utc_ms() + self.frames * CADENCE_MS // self._sites


class _CountingHandler:
    """Moves the clock; all else is the product's."""

    def __init__(self, handler: Handler, clock: _Clock) -> None:
        self._handler = handler
        self._clock = clock

    def handle_batch(self, messages: Sequence[Message]) -> list[Outgoing]:
        """As the product does."""
        answers = self._handler.handle_batch(messages)
        self._clock.frames += len(messages)
        return answers


def _nothing(*_: object) -> list[Outgoing]:
    """Answers nobody."""
    return []


def main(file: str) -> None:
    """Run until SIGTERM."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    told = json.loads(Path(file).read_text(encoding="utf-8"))
    if block.__file__.endswith(SUFFIX) != told["compiled"]:
        raise SystemExit(f"the codec is {block.__file__}: that is not what is to be measured")
    settings = ServerSettings(**told["settings"])
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    store = Store.open(settings.database)
    broker = Broker(
        settings.broker_host,
        settings.broker_port,
        client_id=told["client_id"],
        partitions=tuple(told["partitions"]),
    )
    clock = _Clock(told["sites"])
    with open_readings(settings, store) as opened:
        keys = open_keys(settings.folder)
        policy, answer = POLICIES[told["answers"]], _nothing if told["answers"] == "none" else acknowledger.answer
        handler = Handler(store, opened.readings, keys, clock, policy=policy, answer=answer)
        tune_interpreter()
        Subscriber(broker, _CountingHandler(handler, clock)).run(stop)
    store.close()


if __name__ == "__main__":
    main(sys.argv[1])
