"""Serial lines: the same bytes through memory or through a pseudo-terminal; must not know what the bytes mean."""

from __future__ import annotations

import os
import tty
from typing import Protocol

from firmware_sim.states import State, items, text

BUFFER_BYTES = 65_536
"""Of each direction. A real serial driver holds less; what nobody reads in time is lost, oldest first."""


class DeviceEnd(Protocol):
    """What a simulated device sees of its line."""

    def device_read(self) -> bytes:
        """What the host wrote since the last call; never blocks."""

    def device_write(self, sent: bytes) -> None:
        """Bytes towards the host; never blocks."""

    def clear(self) -> None:
        """Forgets what is under way where that can be done."""


class _Buffer:
    def __init__(self) -> None:
        self.held = bytearray()
        self.lost = 0

    def put(self, sent: bytes) -> None:
        self.held += sent
        overrun = len(self.held) - BUFFER_BYTES
        if overrun > 0:
            del self.held[:overrun]
            self.lost += overrun

    def take(self) -> bytes:
        taken = bytes(self.held)
        self.held.clear()
        return taken


class MemoryLine:
    """Both ends in one process. The host reads and writes; the device has its own two methods."""

    def __init__(self) -> None:
        self._to_host = _Buffer()
        self._to_device = _Buffer()

    def read(self) -> bytes:
        """Everything that arrived; empty when nothing did."""
        return self._to_host.take()

    def write(self, sent: bytes) -> None:
        """Bytes towards the device, which sees them at the next `advance` or `pump`."""
        self._to_device.put(sent)

    def device_read(self) -> bytes:
        return self._to_device.take()

    def device_write(self, sent: bytes) -> None:
        self._to_host.put(sent)

    def clear(self) -> None:
        """Power is lost at the host: what was on its way is gone."""
        self._to_host.take()
        self._to_device.take()

    @property
    def lost_bytes(self) -> int:
        """Overwritten in either direction because nobody read them."""
        return self._to_host.lost + self._to_device.lost

    def to_state(self) -> State:
        return {
            "to_host": self._to_host.held.hex(),
            "to_device": self._to_device.held.hex(),
            "lost": [self._to_host.lost, self._to_device.lost],
        }

    def load_state(self, state: State) -> None:
        self._to_host.held = bytearray.fromhex(text(state, "to_host"))
        self._to_device.held = bytearray.fromhex(text(state, "to_device"))
        self._to_host.lost, self._to_device.lost = items(state, "lost")


class PtyLine:
    """A pseudo-terminal in raw mode: another program opens `path` as if it were a serial port."""

    def __init__(self) -> None:
        self._device_fd, self._host_fd = os.openpty()
        # The host's end stays open here too, or the device's end would fail whenever no program has it open.
        tty.setraw(self._host_fd)
        os.set_blocking(self._device_fd, False)
        self.path = os.ttyname(self._host_fd)
        self.lost_bytes = 0
        """Towards the host, dropped because nobody read the terminal."""

    def device_read(self) -> bytes:
        try:
            return os.read(self._device_fd, BUFFER_BYTES)
        except BlockingIOError:
            return b""

    def device_write(self, sent: bytes) -> None:
        while sent:
            try:
                written = os.write(self._device_fd, sent)
            except BlockingIOError:
                self.lost_bytes += len(sent)
                return
            sent = sent[written:]

    def clear(self) -> None:
        """What a terminal has already passed on cannot be taken back; what the host wrote can be skipped."""
        self.device_read()

    def close(self) -> None:
        os.close(self._device_fd)
        os.close(self._host_fd)
