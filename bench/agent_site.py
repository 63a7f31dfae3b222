"""One kiosk as processes: broker over mutual TLS, server, simulated devices, the agent; must not measure anything."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.corpus import MINUTE_MS, make_corpus
from edge_agent import local_socket
from edge_agent.agent import SOCKET
from edge_agent.outbox.boots import Boots
from edge_agent.outbox.database import BallastFile, Database
from edge_agent.outbox.outbox import Outbox
from edge_agent.state_file import FILE
from tests.end_to_end.broker_village import PythonProcess, Village, quick_folder

CODE = "damane"
DEVICES = {"mppt": ("victron-vedirect", "victron-mppt"), "meter": ("pzem-017", "pzem-017")}
"""Device -> (driver, simulated device): one that talks each second, one Modbus slave that is asked."""
WAIT_S = 120.0
LOOK_S = 0.2

AGENT_TOML = """\
[site]
code = "{code}"
name = "École de Damané"
[agent]
state = "{state}"
[broker]
host = "127.0.0.1"
port = {port}
ca = "ca.pem"
certificate = "device.pem"
key = "device.key"
[[tariff]]
service = "phone"
name = "Téléphone"
price = 100
button = "A"
"""
"""Everything that is not said is as shipped: a row a minute, 15 rows a commit, a frame every 15 minutes."""

DEVICE_TOML = """
[[device]]
name = "{name}"
driver = "{driver}"
port = "{port}"
"""


class RunningSite:
    """The processes of one kiosk and its server; the agent is one of its own, and its devices are others."""

    def __init__(self, root: Path) -> None:
        self.village = Village(root, [CODE], time.time_ns() // 1_000_000)
        places = self.village.places
        self.state = places.state(CODE)
        words = ["kayasol", "serve", "--folder", str(places.server), "--port", str(self.village.pages_port)]
        broker_port = self.village.broker.port
        self.processes = [PythonProcess("serve", places.logs, [*words, "--broker-port", str(broker_port)])]
        text = AGENT_TOML.format(code=CODE, state=self.state, port=broker_port)
        for name, (driver, simulated) in DEVICES.items():
            line = places.kiosk(CODE) / f"{name}.line"
            text += DEVICE_TOML.format(name=name, driver=driver, port=line)
            options = ["--link", str(line), "--scenario", CODE, "--faults", "none", "--start", "2026-03-02T11:00"]
            self.processes.append(PythonProcess(name, places.logs, ["firmware_sim", simulated, *options]))
        places.agent_toml(CODE).write_text(text, encoding="utf-8")
        self.agent = self.village.edge(CODE)

    def keep_backlog(self, days: int) -> None:
        """Fill the outbox as an earlier life without a network would have; before the agent starts."""
        corpus = make_corpus(days=1)
        database = Database(self.state / FILE, BallastFile(self.state / "ballast"))
        outbox = Outbox(database, chunk_rows=15, rows_max=600_000, entropy=os.urandom)
        life = Boots(database, self.state / "boot.number").begin(0, "", os.urandom)
        outbox.begin_boot(life.boot, life.number)
        outbox.use_schema(corpus.schema, 0)
        for number in range(1, days * 1440 + 1):
            outbox.append(number * MINUTE_MS, corpus.rows[number % len(corpus.rows)], ())
        database.close()

    def start(self) -> None:
        """Returns when the agent's session stands, both devices are read, and the server has said something signed."""
        self.village.broker.start()
        for process in self.processes:
            process.start()
        until(lambda: all((self.village.places.kiosk(CODE) / f"{name}.line").is_symlink() for name in DEVICES))
        # A broker keeps nothing for a server that it has never met.
        until(lambda: "connected to the broker" in self.processes[0].log_text())
        self.agent.start()
        until((self.state / SOCKET).exists)
        until(self._is_at_work)

    def close(self) -> None:
        """End what was started."""
        for process in (self.agent, *self.processes, self.village.broker):
            process.stop()

    def status(self) -> dict[str, Any]:
        """What the agent says of itself."""
        return local_socket.ask(self.state / SOCKET, {"do": "status"})

    def _is_at_work(self) -> bool:
        status = self.status()
        connected = status["link"]["connected"] and status["down"]["accepted"] > 0
        return connected and all(device["state"] == "ok" for device in status["devices"])


@contextmanager
def running_site(backlog_days: int = 0) -> Iterator[RunningSite]:
    """A kiosk at work in a folder of its own, perhaps with rows of so many days to send."""
    with quick_folder("agent-bench") as folder:
        site = RunningSite(folder)
        try:
            if backlog_days:
                site.keep_backlog(backlog_days)
            site.start()
            yield site
        finally:
            site.close()


def until(condition: Callable[[], bool]) -> None:
    """Look until it is so. Raises TimeoutError."""
    end_s = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end_s:
            raise TimeoutError(f"not within {WAIT_S:g} s: {condition}")
        time.sleep(LOOK_S)
