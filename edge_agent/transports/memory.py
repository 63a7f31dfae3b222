"""A line that is an object given from outside: a simulated device, a test. Knows nothing of what is behind it."""

from __future__ import annotations

from typing import Protocol

from edge_agent.transports.base import LineError


class ByteEnd(Protocol):
    """The other end: anything with these two methods. It may raise OSError to be an unplugged cable."""

    def read(self) -> bytes:
        """What has arrived since last asked."""

    def write(self, raw: bytes) -> object:
        """Take what the agent says; the result is not looked at."""


class MemoryLine:
    """Makes a Transport of a ByteEnd."""

    def __init__(self, end: ByteEnd) -> None:
        self._end = end
        self._is_open = False

    def open(self) -> None:
        self._is_open = True

    def read(self) -> bytes:
        self._require_open()
        try:
            return self._end.read()
        except OSError as error:
            raise LineError(f"the simulated line is gone ({error}); plug it in again") from error

    def write(self, raw: bytes) -> None:
        self._require_open()
        try:
            self._end.write(raw)
        except OSError as error:
            raise LineError(f"the simulated line is gone ({error}); plug it in again") from error

    def fileno(self) -> int | None:
        return None

    def close(self) -> None:
        self._is_open = False

    def _require_open(self) -> None:
        if not self._is_open:
            raise LineError("the line is not open; the poller opens it before it reads")
