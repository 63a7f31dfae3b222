"""The link on a real broker: TLS both ways without dates, absence, kills, last will, and a whole agent behind it."""

from __future__ import annotations

import json
import logging
import queue
import select
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent import commission
from edge_agent.clock import SystemClock
from edge_agent.config import Broker
from edge_agent.mqtt_link import BACK_OFF_FIRST_MS, MqttLink, tls_context
from kayasol.ca import Authority
from kiosk.errors import ConfigError
from kiosk.wire import topics
from tests.certificates import TlsFiles
from tests.edge_agent.site import HeldClock, Site
from tests.mosquitto import MosquittoServer

# The MQTT library leaves a socket whose TLS handshake failed to the garbage collector, which closes it and warns.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)

WAIT_S = 10.0
NOW = datetime(2026, 11, 23, tzinfo=UTC)
DEV = "00112233445566aa"


class Far:
    """A client of the broker that sees everything."""

    def __init__(self, broker: MosquittoServer, files: TlsFiles | None = None) -> None:
        self.inbox: queue.Queue[tuple[str, bytes, bool]] = queue.Queue()
        self._ready = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2)
        if files is not None:
            self.client.tls_set(str(files.authority), str(files.certificate), str(files.key))
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._on_message
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        assert self._ready.wait(WAIT_S)

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe("k1/#", 1)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.inbox.put((message.topic, bytes(message.payload), message.retain))

    def next(self, channel: str) -> bytes:
        """The next message of one channel; others are passed over."""
        while True:
            topic, payload, _ = self.inbox.get(timeout=WAIT_S)
            if topic.endswith(f"/{channel}"):
                return payload

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def until(condition: Callable[[], object], turn: Callable[[], object]) -> None:
    """Turn until it is so; a pause between turns is spent waiting on nothing, as the agent's own loop does."""
    clock = SystemClock()
    end_ms = clock.monotonic_ms() + WAIT_S * 1_000
    while not condition():
        assert clock.monotonic_ms() < end_ms, "it did not come about in time"
        turn()
        select.select([], [], [], 0.01)


def plain(broker: MosquittoServer) -> Broker:
    return Broker(broker.host, broker.port, 900, 60, None, None, None, True)


def make(broker: Broker, clock: SystemClock | HeldClock | None = None, site: str = "damane") -> MqttLink:
    return MqttLink(broker, site, DEV, clock=clock or SystemClock(), entropy=bytes, log=logging.getLogger("edge"))


def turn(link: MqttLink) -> Callable[[], None]:
    clock = SystemClock()
    return lambda: link.turn(clock.monotonic_ms())


@pytest.fixture
def link(mosquitto: MosquittoServer) -> Iterator[MqttLink]:
    made = make(plain(mosquitto))
    made.start()
    until(lambda: made.connected, turn(made))
    yield made
    made.stop()


def test_messages_go_up_and_come_down_and_are_counted(mosquitto: MosquittoServer, link: MqttLink) -> None:
    far = Far(mosquitto)
    token = link.publish(topics.up("damane"), b"frame")
    assert far.next("u") == b"frame"
    delivered: list[int] = []

    def look() -> None:
        turn(link)()
        delivered.extend(link.delivered())

    until(lambda: delivered, look)
    assert delivered == [token]
    assert link.latency_ms is not None
    assert link.loss_percent == 0
    received: list[bytes] = []
    far.client.publish(topics.down("damane"), b"receipt", 1)
    until(lambda: received, lambda: received.extend(link.received()))
    assert received == [b"receipt"]
    assert link.sent_bytes > 200
    assert link.received_bytes > 200
    far.stop()


def test_the_status_is_retained_and_the_last_will_says_lost(mosquitto: MosquittoServer, link: MqttLink) -> None:
    far = Far(mosquitto)
    assert far.next("s") == f"online {DEV}".encode()
    connection = link._connection
    assert connection is not None
    line = connection.client.socket()
    assert isinstance(line, socket.socket)
    line.shutdown(socket.SHUT_RDWR)
    assert far.next("s") == f"lost {DEV}".encode()
    far.stop()


def test_an_orderly_end_says_lost_too(mosquitto: MosquittoServer) -> None:
    far = Far(mosquitto)
    link = make(plain(mosquitto))
    link.start()
    until(lambda: link.connected, turn(link))
    assert far.next("s").startswith(b"online")
    link.stop()
    assert far.next("s") == f"lost {DEV}".encode()
    far.stop()


def test_a_message_sent_while_the_device_was_away_waits_in_its_session(mosquitto: MosquittoServer) -> None:
    first = make(plain(mosquitto))
    first.start()
    until(lambda: first.connected, turn(first))
    token = first.publish(topics.up("damane"), b"x")
    until(lambda: token in first.delivered(), turn(first))
    first.stop()
    far = Far(mosquitto)
    far.client.publish(topics.down("damane"), b"while away", 1).wait_for_publish(WAIT_S)
    second = make(plain(mosquitto))
    second.start()
    received: list[bytes] = []

    def look() -> None:
        turn(second)()
        received.extend(second.received())

    until(lambda: received, look)
    assert received == [b"while away"]
    second.stop()
    far.stop()


def test_a_broker_that_is_away_at_the_start_is_tried_again_with_growing_pauses(mosquitto: MosquittoServer) -> None:
    mosquitto.stop()
    clock = HeldClock()
    link = make(plain(mosquitto), clock)
    link.start()
    until(lambda: link.trouble, lambda: link.turn(clock.mono_ms))
    assert link.publish("k1/0/damane/u", b"x") is None
    pauses = []
    for _ in range(4):
        before = clock.mono_ms
        while link._connection is None:
            clock.mono_ms += 100
            link.turn(clock.mono_ms)
        pauses.append(clock.mono_ms - before)
        until(lambda: link._connection is None, lambda: link.turn(clock.mono_ms))
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 4 * pauses[0]
    mosquitto.start()
    clock.mono_ms += 3_600_000
    until(lambda: link.connected, lambda: link.turn(clock.mono_ms))
    assert link._back_off_ms > BACK_OFF_FIRST_MS, "a connection alone is no progress"
    link.progress()
    assert link._back_off_ms == BACK_OFF_FIRST_MS
    link.stop()


def test_a_broker_killed_in_the_middle_is_found_again_as_a_new_session(
    mosquitto: MosquittoServer, link: MqttLink
) -> None:
    mosquitto.kill9()
    until(lambda: not link.connected, turn(link))
    assert link.outstanding == 0
    mosquitto.start()
    until(lambda: link.session == 2, turn(link))
    assert link.publish(topics.up("damane"), b"x") is not None


def test_what_the_broker_never_acknowledged_counts_as_lost(mosquitto: MosquittoServer, link: MqttLink) -> None:
    connection = link._connection
    assert connection is not None
    connection.client.on_publish = None
    assert link.publish(topics.up("damane"), b"x") is not None
    mosquitto.kill9()
    until(lambda: not link.connected, turn(link))
    assert link.loss_percent == 100


def test_messages_that_are_too_large_are_dropped(mosquitto: MosquittoServer, link: MqttLink) -> None:
    far = Far(mosquitto)
    far.client.publish(topics.down("damane"), b"x" * 9_000, 1)
    far.client.publish(topics.down("damane"), b"right", 1)
    received: list[bytes] = []
    until(lambda: received, lambda: received.extend(link.received()))
    assert received == [b"right"]
    assert link.messages_dropped == 1
    far.stop()


def test_plain_speech_is_for_this_machine_only() -> None:
    with pytest.raises(ConfigError):
        tls_context(Broker("192.0.2.1", 1883, 900, 60, None, None, None, True))
    with pytest.raises(ConfigError):
        tls_context(Broker("127.0.0.1", 1883, 900, 60, None, None, None, False))


class Pki:
    """An authority, a broker's certificate and a commissioned site's, each issued at a time of the test's choice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = folder / "authority"

    def broker_files(self, issued: datetime, hosts: list[str]) -> TlsFiles:
        Authority(self.authority, NOW)
        Authority(self.authority, issued).issue_server("broker", hosts)
        return TlsFiles(self.authority / "ca.pem", self.authority / "broker.pem", self.authority / "broker.key")

    def client_files(self, name: str) -> TlsFiles:
        Authority(self.authority, NOW).issue_client(name)
        return TlsFiles(self.authority / "ca.pem", self.authority / f"{name}.pem", self.authority / f"{name}.key")

    def accept(self, site: Site) -> None:
        """Commission the site's folder with this authority."""
        authority = Authority(self.authority, NOW)
        request = json.loads(commission.request_again(site.folder))
        answer = {
            "v": 1, "kind": "device-answer", "act": site.act.hex(),
            "certificate_pem": authority.sign_site(request["csr_pem"].encode(), "damane").decode(),
            "ca_pem": authority.certificate_pem.decode(),
            "ingest_key": site.ingest.public_hex, "ingest_next": site.ingest_next.public_hex,
        }  # fmt: skip
        commission.accept(site.folder, json.dumps(answer).encode())

    def settings(self, site: Site, broker: MosquittoServer) -> Broker:
        ca, own, key = (
            site.folder / name for name in (commission.AUTHORITY, commission.CERTIFICATE, commission.TLS_KEY)
        )
        return Broker(broker.host, broker.port, 900, 60, ca, own, key, False)


@pytest.mark.parametrize("issued", [NOW - timedelta(days=50 * 365), NOW + timedelta(days=10 * 365)])
def test_a_broker_s_certificate_of_another_time_is_taken_because_the_pi_may_be_wrong(
    site: Site, tmp_path: Path, issued: datetime
) -> None:
    pki = Pki(tmp_path)
    with MosquittoServer(tmp_path / "broker", tls=pki.broker_files(issued, ["127.0.0.1"])) as broker:
        pki.accept(site)
        link = make(pki.settings(site, broker))
        link.start()
        until(lambda: link.connected, turn(link))
        link.stop()


def test_a_broker_of_another_name_is_refused(site: Site, tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    with MosquittoServer(tmp_path / "broker", tls=pki.broker_files(NOW, ["kayasol.example.org"])) as broker:
        pki.accept(site)
        link = make(pki.settings(site, broker))
        link.start()
        until(lambda: link.trouble, turn(link))
        assert not link.connected
        assert "certificate" in link.trouble
        link.stop()


def test_a_broker_of_another_authority_is_refused(site: Site, tmp_path: Path) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = Pki(tmp_path / "stranger")
    with MosquittoServer(tmp_path / "broker", tls=stranger.broker_files(NOW, ["127.0.0.1"])) as broker:
        pki = Pki(tmp_path)
        pki.accept(site)
        link = make(pki.settings(site, broker))
        link.start()
        until(lambda: link.trouble, turn(link))
        assert not link.connected
        link.stop()


def test_a_whole_agent_gets_its_rows_and_records_acknowledged_over_mutual_tls(site: Site, tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    acl = "user damane\ntopic readwrite k1/#\nuser ingest\ntopic readwrite k1/#\n"
    with MosquittoServer(tmp_path / "broker", tls=pki.broker_files(NOW, ["127.0.0.1"]), acl=acl) as broker:
        pki.accept(site)
        far = Far(broker, pki.client_files("ingest"))
        link = make(pki.settings(site, broker), site.clock)
        site.link = link  # type: ignore[assignment]
        site.start()
        until(lambda: link.connected, site.agent.step)
        site.agent.till.sale("phone")
        for _ in range(15):
            site.pass_ms(60_000)
            site.agent.step()

        def exchange() -> None:
            while not far.inbox.empty():
                topic, payload, _ = far.inbox.get()
                if topic == topics.up("damane"):
                    site.receiver.take(payload)
                    far.client.publish(topics.down("damane"), site.receiver.receipt(), 1)
            site.agent.step()

        until(lambda: site.agent.outbox.head == 15 and site.agent.outbox.waiting == 0, exchange)
        log = site.agent.till.book.open_log
        assert log is not None
        assert log.acked == log.head_seq
        site.end()
        far.stop()


def test_a_device_without_its_certificate_is_not_let_in(site: Site, tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    with MosquittoServer(tmp_path / "broker", tls=pki.broker_files(NOW, ["127.0.0.1"])) as broker:
        pki.accept(site)
        (tmp_path / "stranger").mkdir()
        other = Pki(tmp_path / "stranger").client_files("damane")
        settings = replace(pki.settings(site, broker), certificate=other.certificate, key=other.key)
        link = make(settings)
        link.start()
        until(lambda: link.trouble, turn(link))
        assert link.session == 0
        link.stop()
