"""A line given from outside is a Transport, and its failures are a line's failures."""

from __future__ import annotations

import pytest

from edge_agent.transports.base import LineError
from edge_agent.transports.memory import MemoryLine


class End:
    def __init__(self) -> None:
        self.arrived = b""
        self.written: list[bytes] = []
        self.plugged = True

    def read(self) -> bytes:
        self._require_cable()
        arrived, self.arrived = self.arrived, b""
        return arrived

    def write(self, raw: bytes) -> None:
        self._require_cable()
        self.written.append(raw)

    def _require_cable(self) -> None:
        if not self.plugged:
            raise OSError("unplugged")


def test_bytes_pass_both_ways() -> None:
    end = End()
    line = MemoryLine(end)
    line.open()
    end.arrived = b"abc"
    line.write(b"xyz")
    assert (line.read(), line.read(), end.written) == (b"abc", b"", [b"xyz"])
    assert line.fileno() is None


def test_an_unplugged_end_is_a_line_error() -> None:
    end = End()
    line = MemoryLine(end)
    line.open()
    end.plugged = False
    with pytest.raises(LineError, match="unplugged"):
        line.read()
    with pytest.raises(LineError, match="unplugged"):
        line.write(b"x")


def test_a_closed_line_gives_nothing() -> None:
    line = MemoryLine(End())
    with pytest.raises(LineError, match="not open"):
        line.read()
    line.open()
    line.close()
    with pytest.raises(LineError, match="not open"):
        line.write(b"x")
