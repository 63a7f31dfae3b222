"""The broker that other tests rely on: does it queue, lose, refuse and encrypt as they believe?"""

import queue
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from tests.certificates import SmallAuthority, client_context
from tests.mosquitto import MosquittoServer
from tests.server_process import ServerError

WAIT_S = 10.0
SILENCE_S = 0.3
"""How long "nothing came" is waited for, after something that was sent later did come or was confirmed."""


class Peer:
    """A client that waits: for its connection, for each confirmation and for each message."""

    def __init__(self, broker: MosquittoServer, client_id: str = "", context: ssl.SSLContext | None = None) -> None:
        self.inbox: queue.Queue[MQTTMessage] = queue.Queue()
        self._connected = threading.Event()
        self._subscribed = threading.Event()
        self._broker = broker
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=not client_id)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = lambda _client, _userdata, message: self.inbox.put(message)
        if context is not None:
            self.client.tls_set_context(context)

    def connect(self) -> None:
        self.client.connect(self._broker.host, self._broker.port)
        self.client.loop_start()
        assert self._connected.wait(WAIT_S), self._broker.log_text()

    def subscribe(self, topic: str) -> None:
        self._subscribed.clear()
        self.client.subscribe(topic, qos=1)
        assert self._subscribed.wait(WAIT_S)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        receipt = self.client.publish(topic, payload, qos=1, retain=retain)
        receipt.wait_for_publish(WAIT_S)
        assert receipt.is_published()

    def next_payload(self) -> bytes:
        return bytes(self.inbox.get(timeout=WAIT_S).payload)

    def hears_nothing(self) -> bool:
        try:
            self.inbox.get(timeout=SILENCE_S)
        except queue.Empty:
            return True
        return False

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(
        self, _client: Client, _userdata: object, _flags: ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        if reason == ReasonCode(PacketTypes.CONNACK, "Success"):
            self._connected.set()


@contextmanager
def connected(
    broker: MosquittoServer, client_id: str = "", context: ssl.SSLContext | None = None, username: str | None = None
) -> Iterator[Peer]:
    peer = Peer(broker, client_id, context)
    if username is not None:
        peer.client.username_pw_set(username)
    peer.connect()
    try:
        yield peer
    finally:
        peer.close()


@contextmanager
def handshake(broker: MosquittoServer, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection((broker.host, broker.port), timeout=WAIT_S) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as transport,
    ):
        yield transport


def test_a_message_at_qos_1_arrives(mosquitto: MosquittoServer) -> None:
    with connected(mosquitto) as reader, connected(mosquitto) as writer:
        reader.subscribe("site/+/frame")
        writer.publish("site/a/frame", b"one")
        assert reader.next_payload() == b"one"


def test_a_retained_message_meets_a_later_reader(mosquitto: MosquittoServer) -> None:
    with connected(mosquitto) as writer:
        writer.publish("site/a/state", b"here", retain=True)
    with connected(mosquitto) as reader:
        reader.subscribe("site/a/state")
        assert reader.next_payload() == b"here"


def test_a_clean_stop_keeps_what_was_queued_for_an_absent_reader(mosquitto: MosquittoServer) -> None:
    with connected(mosquitto, client_id="reader") as reader:
        reader.subscribe("site/a/frame")
    with connected(mosquitto) as writer:
        writer.publish("site/a/frame", b"kept")
    mosquitto.stop()
    mosquitto.start()
    with connected(mosquitto, client_id="reader") as reader:
        assert reader.next_payload() == b"kept"


def test_kill9_loses_what_was_acknowledged_and_the_port_stays(mosquitto: MosquittoServer) -> None:
    port, first_pid = mosquitto.port, mosquitto.pid
    with connected(mosquitto) as writer:
        writer.publish("site/a/state", b"acknowledged", retain=True)
        mosquitto.kill9()
        assert not mosquitto.is_running
    mosquitto.start()
    assert (mosquitto.port, mosquitto.pid != first_pid) == (port, True)
    with connected(mosquitto) as reader:
        reader.subscribe("site/#")
        reader.publish("site/end", b"end")
        assert reader.next_payload() == b"end"


def test_a_wiped_store_is_empty(mosquitto: MosquittoServer) -> None:
    with connected(mosquitto) as writer:
        writer.publish("site/a/state", b"here", retain=True)
    mosquitto.stop()
    assert mosquitto.store_file.exists()
    mosquitto.wipe_store()
    mosquitto.start()
    with connected(mosquitto) as reader:
        reader.subscribe("site/#")
        assert reader.hears_nothing()


def test_the_acl_refuses_a_foreign_topic(tmp_path: Path) -> None:
    acl = "topic read #\n\nuser alice\ntopic readwrite site/alice/#\n"
    with (
        MosquittoServer(tmp_path / "broker", acl=acl) as broker,
        connected(broker) as reader,
        connected(broker, username="alice") as alice,
    ):
        reader.subscribe("site/#")
        alice.publish("site/bob/frame", b"refused, but acknowledged")
        alice.publish("site/alice/frame", b"allowed")
        assert reader.next_payload() == b"allowed"
        assert "Denied PUBLISH" in broker.log_text()


def test_tls_is_mutual_and_the_certificate_names_the_client(tmp_path: Path) -> None:
    authority = SmallAuthority(tmp_path)
    tls = authority.issue("localhost")
    acl = "user kiosk-7\ntopic readwrite site/kiosk-7/#\n"
    with (
        MosquittoServer(tmp_path / "broker", tls=tls, acl=acl) as broker,
        connected(broker, context=client_context(authority.issue("kiosk-7"))) as kiosk,
    ):
        transport = kiosk.client.socket()
        assert isinstance(transport, ssl.SSLSocket)
        assert transport.version() == "TLSv1.3"
        kiosk.subscribe("site/kiosk-7/ack")
        kiosk.publish("site/kiosk-7/ack", b"mine")
        assert kiosk.next_payload() == b"mine"


def test_tls_refuses_a_client_without_a_certificate(tmp_path: Path) -> None:
    authority = SmallAuthority(tmp_path)
    nameless = ssl.create_default_context(cafile=str(authority.certificate_file))
    nameless.check_hostname = False
    with (
        MosquittoServer(tmp_path / "broker", tls=authority.issue("localhost")) as broker,
        handshake(broker, nameless) as transport,
        pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"),
    ):
        transport.recv(1)  # with TLS 1.3 the refusal comes after the client's own part of the handshake


def test_tls_refuses_an_older_protocol(tmp_path: Path) -> None:
    authority = SmallAuthority(tmp_path)
    old = client_context(authority.issue("kiosk-7"))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        MosquittoServer(tmp_path / "broker", tls=authority.issue("localhost")) as broker,
        pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"),
        handshake(broker, old),
    ):
        pass


def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="no_such_setting"):
        MosquittoServer(tmp_path / "broker", extra=["no_such_setting true"]).start()


def test_it_ends_only_what_it_started(tmp_path: Path) -> None:
    with MosquittoServer(tmp_path / "first") as first:
        with MosquittoServer(tmp_path / "second"):
            pass
        assert first.is_running
        subprocess.run(["kill", "-0", str(first.pid)], check=True)
