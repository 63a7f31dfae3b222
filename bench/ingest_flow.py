"""Publishes ready messages at QoS 1 as fast as a broker takes them; costs the machine next to nothing.

MQTT 3.1.1 by hand, because a client library's work a message would be measured as if it were the consumer's.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Sequence

from kiosk.wire.elements import Writer

IN_FLIGHT = 4_000
"""Messages that the broker has not answered yet."""
AT_ONCE = 100
ANSWERS_S = 0.005
"""Answers are counted so often; one by one, counting them would take a noticeable part of the machine."""
TIMEOUT_S = 120.0

_CONNECT, _PUBLISH_QOS1, _DISCONNECT = 0x10, 0x32, 0xE0
_CLEAN = 0x02
_PUBACK_BYTES = 4
_IDS = 65_535


def packets(messages: Sequence[tuple[str, bytes]]) -> list[bytes]:
    """PUBLISH packets, `AT_ONCE` in a piece."""
    ready = [_publish(topic, payload, number % _IDS + 1) for number, (topic, payload) in enumerate(messages)]
    return [b"".join(ready[start : start + AT_ONCE]) for start in range(0, len(ready), AT_ONCE)]


class Publisher:
    """One connection to a broker; packet numbers go round, so no more than IN_FLIGHT are open at once."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=TIMEOUT_S)
        self._answered = 0
        self._news = threading.Condition()
        head = Writer()
        for text in (b"MQTT",):
            head.u16(len(text))
            head.put(text)
        head.u8(4)
        head.u8(_CLEAN)
        head.u16(0)
        head.u16(len(b"bench"))
        head.put(b"bench")
        self._socket.sendall(_packet(_CONNECT, head.octets()))
        if self._socket.recv(4) != b"\x20\x02\x00\x00":
            raise ConnectionError("the broker does not take the bench's connection")
        threading.Thread(target=self._listen, daemon=True).start()

    def publish(self, pieces: Sequence[bytes]) -> None:
        """Returns when the broker has answered all."""
        begun = self._answered
        for number, piece in enumerate(pieces):
            self._wait_for(begun + number * AT_ONCE - IN_FLIGHT)
            self._socket.sendall(piece)
        self._wait_for(begun + (len(pieces) - 1) * AT_ONCE + 1)

    def close(self) -> None:
        """Take leave."""
        self._socket.sendall(_packet(_DISCONNECT, b""))
        self._socket.close()

    def _wait_for(self, answered: int) -> None:
        with self._news:
            if not self._news.wait_for(lambda: self._answered >= answered, TIMEOUT_S):
                raise TimeoutError("the broker does not answer what is published")

    def _listen(self) -> None:
        spare = 0
        while True:
            time.sleep(ANSWERS_S)
            try:
                octets = self._socket.recv(1 << 20)
            except OSError:
                return
            if not octets:
                return
            answered, spare = divmod(spare + len(octets), _PUBACK_BYTES)
            with self._news:
                self._answered += answered
                self._news.notify()


def _publish(topic: str, payload: bytes, number: int) -> bytes:
    body = Writer()
    body.u16(len(topic))
    body.put(topic.encode())
    body.u16(number)
    body.put(payload)
    return _packet(_PUBLISH_QOS1, body.octets())


def _packet(kind: int, body: bytes) -> bytes:
    writer = Writer()
    writer.u8(kind)
    writer.varint(len(body))  # MQTT writes its lengths as docs/wire.md does
    writer.put(body)
    return writer.octets()
