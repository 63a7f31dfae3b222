"""Real agents, a real ingest and the product's Mosquitto in one test, on clocks that the test can put forward."""

from __future__ import annotations

import logging
import os
import queue
import select
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent import commission
from edge_agent.agent import Agent
from edge_agent.clock import Machine, SystemClock
from edge_agent.config import parse
from edge_agent.mqtt_link import MqttLink
from ingest.acknowledger import Policy
from ingest.handler import Handler
from ingest.keys import open_keys
from ingest.subscriber import Broker, Subscriber, TlsFiles
from kayasol.broker_files import write_broker_files
from kayasol.ca import Authority
from kayasol.sites import NewSite, commission_request, parse_request
from store import counters, letters
from store.engine import Store
from store.letters import Letter
from store.migrate import upgrade
from store.readings.sql import SqlReadings
from store.sites import Place
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.site import CONFIG
from tests.end_to_end.broker_village import ProductBroker

WAIT_S = 30.0
TURN_S = 0.01
REPORTS_MAX = 5
"""An answer may bring a time, the time a record, and the record a report."""
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


class World:
    """Broker, authority, server and as many kiosks as a test wants."""

    def __init__(self, root: Path) -> None:
        self.root = root
        server = root / "server"
        self.authority = Authority(server / "ca", datetime.fromtimestamp(NOW_MS / 1000, UTC))
        self.authority.issue_server("broker", ["127.0.0.1"])
        self.authority.issue_client("ingest")
        self.broker = ProductBroker(server)
        write_broker_files(server / "broker", server / "ca", self.broker.port, self.broker.host)
        self.broker.let_root_run_it()
        self.url = f"sqlite:///{server / 'kayasol.db'}"
        upgrade(self.url)
        self.store = Store.open(self.url)
        self.readings = SqlReadings(self.store)
        self.keys = open_keys(server)
        self.clock = MovedClock(NOW_MS)
        self.handler = Handler(self.store, self.readings, self.keys, self.clock.wall_utc_ms, policy=Policy(calm_ms=0))
        self.files = TlsFiles(*(server / "ca" / name for name in ("ca.pem", "ingest.pem", "ingest.key")))
        self.kiosks: list[OverBroker] = []
        self._others: list[Store] = []

    def kiosk(self, code: str, *, known: bool = True, chunk_rows: int = 15) -> OverBroker:
        made = OverBroker(self, code, known=known, chunk_rows=chunk_rows)
        self.kiosks.append(made)
        return made

    @contextmanager
    def ingesting(self) -> Iterator[Subscriber]:
        """Ingest takes messages within."""
        broker = Broker(self.broker.host, self.broker.port, tls=self.files)
        subscriber, stop = Subscriber(broker, self.handler), threading.Event()
        thread = threading.Thread(target=subscriber.run, args=(stop,), name="ingest")
        thread.start()
        try:
            self.until(subscriber.connected.is_set)
            yield subscriber
        finally:
            stop.set()
            thread.join(WAIT_S)
            assert not thread.is_alive()

    @contextmanager
    def client(self, files: TlsFiles) -> Iterator[Speaker]:
        """Anybody with a certificate."""
        speaker = Speaker(self.broker, files)
        try:
            yield speaker
        finally:
            speaker.close()

    def until(self, condition: Callable[[], object]) -> None:
        """Let all agents turn until it is so."""
        clock = SystemClock()
        end_ms = clock.monotonic_ms() + WAIT_S * 1_000
        while not condition():
            assert clock.monotonic_ms() < end_ms, f"it did not come about: {self.happened()}"
            for kiosk in self.kiosks:
                kiosk.step()
            select.select([], [], [], TURN_S)

    def settle(self, kiosk: OverBroker) -> None:
        """Until the server has all that the kiosk keeps, without waiting for its cadence."""
        for _ in range(REPORTS_MAX):
            self.until(lambda: kiosk.link.connected and kiosk.agent.publisher.is_at_rest)
            if kiosk.is_drained:
                return
            kiosk.agent.publisher.ask_now()
        raise AssertionError(f"never at rest: {self.happened()}")

    def advance(self, milliseconds: int) -> None:
        """For everybody."""
        for clock in (self.clock, *(kiosk.clock for kiosk in self.kiosks)):
            clock.advance(milliseconds)

    def count(self, outcome: str) -> int:
        with self.store.read() as connection:
            return counters.snapshot(connection).get(outcome, 0)

    def happened(self) -> dict[str, int]:
        with self.store.read() as connection:
            return {name: value for name, value in counters.snapshot(connection).items() if value}

    def letters(self) -> list[Letter]:
        with self.store.read() as connection:
            return letters.newest(connection, 100)

    def other_store(self) -> Store:
        """Of somebody else, who has the same authority."""
        url = f"sqlite:///{self.root / 'other.db'}"
        upgrade(url)
        self._others.append(Store.open(url))
        return self._others[-1]

    def close(self) -> None:
        for kiosk in self.kiosks:
            kiosk.end()
        self.broker.stop()
        for store in (self.store, *self._others):
            store.close()


class Speaker:
    """An MQTT client with a certificate: says what it likes and hears what it may."""

    def __init__(self, broker: ProductBroker, files: TlsFiles) -> None:
        self.inbox: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.ended = threading.Event()
        self._answered, self._subscribed, self._settled = (threading.Event() for _ in range(3))
        self.client = Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        context = ssl.create_default_context(cafile=str(files.ca))
        context.load_cert_chain(files.certificate, files.key)
        self.client.tls_set_context(context)
        self.client.on_connect = lambda *_: self._answered.set()
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_publish = lambda *_: self._settled.set()
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = self._on_message
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        assert self._answered.wait(WAIT_S)

    def say(self, topic: str, payload: bytes) -> None:
        """Returns when the broker has taken it, whatever it then does with it, or has ended the connection over it."""
        self._settled.clear()
        self.client.publish(topic, payload, 1)
        assert self._settled.wait(WAIT_S)

    def listen(self, topic: str) -> None:
        self._subscribed.clear()
        self.client.subscribe(topic, 1)
        assert self._subscribed.wait(WAIT_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_disconnect(self, *_: object) -> None:
        self.ended.set()
        self._settled.set()

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.inbox.put((message.topic, bytes(message.payload)))
