"""Real agents, a real ingest and the product's Mosquitto in one test, on clocks that the test can put forward."""

from __future__ import annotations

import queue
import select
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.clock import SystemClock
from ingest.acknowledger import Policy
from ingest.handler import Handler
from ingest.keys import open_keys
from ingest.subscriber import Broker, Subscriber
from ingest.tls import TlsFiles
from kayasol.broker_files import write_broker_files
from kayasol.ca import Authority
from store import counters, letters
from store.engine import Store
from store.letters import Letter
from store.migrate import upgrade
from store.readings.sql import SqlReadings
from tests.end_to_end.broker_kiosk import NOW_MS, WAIT_S, MovedClock, OverBroker
from tests.end_to_end.broker_village import ProductBroker

TURN_S = 0.01
REPORTS_MAX = 5
"""An answer may bring a time, the time a record, and the record a report."""


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
