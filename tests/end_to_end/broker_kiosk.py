"""A real agent over the product's Mosquitto: its clock can be put forward, its link pulled out."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edge_agent import commission
from edge_agent.agent import Agent
from edge_agent.clock import Machine, SystemClock
from edge_agent.config import parse
from edge_agent.mqtt_link import MqttLink
from ingest.tls import TlsFiles
from kayasol.sites import NewSite, commission_request, parse_request
from store.sites import Place
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.site import CONFIG

if TYPE_CHECKING:
    from tests.end_to_end.broker_world import World


WAIT_S = 30.0
NOW_MS = 1_790_000_000_000
MINUTE_MS = 60_000
PLAIN = "plain_loopback = true"
TLS = 'port = {port}\nca = "ca.pem"\ncertificate = "device.pem"\nkey = "device.key"'


class MovedClock:
    """A clock that goes on by itself and can be put forward; the monotonic part starts anew with each boot."""

    def __init__(self, wall_ms: int) -> None:
        self._machine = SystemClock()
        self._begun_ms = self._machine.monotonic_ms()
        self._booted_ms = 0
        self._wall_ms = wall_ms
        self._ahead_ms = 0

    def monotonic_ms(self) -> int:
        return self._passed_ms() - self._booted_ms

    def wall_utc_ms(self) -> int:
        return self._wall_ms + self._passed_ms()

    def advance(self, milliseconds: int) -> None:
        self._ahead_ms += milliseconds

    def reboot(self) -> None:
        self._booted_ms = self._passed_ms()

    def _passed_ms(self) -> int:
        return self._machine.monotonic_ms() - self._begun_ms + self._ahead_ms


class HeldLink(MqttLink):
    """The agent's own link; the test sees what goes through it, may change it, and can pull it out."""

    spoil: Callable[[bytes], bytes] = staticmethod(lambda payload: payload)
    retopic: Callable[[str], str] = staticmethod(lambda topic: topic)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.published: list[bytes] = []
        self.heard: list[bytes] = []

    def publish(self, topic: str, payload: bytes) -> int | None:
        changed = self.spoil(payload)
        number = super().publish(self.retopic(topic), changed)
        if number is not None:
            self.published.append(changed)
        return number

    def received(self) -> list[bytes]:
        messages = super().received()
        self.heard.extend(messages)
        return messages

    def pull_out(self) -> None:
        """As a power cut does: no goodbye, and nothing connects any more."""
        self._wanted = False
        connection = self._connection
        if connection is not None:
            socket = connection.client.socket()
            if socket is not None:
                socket.close()
            if connection.thread is not None:
                connection.thread.join(WAIT_S)


class OverBroker:
    """One kiosk: the real agent over TLS, its lines silent, its clock the test's."""

    def __init__(self, world: World, code: str, *, known: bool = True, chunk_rows: int = 15) -> None:
        """`known=False`: has a certificate of the authority, but the server never registered it."""
        self.code = code
        self.folder = world.root / code
        self.clock = MovedClock(NOW_MS)
        self.boots = 0
        self.page_limit = 0
        self._world = world
        self._agent: Agent | None = None
        self._chunk_rows = chunk_rows
        request = parse_request(commission.begin(self.folder, code, os.urandom))
        place = NewSite("École", "Kaya", "school", "XOF", Place(13.09, -1.08))
        store = world.store if known else world.other_store()
        answer = commission_request(store, world.authority, world.keys, request, place, NOW_MS)
        commission.accept(self.folder, answer)
        self.files = TlsFiles(*(self.folder / name for name in ("ca.pem", "device.pem", "device.key")))

    @property
    def agent(self) -> Agent:
        assert self._agent is not None, "start() first"
        return self._agent

    @property
    def link(self) -> HeldLink:
        link = self.agent.link
        assert isinstance(link, HeldLink)
        return link

    def start(self) -> Agent:
        """A new boot."""
        self.boots += 1
        self.clock.reboot()
        text = CONFIG.format(chunk_rows=self._chunk_rows, cadence_s=900, outbox_rows=600_000)
        text = text.replace("damane", self.code).replace(PLAIN, TLS.format(port=self._world.broker.port))
        text = text.replace("[agent]", f'[agent]\nstate = "{self.folder}"')
        config = parse(text)
        log = logging.getLogger(self.code)
        link = HeldLink(config.broker, self.code, self._device(), clock=self.clock, entropy=os.urandom, log=log)
        self._agent = Agent(
            config, clock=self.clock, transports={"mppt": HeldLine(), "shelf": HeldLine()}, link=link,
            entropy=os.urandom, state=self.folder, log=log, sales_at_once=True, page_limit=self.page_limit,
            machine=Machine(boot_id=f"machine{self.boots}", card="c" * 64, board="b" * 64),
        )  # fmt: skip
        return self._agent

    def power_cut(self) -> None:
        link = self.link
        self.agent.abandon()
        self._agent = None
        link.pull_out()

    def end(self) -> None:
        if self._agent is not None:
            self._agent.close()
            self._agent = None

    def step(self) -> None:
        if self._agent is not None:
            self._agent.step()

    def pass_minutes(self, minutes: int) -> None:
        for _ in range(minutes):
            self.clock.advance(MINUTE_MS)
            self.step()

    def sell(self, times: int = 1) -> None:
        """As a button does."""
        for _ in range(times):
            answer = self.agent.desk.answer({"do": "sale", "service": "phone", "press": os.urandom(16).hex()})
            assert answer["ok"], answer

    @property
    def money_is_answered(self) -> bool:
        return all(log.acked == log.head_seq for log in self.agent.till.book.logs.values())

    @property
    def is_drained(self) -> bool:
        return self.money_is_answered and self.agent.outbox.waiting == 0 and self.agent.publisher.is_at_rest

    @property
    def trusted_utc_ms(self) -> int:
        """What the agent believes now; 0 while it has met no clock that ranks with the server's."""
        return self.agent.keeper.trusted_utc_ms(self.clock.monotonic_ms()) or 0

    @property
    def marks(self) -> tuple[object, ...]:
        """Everything that an acknowledgement may move, and the clock."""
        agent = self.agent
        logs = [(log.log, log.acked, log.witnessed, log.closed) for log in agent.till.book.logs.values()]
        epoch = agent.database.row("SELECT stream, head, epoch, counter, ingest_key, ingest_next FROM state")
        return (logs, epoch, agent.outbox.waiting, agent.outbox.lowest_kept, agent.keeper.fix)

    def _device(self) -> str:
        return commission.load(self.folder).dev
