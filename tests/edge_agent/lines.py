"""A line in memory that a test holds in its hand: what arrives, what was written, and when it breaks."""

from __future__ import annotations

from edge_agent.transports.base import LineError


class HeldEnd:
    """The far end of a MemoryLine."""

    def __init__(self) -> None:
        self.arrived = b""
        self.written = b""
        self.plugged = True

    def read(self) -> bytes:
        self._require_cable()
        arrived, self.arrived = self.arrived, b""
        return arrived

    def write(self, raw: bytes) -> None:
        self._require_cable()
        self.written += raw

    def _require_cable(self) -> None:
        if not self.plugged:
            raise OSError("unplugged")


class HeldLine(HeldEnd):
    """A Transport whose other end is the test."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = 0
        self.is_open = False

    def open(self) -> None:
        self.opened += 1
        if not self.plugged:
            raise LineError("the cable is out: plug it in")
        self.is_open = True

    def fileno(self) -> int | None:
        return None

    def close(self) -> None:
        self.is_open = False

    def _require_cable(self) -> None:
        assert self.is_open, "a driver uses its line only while it is open"
        if not self.plugged:
            raise LineError("the cable is out: plug it in")
