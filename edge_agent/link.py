"""What the agent asks of a link to the broker, and a link in memory for tests and simulations. Knows no frame.

A link carries bytes and promises nothing: what counts is the server's signed receipt.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

RECEIVED_MAX = 64
"""Messages held until the agent takes them; further ones are dropped and counted: the server says it all again."""


class Link(Protocol):
    """One session with one broker. No call blocks."""

    @property
    def connected(self) -> bool:
        """Whether a message can be handed over now."""

    @property
    def session(self) -> int:
        """Grows with each connection that came about; what was not delivered in an earlier one is gone."""

    @property
    def outstanding(self) -> int:
        """Messages handed over and not delivered yet."""

    @property
    def sent_bytes(self) -> int:
        """Bytes sent, with an estimate of what the protocols add."""

    @property
    def received_bytes(self) -> int:
        """Bytes received, estimated in the same way."""

    @property
    def latency_ms(self) -> int | None:
        """Newest time from handing over to the broker's PUBACK; None if unknown."""

    @property
    def loss_percent(self) -> int | None:
        """Share of the last messages that the broker never acknowledged; None if unknown."""

    def start(self) -> None:
        """Begin to connect."""

    def stop(self) -> None:
        """Say goodbye and end."""

    def turn(self, now_ms: int) -> None:
        """Called often: connects again when it is time to."""

    def publish(self, topic: str, payload: bytes) -> int | None:
        """Hand a message over; a number to know it by, or None where it was not taken."""

    def delivered(self) -> list[int]:
        """Numbers of the messages that the broker has taken since last asked. Proves nothing about the server."""

    def received(self) -> list[bytes]:
        """Messages on the device's own down topic since last asked."""

    def progress(self) -> None:
        """The server has acknowledged something: pauses between attempts start short again."""


class MemoryLink:
    """A link whose other end is the test or the simulation itself."""

    def __init__(self, *, connected: bool = True) -> None:
        self._connected = connected
        self.session = int(connected)
        self.sent_bytes = 0
        self.received_bytes = 0
        self.latency_ms: int | None = None
        self.loss_percent: int | None = None
        self.sent: deque[tuple[str, bytes]] = deque()
        """(topic, payload), for the other end to take."""
        self._inbox: deque[bytes] = deque(maxlen=RECEIVED_MAX)
        self._delivered: list[int] = []
        self._number = 0

    @property
    def connected(self) -> bool:
        return self._connected

    @connected.setter
    def connected(self, connected: bool) -> None:
        """Cut or restore the line; what the other end has not taken is lost with it."""
        if connected and not self._connected:
            self.session += 1
        if not connected:
            self.sent.clear()
            self._inbox.clear()
        self._connected = connected

    @property
    def outstanding(self) -> int:
        return len(self.sent)

    def start(self) -> None:
        """Nothing to do: the other end decides when the line is there."""

    def stop(self) -> None:
        self.connected = False

    def turn(self, now_ms: int) -> None:
        """Nothing to do."""

    def publish(self, topic: str, payload: bytes) -> int | None:
        if not self._connected:
            return None
        self._number += 1
        self.sent_bytes += len(payload)
        self.sent.append((topic, payload))
        self._delivered.append(self._number)
        return self._number

    def delivered(self) -> list[int]:
        delivered, self._delivered = self._delivered, []
        return delivered

    def received(self) -> list[bytes]:
        if not self._inbox:
            return []
        inbox = list(self._inbox)
        self._inbox.clear()
        return inbox

    def progress(self) -> None:
        """Nothing to do."""

    def deliver(self, payload: bytes) -> None:
        """The other end sends a message down; lost if the line is cut."""
        if self._connected:
            self.received_bytes += len(payload)
            self._inbox.append(payload)
