"""A commissioned site on a test's own folder, clock, lines and link: the real agent, step by step, life after life."""

from __future__ import annotations

import json
import logging
import random
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent import commission
from edge_agent.agent import Agent
from edge_agent.clock import Machine
from edge_agent.config import Config, parse
from edge_agent.link import MemoryLink
from edge_agent.transports.base import Transport
from kiosk.ledger import act
from kiosk.ledger.signing import SigningKey
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.receiver import Receiver

MINUTE_MS = 60_000
START_UTC_MS = 1_790_000_000_000
CONFIG = """
[site]
code = "damane"
name = "École de Damané"
[agent]
chunk_rows = {chunk_rows}
[broker]
host = "127.0.0.1"
cadence_s = {cadence_s}
plain_loopback = true
[[device]]
name = "mppt"
driver = "victron-vedirect"
port = "memory"
[[device]]
name = "shelf"
driver = "charging-board"
port = "memory"
[[tariff]]
service = "phone"
name = "Téléphone"
price = 100
button = "A"
[[tariff]]
service = "lamp"
name = "Lampe"
price = 50
button = "B"
[[tariff]]
service = "battery"
name = "Batterie"
price = 200
button = "C"
[limits]
outbox_rows = {outbox_rows}
"""


@dataclass
class HeldClock:
    """Time as the test says."""

    mono_ms: int = 1_000
    wall_ms: int = START_UTC_MS

    def monotonic_ms(self) -> int:
        return self.mono_ms

    def wall_utc_ms(self) -> int:
        return self.wall_ms


@dataclass
class Site:
    """One kiosk under test."""

    folder: Path
    chunk_rows: int = 15
    cadence_s: int = 900
    outbox_rows: int = 600_000
    clock: HeldClock = field(default_factory=HeldClock)
    link: MemoryLink = field(default_factory=MemoryLink)
    seed: int = 1

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.ingest, self.ingest_next = (SigningKey.from_private_bytes(bytes([n]) * 32) for n in (3, 4))
        request = json.loads(commission.begin(self.folder, "damane", self.random.randbytes))
        self.act = self.issue_act(request["dev"], request["ledger_pub"])
        # The TLS files are tested in test_commission.py; here the act alone makes the folder a commissioned one.
        (self.folder / commission.ACT).write_bytes(self.act)
        self.receiver = Receiver(self.ingest, request["ledger_pub"])
        self.lines: dict[str, Transport] = {"mppt": HeldLine(), "shelf": HeldLine()}
        self.machine = Machine(boot_id="m1", card="c" * 64, board="b" * 64)
        self.synchronised: int | None = None
        self.sales_at_once = False
        self.page_limit = 0
        self._agent: Agent | None = None

    def issue_act(self, dev: str, ledger_pub: str) -> bytes:
        return act.encode(
            {
                "v": 1, "kind": "act", "site": "damane", "name": "École de Damané", "commune": "Kaya",
                "site_kind": "school", "dev": dev, "cur": "XOF", "pub": ledger_pub,
                "ingest_key": self.ingest.public_hex, "ingest_next": self.ingest_next.public_hex,
                "issued": START_UTC_MS,
            }
        )  # fmt: skip

    def config(self) -> Config:
        return parse(CONFIG.format(chunk_rows=self.chunk_rows, cadence_s=self.cadence_s, outbox_rows=self.outbox_rows))

    def start(self) -> Agent:
        """A new life of the agent."""
        self._agent = Agent(
            self.config(), clock=self.clock, transports=self.lines, link=self.link, entropy=self.random.randbytes,
            state=self.folder, log=logging.getLogger("edge"), machine=self.machine,
            synchronised_ms=lambda: self.synchronised, sales_at_once=self.sales_at_once, page_limit=self.page_limit,
        )  # fmt: skip
        return self._agent

    @property
    def agent(self) -> Agent:
        """The agent of this life."""
        assert self._agent is not None, "start() first"
        return self._agent

    @property
    def is_alive(self) -> bool:
        """Whether there is one whose files are open."""
        return self._agent is not None

    def end(self) -> None:
        """An orderly end."""
        self.agent.close()
        self._agent = None

    def begin(self) -> Agent:
        """The first life, its first report answered."""
        self.start()
        self.agent.step()
        self.exchange()
        return self.agent

    def power_cut(self, *, off_ms: int = 0, reboot: bool = True) -> Agent:
        """End this life without a word and begin the next one."""
        self.agent.abandon()
        self.clock.wall_ms += off_ms
        if reboot:
            self.clock.mono_ms = 500
            self.machine = Machine(self.machine.boot_id + "x", self.machine.card, self.machine.board)
        if self.link.connected:
            self.link.connected = False
            self.link.connected = True
        return self.start()

    def advance(self, minutes: int = 1, *, answer: bool = False) -> None:
        """Let minutes pass, one step each."""
        for _ in range(minutes):
            self.pass_ms(MINUTE_MS)
            self.agent.step()
            if answer:
                self.exchange()

    def pass_ms(self, milliseconds: int) -> None:
        self.clock.mono_ms += milliseconds
        self.clock.wall_ms += milliseconds

    @property
    def arrived_rows(self) -> list[int]:
        """Numbers of the rows of this stream that the far end has."""
        return sorted(self.receiver.rows.get(self.agent.outbox.stream, {}))

    def collect(self) -> int:
        """The far end takes what was sent; tells how many frames."""
        frames = len(self.link.sent)
        while self.link.sent:
            self.receiver.take(self.link.sent.popleft()[1])
        return frames

    def exchange(self) -> int:
        """The far end takes what was sent and answers it."""
        frames = self.collect()
        if frames:
            self.deliver(self.receiver.receipt())
        return frames

    def deliver(self, message: bytes) -> None:
        self.link.deliver(message)
        self.agent.step()
