"""The link on a real broker: absence, kills, last will, what is counted."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from edge_agent.config import Broker
from edge_agent.mqtt_link import BACK_OFF_FIRST_MS, MqttLink
from kiosk.wire import topics
from tests.edge_agent.broker_ends import DEV, WAIT_S, Far, make, turn, until
from tests.edge_agent.site import HeldClock
from tests.mosquitto import MosquittoServer


def plain(broker: MosquittoServer) -> Broker:
    return Broker(broker.host, broker.port, 900, 60, None, None, None, True)


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
