"""SerialLine on real pseudo-terminals: non-blocking, exclusive, and clear about what to check."""

from __future__ import annotations

import os
import select
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.transports.base import LineError
from edge_agent.transports.serial_line import UNSENT_MAX, SerialLine


class Terminal:
    """The device's side of a pseudo-terminal."""

    def __init__(self) -> None:
        self.device, self.host = os.openpty()
        self.path = os.ttyname(self.host)

    def unplug(self) -> None:
        for file in (self.host, self.device):
            if file >= 0:
                os.close(file)
        self.host = self.device = -1


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.unplug()


@pytest.fixture
def line(terminal: Terminal) -> Iterator[SerialLine]:
    made = SerialLine(terminal.path, 19_200)
    made.open()
    yield made
    made.close()


def arrived(line: SerialLine) -> bytes:
    """Wait until the kernel has passed the bytes on, as the agent's loop does."""
    number = line.fileno()
    assert number is not None
    assert select.select([number], [], [], 5)[0], "the terminal passed nothing on"
    return line.read()


def test_nothing_there_is_no_bytes_at_once(line: SerialLine) -> None:
    assert line.read() == b""


def test_every_byte_value_passes_unchanged_both_ways(terminal: Terminal, line: SerialLine) -> None:
    every = bytes(range(256))
    os.write(terminal.device, every)
    assert arrived(line) == every
    line.write(every)
    assert os.read(terminal.device, 1000) == every


def test_the_speed_is_the_one_asked_for(terminal: Terminal, line: SerialLine) -> None:
    assert termios.tcgetattr(terminal.host)[4:6] == [termios.B19200, termios.B19200]


def test_a_second_agent_is_told_so(terminal: Terminal, line: SerialLine) -> None:
    with pytest.raises(LineError, match="another program uses it"):
        SerialLine(terminal.path, 19_200).open()


def test_an_absent_port_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(LineError, match=r"plugged in\? `ls -l /dev/serial/by-id`"):
        SerialLine(str(tmp_path / "ttyUSB7"), 19_200).open()


def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LineError, match="is it a serial port"):
        SerialLine(str(tmp_path / "file"), 19_200).open()


def test_an_unplugged_cable_is_a_line_error_and_a_closed_line_can_be_opened_again(
    terminal: Terminal, line: SerialLine
) -> None:
    terminal.unplug()
    with pytest.raises(LineError, match="is gone"):
        line.read()
    line.close()
    line.close()
    assert line.fileno() is None
    with pytest.raises(LineError):
        line.open()


def test_a_line_that_is_plugged_in_again_is_read_again(terminal: Terminal, tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    port.symlink_to(terminal.path)
    line = SerialLine(str(port), 19_200)
    line.open()
    terminal.unplug()
    with pytest.raises(LineError):
        line.read()
    line.close()
    again = Terminal()
    port.unlink()
    port.symlink_to(again.path)
    line.open()
    os.write(again.device, b"back")
    assert arrived(line) == b"back"
    line.close()
    again.unplug()


def test_a_device_that_takes_nothing_never_blocks_the_agent(terminal: Terminal, line: SerialLine) -> None:
    # Nobody reads the terminal: first the kernel's buffer fills, then ours, then it is an error.
    def write_without_end() -> None:
        for _ in range(1000):
            line.write(b"x" * 1000)

    with pytest.raises(LineError, match="takes no bytes"):
        write_without_end()


def test_what_was_kept_back_is_sent_when_the_line_takes_it(terminal: Terminal, line: SerialLine) -> None:
    sent = b""
    try:
        while True:
            line.write(bytes((len(sent) % 256,)) * 500)
            sent += bytes((len(sent) % 256,)) * 500
    except LineError:
        pass
    got = b""
    while len(got) < len(sent):
        assert select.select([terminal.device], [], [], 5)[0], f"{len(sent) - len(got)} bytes never came"
        got += os.read(terminal.device, 4096)
        line.read()
    assert got == sent
    assert len(sent) > UNSENT_MAX
