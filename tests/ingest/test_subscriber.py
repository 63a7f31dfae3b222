"""The subscriber against a real broker: sessions, restarts, and what is durable before PUBACK."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ingest.acknowledger import Outgoing
from ingest.handler import Message
from ingest.subscriber import Broker, Subscriber
from kiosk.wire import topics
from store.errors import RepairFirst
from tests.ingest.server import Server, ledger_ack, readings_ack
from tests.ingest.writer import Kiosk
from tests.mosquitto import MosquittoServer

WAIT_S = 20.0


@contextmanager
def running(subscriber: Subscriber) -> Iterator[Subscriber]:
    stop = threading.Event()
    thread = threading.Thread(target=subscriber.run, args=(stop,))
    thread.start()
    try:
        assert subscriber.connected.wait(WAIT_S)
        yield subscriber
    finally:
        stop.set()
        thread.join(WAIT_S)
        assert not thread.is_alive()


class Device:
    """A device's MQTT client; collects what it is told."""

    def __init__(self, broker: MosquittoServer, kiosk: Kiosk) -> None:
        self.kiosk = kiosk
        self.answers: list[bytes] = []
        self.heard = threading.Semaphore(0)
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=kiosk.dev, protocol=mqtt.MQTTv311)
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        self._client.subscribe(topics.down(kiosk.site), qos=1)
        assert self._subscribed.wait(WAIT_S)

    def send(self, payload: bytes) -> None:
        self._client.publish(self.kiosk.topic, payload, qos=1).wait_for_publish(WAIT_S)

    def next_answer(self) -> bytes:
        assert self.heard.acquire(timeout=WAIT_S)
        return self.answers.pop(0)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Any, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        self.answers.append(bytes(message.payload))
        self.heard.release()


@pytest.fixture
def device(mosquitto: MosquittoServer, server: Server) -> Iterator[Device]:
    made = Device(mosquitto, server.register(Kiosk()))
    yield made
    made.close()


def test_a_frame_is_committed_and_answered(mosquitto: MosquittoServer, server: Server, device: Device) -> None:
    kiosk = device.kiosk
    kiosk.open_books(3)
    with running(Subscriber(Broker(mosquitto.host, mosquitto.port), server.handler)):
        device.send(kiosk.frame(kiosk.schema_section(), kiosk.ledger_section(), kiosk.block(1, 15)))
        message = server.open_answer(Outgoing("", device.next_answer()))
    assert readings_ack(message).upto == 15
    assert ledger_ack(message).upto == 5


def test_what_came_while_ingest_was_away_is_taken_afterwards(
    mosquitto: MosquittoServer, server: Server, device: Device
) -> None:
    kiosk = device.kiosk
    with running(Subscriber(Broker(mosquitto.host, mosquitto.port), server.handler)):
        device.send(kiosk.frame(kiosk.schema_section(), kiosk.block(1, 15)))
        device.next_answer()
    device.send(kiosk.frame(kiosk.block(16, 15)))
    with running(Subscriber(Broker(mosquitto.host, mosquitto.port), server.handler)):
        message = server.open_answer(Outgoing("", device.next_answer()))
    assert readings_ack(message).upto == 30


class Failing:
    """A handler whose database fails a few times before it works."""

    def __init__(self, server: Server, failures: int) -> None:
        self._server = server
        self.failures = failures

    def handle_batch(self, messages: Sequence[Message]) -> list[Outgoing]:
        if self.failures:
            self.failures -= 1
            raise RepairFirst("the disk is full")
        return self._server.handler.handle_batch(messages)


def test_a_full_disk_is_waited_for(
    mosquitto: MosquittoServer, server: Server, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.subscriber.RETRY_S", 0.01)
    failing = Failing(server, failures=3)
    kiosk = device.kiosk
    with running(Subscriber(Broker(mosquitto.host, mosquitto.port), failing)):
        device.send(kiosk.frame(kiosk.schema_section(), kiosk.block(1, 15)))
        message = server.open_answer(Outgoing("", device.next_answer()))
    assert readings_ack(message).upto == 15
    assert failing.failures == 0


def test_the_broker_may_restart(mosquitto: MosquittoServer, server: Server) -> None:
    kiosk = server.register(Kiosk())
    subscriber = Subscriber(Broker(mosquitto.host, mosquitto.port), server.handler)
    with running(subscriber):
        mosquitto.stop()
        subscriber._client._ahead = b"\x32\x7f half of a packet that the old connection never finished"
        mosquitto.start()
        assert subscriber.connected.wait(WAIT_S)
        device = Device(mosquitto, kiosk)
        device.send(kiosk.frame(kiosk.schema_section(), kiosk.block(1, 15)))
        message = server.open_answer(Outgoing("", device.next_answer()))
        device.close()
    assert readings_ack(message).upto == 15


class Gate:
    """A handler that takes its first batch only when it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.open = threading.Event()
        self.batches: list[list[bytes]] = []

    def handle_batch(self, messages: Sequence[Message]) -> list[Outgoing]:
        self.batches.append([message.payload for message in messages])
        self.begun.release()
        assert self.open.wait(WAIT_S)
        return []


class Broken:
    """A handler that contradicts itself."""

    def handle_batch(self, messages: Sequence[Message]) -> list[Outgoing]:
        raise RuntimeError("an invariant does not hold")


def test_a_broken_invariant_ends_ingest_loudly(mosquitto: MosquittoServer, device: Device) -> None:
    subscriber = Subscriber(Broker(mosquitto.host, mosquitto.port), Broken())
    ended: list[BaseException] = []

    def run() -> None:
        try:
            subscriber.run(threading.Event())
        except RuntimeError as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    assert subscriber.connected.wait(WAIT_S)
    device.send(b"whatever")
    thread.join(WAIT_S)
    assert [str(error) for error in ended] == ["an invariant does not hold"]


def test_what_comes_while_a_batch_is_committed_is_the_next_batch(mosquitto: MosquittoServer, device: Device) -> None:
    gate = Gate()
    stop = threading.Event()
    subscriber = Subscriber(Broker(mosquitto.host, mosquitto.port), gate)
    thread = threading.Thread(target=subscriber.run, args=(stop,))
    thread.start()
    assert subscriber.connected.wait(WAIT_S)
    device.send(b"first")
    assert gate.begun.acquire(timeout=WAIT_S)
    for number in range(3):
        device.send(b"%d" % number)
    gate.open.set()
    while sum(map(len, gate.batches)) < 4:
        assert gate.begun.acquire(timeout=WAIT_S)
    stop.set()
    thread.join(WAIT_S)
    assert gate.batches[0] == [b"first"]
    assert [payload for batch in gate.batches[1:] for payload in batch] == [b"0", b"1", b"2"]
