"""Lines carry bytes unchanged, never block, and lose the oldest when nobody reads."""

import os

import pytest

from firmware_sim.lines import BUFFER_BYTES, MemoryLine, PtyLine

EVERY_BYTE = bytes(range(256)) * 8


@pytest.fixture
def pty_line():
    line = PtyLine()
    yield line
    line.close()


def test_memory_line_carries_both_directions():
    line = MemoryLine()
    line.device_write(b"up")
    line.write(b"down")
    assert (line.read(), line.device_read()) == (b"up", b"down")
    assert (line.read(), line.device_read()) == (b"", b"")


def test_memory_line_loses_the_oldest_and_counts():
    line = MemoryLine()
    line.device_write(b"old" + b"x" * BUFFER_BYTES)
    line.device_write(b"new")
    kept = line.read()
    assert (len(kept), kept[:1], kept[-3:]) == (BUFFER_BYTES, b"x", b"new")
    assert line.lost_bytes == 6


def test_pty_carries_every_byte_unchanged_both_ways(pty_line):
    host = os.open(pty_line.path, os.O_RDWR | os.O_NOCTTY)
    try:
        pty_line.device_write(EVERY_BYTE)
        received = b""
        while len(received) < len(EVERY_BYTE):
            received += os.read(host, 4096)
        assert received == EVERY_BYTE
        os.write(host, EVERY_BYTE)
        answered = b""
        while len(answered) < len(EVERY_BYTE):
            answered += pty_line.device_read()
        assert answered == EVERY_BYTE
    finally:
        os.close(host)


def test_pty_does_not_echo_and_does_not_block(pty_line):
    assert pty_line.device_read() == b""
    pty_line.device_write(b"abc")
    assert pty_line.device_read() == b""


def test_pty_nobody_reads_drops_and_counts(pty_line):
    pty_line.device_write(b"x" * 200_000)
    assert 0 < pty_line.lost_bytes < 200_000
