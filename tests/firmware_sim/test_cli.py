"""The command that plays one device on a pseudo-terminal, with a clock that the test moves."""

import os

import pytest

from firmware_sim.cli import RealTime, main


class Clock:
    """Each sleep moves time, lets the test look, and ends the command after some rounds."""

    def __init__(self, rounds, look=lambda: None):
        self.now_s, self._rounds, self._look = 1_736_157_600.0, rounds, look
        self.time = RealTime(lambda: int(self.now_s * 1000), lambda: self.now_s, self.sleep)

    def sleep(self, seconds):
        self._look()
        self.now_s += seconds
        self._rounds -= 1
        if self._rounds == 0:
            raise KeyboardInterrupt


def run_and_read(tmp_path, *arguments, rounds=30, say=b""):
    """What a program that opens the link receives, from the first round on."""
    link, received, opened = tmp_path / "device", [], []

    def look():
        if not opened:
            opened.append(os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK))
            os.write(opened[0], say)
        try:
            received.append(os.read(opened[0], 65_536))
        except BlockingIOError:
            received.append(b"")

    status = main([*arguments, "--link", str(link)], Clock(rounds, look).time)
    os.close(opened[0])
    assert not link.is_symlink()
    return status, b"".join(received)


def test_charge_controller_prints_a_block_a_second(tmp_path, reader, capsys):
    status, received = run_and_read(tmp_path, "victron-mppt", "--faults", "none", rounds=26)
    assert status == 0
    assert len(list(reader.vedirect_blocks(received))) == 5  # 26 rounds of 0.2 s
    printed = capsys.readouterr().out
    assert f"cat -v {tmp_path / 'device'}" in printed
    assert "19200" in printed
    assert "removed" in printed


def test_board_answers_and_prints_at_higher_speed(tmp_path, reader):
    say = reader.board_line(0, "HELLO?")
    _, received = run_and_read(tmp_path, "charging-board", "--speed", "600", "--start", "2025-01-06T18:00", say=say)
    kinds = [fields[1] for fields in reader.board_lines(received)]
    assert {"HELLO", "METER", "PRESS", "OPEN"} <= set(kinds)


def test_link_of_a_killed_run_is_replaced(tmp_path):
    (tmp_path / "device").symlink_to(tmp_path / "gone")
    assert run_and_read(tmp_path, "victron-mppt", rounds=3)[0] == 0


def test_faults_come_from_a_file(tmp_path):
    faults = tmp_path / "faults.toml"
    faults.write_text('[[faults]]\nkind = "silence"\ndevice = "mppt"\nday = 0\nhour = 0.0\nhours = 24.0\n', "utf-8")
    assert run_and_read(tmp_path, "victron-mppt", "--faults", str(faults))[1] == b""


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["--speed", "0"], "above 0"),
        (["--start", "yesterday"], "2025-01-06T08:00"),
        (["--scenario", "damani"], "damane, louda, tangasgo"),
        (["--faults", "nowhere.toml"], "check the path"),
    ],
)
def test_wrong_options_say_what_to_do(tmp_path, capsys, arguments, advice):
    assert main(["victron-mppt", "--link", str(tmp_path / "d"), *arguments], Clock(1).time) == 2
    assert advice in capsys.readouterr().err


def test_a_real_file_is_never_replaced(tmp_path, capsys):
    (tmp_path / "d").write_text("precious", "utf-8")
    assert main(["victron-mppt", "--link", str(tmp_path / "d")], Clock(1).time) == 2
    assert "choose another --link" in capsys.readouterr().err
    assert (tmp_path / "d").read_text("utf-8") == "precious"


def test_missing_folder_is_named(tmp_path, capsys):
    assert main(["victron-mppt", "--link", str(tmp_path / "no" / "d")], Clock(1).time) == 2
    assert "create it" in capsys.readouterr().err
