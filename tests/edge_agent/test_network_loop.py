"""One thread speaks with the broker, and a line on which something was heard is not pinged."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.network_loop import NetworkLoop

CONNECT, PUBLISH, PINGREQ = 0x10, 0x30, 0xC0
CONNACK, PINGRESP = b"\x20\x02\x00\x00", b"\xd0\x00"
KEEPALIVE_S = 60
WAIT_S = 10.0


class HeldClock:
    """Stands still until it is put forward."""

    now_ms = 0

    def monotonic_ms(self) -> int:
        return self.now_ms

    def wall_utc_ms(self) -> int:
        return self.now_ms


class Broker:
    """The other end of the line, byte by byte."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._line: socket.socket | None = None

    def accept(self) -> None:
        self._line, _ = self._listener.accept()
        self._line.settimeout(WAIT_S)

    def say(self, octets: bytes) -> None:
        assert self._line is not None
        self._line.sendall(octets)

    def packet(self) -> tuple[int, bytes]:
        """Kind and body of the next packet, all of them short here."""
        head = self._take(2)
        return head[0] & 0xF0, self._take(head[1])

    def close(self) -> None:
        self._listener.close()
        if self._line is not None:
            self._line.close()

    def _take(self, count: int) -> bytes:
        assert self._line is not None
        octets = b""
        while len(octets) < count:
            octets += self._line.recv(count - len(octets))
        return octets


class Spoken:
    """A client whose loop runs in a thread, connected."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.broker = HeldClock(), Broker()
        monkeypatch.setattr("paho.mqtt.client.time_func", lambda: self.clock.now_ms / 1000)
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv311, reconnect_on_failure=False)
        self.loop = NetworkLoop(self.client, self.clock)
        self.writers: set[int] = set()
        write = self.client.loop_write

        def noting() -> object:
            self.writers.add(threading.get_ident())
            return write()

        monkeypatch.setattr(self.client, "loop_write", noting)
        connected = threading.Event()
        self.client.on_connect = lambda *_: connected.set()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        self.broker.accept()
        assert self.broker.packet()[0] == CONNECT
        self.broker.say(CONNACK)
        assert connected.wait(WAIT_S)

    def wake(self) -> None:
        wake, line = self.client.on_socket_register_write, self.client.socket()
        assert wake is not None
        assert line is not None
        wake(self.client, None, line)

    def end(self) -> None:
        self.broker.close()
        self.thread.join(WAIT_S)
        self.loop.close()
        assert not self.thread.is_alive()

    def _run(self) -> None:
        self.client.connect("127.0.0.1", self.broker.port, KEEPALIVE_S)
        self.loop.run()


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spoken]:
    made = Spoken(monkeypatch)
    yield made
    made.end()


def test_what_another_thread_publishes_is_written_by_the_loops_thread(spoken: Spoken) -> None:
    for number in range(20):
        spoken.client.publish("a", bytes([number]))
        assert spoken.broker.packet() == (PUBLISH, b"\x00\x01a" + bytes([number]))
    assert spoken.writers == {spoken.thread.ident}


def test_a_silent_line_is_tried_after_the_keep_alive(spoken: Spoken) -> None:
    spoken.clock.now_ms = KEEPALIVE_S * 1_000
    spoken.wake()
    assert spoken.broker.packet() == (PINGREQ, b"")


def test_a_line_on_which_something_was_heard_is_not_pinged(spoken: Spoken) -> None:
    spoken.clock.now_ms = (KEEPALIVE_S - 1) * 1_000
    spoken.broker.say(PINGRESP)
    spoken.client.publish("a", b"heard")
    assert spoken.broker.packet()[0] == PUBLISH
    spoken.clock.now_ms += 2_000
    spoken.wake()
    spoken.client.publish("a", b"no ping before this")
    assert spoken.broker.packet() == (PUBLISH, b"\x00\x01ano ping before this")
    spoken.clock.now_ms += KEEPALIVE_S * 1_000
    spoken.wake()
    assert spoken.broker.packet() == (PINGREQ, b"")
