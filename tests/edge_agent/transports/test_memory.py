"""A line given from outside is a Transport, and its failures are a line's failures."""

from __future__ import annotations

import pytest

from edge_agent.transports.base import LineError
from edge_agent.transports.memory import MemoryLine
from tests.edge_agent.lines import HeldEnd


def test_bytes_pass_both_ways() -> None:
    end = HeldEnd()
    line = MemoryLine(end)
    line.open()
    end.arrived = b"abc"
    line.write(b"xyz")
    assert (line.read(), line.read(), end.written) == (b"abc", b"", b"xyz")
    assert line.fileno() is None


def test_an_unplugged_end_is_a_line_error() -> None:
    end = HeldEnd()
    line = MemoryLine(end)
    line.open()
    end.plugged = False
    with pytest.raises(LineError, match="unplugged"):
        line.read()
    with pytest.raises(LineError, match="unplugged"):
        line.write(b"x")


def test_a_closed_line_gives_nothing() -> None:
    line = MemoryLine(HeldEnd())
    with pytest.raises(LineError, match="not open"):
        line.read()
    line.open()
    line.close()
    with pytest.raises(LineError, match="not open"):
        line.write(b"x")
