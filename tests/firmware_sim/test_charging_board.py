"""The charging board against its page: every example line is printed by the board, and nothing is lost or renamed."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from firmware_sim.devices.board_frames import LineCutter, build_line, crc16_modbus
from firmware_sim.devices.charging_board import ChargingBoard

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "charging-board.md").read_text("utf-8")
BOARD_ID = "4b41594130303031"
FIRST_BOOT, SECOND_BOOT = "9f3c21d07a5be846", "02d47be915aa60c3"


@pytest.fixture
def board():
    board = ChargingBoard(BOARD_ID, ports=10, buttons=4, seed=1)
    board.power_up(0)
    board.run(0)
    return board


def ack(reader, fields):
    return reader.board_line(0, "ACK", *fields[:4])


def kinds(reader, sent):
    return [fields[1] for fields in reader.board_lines(sent)]


def example_lines(mark):
    return [line + "\r\n" for line in re.findall(rf"^    {mark} (\$.*)$", PAGE, re.MULTILINE)]


def test_crc_has_the_published_check_value(reader):
    assert crc16_modbus(b"123456789") == 0x4B37 == reader.modbus_crc(b"123456789")


def test_every_example_of_the_page_has_a_right_crc(reader):
    lines = example_lines("[<>]")
    assert len(lines) == 17
    for line in lines:
        content, _, crc = line[1:].strip().rpartition("*")
        assert crc == f"{reader.modbus_crc(content.encode()):04X}", line
        assert len(line) <= 120


def test_the_board_prints_the_pages_example():
    board = ChargingBoard(BOARD_ID, ports=10, buttons=4, seed=1)
    board._energy_mw_ms, board.sessions_total = 184_203 * 3_600_000_000, 9_127
    said = iter(example_lines("<"))
    board.power_up(0)
    board.boot_id = FIRST_BOOT
    sent = board.run(0)
    board.press(5000, 1)
    sent += board.run(5000)
    board.receive(5001, (next(said) + next(said)).encode())
    board.plug_in(8000, 3, 5200)
    sent += board.run(8000) + board.run(10_000)
    board.press(11_000, 0)
    sent += board.run(11_000)
    board.power_down(11_500)
    board.power_up(60_000)
    board.boot_id = SECOND_BOOT
    sent += board.run(60_000)
    sent += board.receive(61_000, next(said).encode())
    assert sent.decode() == "".join(example_lines(">"))
    board.receive(61_000, "".join(said).encode())
    assert len(board.queue) == 0


def test_press_id_of_the_page():
    name, digits = re.search(r"Example: `([^`]+)` gives press id `([0-9a-f]+)`", PAGE).groups()
    assert name == f"{BOARD_ID}:{FIRST_BOOT}:1"
    assert sha256(name.encode("ascii")).hexdigest()[:32] == digits


def test_unacknowledged_frames_are_sent_again_every_two_seconds_oldest_first(board, reader):
    board.press(1000, 0)
    board.plug_in(1500, 1, 5000)
    assert kinds(reader, board.run(2000)) == ["PRESS", "OPEN"]
    assert board.run(3999) == b""
    again = list(reader.board_lines(board.run(4000)))
    assert [(fields[0], fields[1], fields[-1]) for fields in again] == [("1", "PRESS", "3000"), ("2", "OPEN", "2500")]


def test_acknowledged_frame_is_not_sent_again(board, reader):
    board.press(1000, 0)
    (fields,) = reader.board_lines(board.run(1000))
    board.receive(1100, ack(reader, fields))
    assert board.run(5000) == b""
    assert len(board.queue) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        ("OPEN", None, None),  # another kind
        (None, "0000000000000000", None),  # another power-up
        (None, None, "2"),  # another press
    ],
)
def test_acknowledgement_of_another_name_removes_nothing(board, reader, wrong):
    board.press(1000, 0)
    (fields,) = reader.board_lines(board.run(1000))
    named = [given or own for given, own in zip(wrong, fields[1:4], strict=True)]
    board.receive(1100, reader.board_line(0, "ACK", fields[0], *named))
    assert len(board.queue) == 1


def test_done_acknowledges_and_lights_the_lamp_green_for_three_seconds(board, reader):
    board.press(1000, 2)
    board.run(1000)
    assert board.lamp(2, 1500) == "yellow"
    board.receive(2000, reader.board_line(0, "DONE", board.boot_id, 1))
    assert (board.lamp(2, 2000), board.lamp(2, 4999), board.lamp(2, 5000)) == ("green", "green", "off")
    assert len(board.queue) == 0


def test_refused_acknowledges_and_blinks_red(board, reader):
    board.press(1000, 2)
    board.run(1000)
    board.receive(2000, reader.board_line(0, "REFUSED", board.boot_id, 1, "till-closed"))
    assert board.lamp(2, 2000) == "blinking red"
    assert len(board.queue) == 0


def test_bouncing_button_is_one_press(board):
    assert board.press(1000, 0)
    assert not board.press(1999, 0)
    assert board.press(2000, 0)
    assert [frame.number for frame in board.queue] == [1, 2]


def test_full_queue_of_presses_takes_no_press_and_stays_red(board, reader):
    for number in range(64):
        assert board.press(2000 * number, 0)
    assert not board.press(200_000, 0)
    assert board.presses_not_taken == 1
    assert board.lamp(0, 200_000) == "red"
    lines = list(reader.board_lines(board.run(200_000)))
    assert [int(fields[3]) for fields in lines if fields[1] == "PRESS"] == list(range(1, 65))
    (meter,) = [fields for fields in lines if fields[1] == "METER"]
    assert (meter[7], meter[9]) == ("1", "64")
    board.receive(200_001, ack(reader, lines[0]))
    assert board.press(202_000, 0)
    assert [frame.number for frame in board.queue][-1] == 65  # the refused press used no number


def test_press_takes_the_place_of_the_oldest_session_frame(board):
    for number in range(32):
        board.plug_in(number * 1000, 1, 5000)
        board.plug_out(number * 1000 + 500, 1)
    assert board.press(60_000, 0)
    frames = list(board.queue)
    assert len(frames) == 64
    assert (frames[0].kind, frames[0].number) == ("CLOSE", 1)
    assert board.queue.frames_dropped == 1


def test_session_frame_without_room_is_dropped_and_counted(board):
    for number in range(64):
        board.press(2000 * number, 0)
    board.plug_in(200_000, 1, 5000)
    assert {frame.kind for frame in board.queue} == {"PRESS"}
    assert (board.queue.frames_dropped, board.sessions_total) == (1, 1)


def test_press_keeps_its_name_over_power_cuts(board, reader):
    first_boot = board.boot_id
    board.press(1000, 0)
    board.run(1000)
    board.power_down(1500)
    assert not board.press(2000, 0)  # no power, no press
    board.power_up(100_000)
    assert board.boot_id != first_boot
    board.press(101_000, 1)
    sent = [fields for fields in reader.board_lines(board.run(101_000)) if fields[1] == "PRESS"]
    assert [fields[2:] for fields in sent] == [[first_boot, "1", "A", "-1"], [board.boot_id, "1", "B", "0"]]


def test_late_acknowledgement_after_a_power_cut_removes_only_what_it_names(board, reader):
    board.plug_in(1000, 1, 5000)
    (opened,) = reader.board_lines(board.run(1000))
    board.receive(1100, ack(reader, opened))
    board.power_down(2000)
    board.power_up(3000)
    board.run(3000)  # the CLOSE of session 1 now has seq 1, as the OPEN had
    board.receive(3100, ack(reader, opened))
    assert [frame.kind for frame in board.queue] == ["CLOSE"]


def test_power_cut_closes_the_session_with_its_energy(board, reader):
    board.plug_in(0, 4, 6000)
    board.power_down(1_800_000)
    board.power_up(2_000_000)
    (close,) = [fields for fields in reader.board_lines(board.run(2_000_000)) if fields[1] == "CLOSE"]
    assert close[3:] == ["1", "4", "1800", "3000", "-1"]  # 6 W for half an hour
    board.run(2_010_000)
    assert board.energy_total_mw_ms(2_010_000) == 3 * 3_600_000_000


def test_meter_comes_every_ten_seconds_with_ports_and_counter(board, reader):
    board.plug_in(0, 3, 5200)
    board.plug_in(0, 10, 800)
    meters = [f for second in range(1, 61) for f in reader.board_lines(board.run(second * 1000)) if f[1] == "METER"]
    assert len(meters) == 6
    assert meters[-1][3:7] == ["0", "6000", "204", "2"]


def test_one_meter_for_a_long_step(board, reader):
    assert kinds(reader, board.run(60_000)) == ["METER"]


def test_hello_on_request(board, reader):
    (hello,) = reader.board_lines(board.receive(7000, reader.board_line(0, "HELLO?")))
    assert hello[1:] == ["HELLO", BOARD_ID, board.boot_id, "1.0.0", "10", "4", "7000", "0"]


def test_seq_wraps_after_65535(board, reader):
    board._seq = 65_535
    board.press(1000, 0)
    board.press(1000, 1)
    assert [fields[0] for fields in reader.board_lines(board.run(1000))] == ["65535", "0"]


def test_bad_lines_are_counted_and_the_next_good_one_is_heard(board, reader):
    good = reader.board_line(0, "HELLO?")
    spoilt = good.replace(b"HELLO", b"HELLP")
    noise = b"\x00\xffxyz" + spoilt + b"$1,HEL" + b"$" + b"A" * 200 + b"\n"
    assert kinds(reader, board.receive(1000, noise + good)) == ["HELLO"]
    assert board.bad_lines == 3
    assert board.ignored == 0


def test_unknown_and_impossible_frames_are_ignored_and_counted(board, reader):
    board.press(1000, 0)
    strange = [(0, "DANCE", 1), (0, "ACK", 1), (0, "DONE", board.boot_id, "x"), (0, "REFUSED", board.boot_id, 1)]
    assert board.receive(1000, b"".join(reader.board_line(*fields) for fields in strange)) == b""
    assert (board.ignored, len(board.queue), board.bad_lines) == (4, 1, 0)


def test_line_of_120_bytes_passes_and_of_121_does_not():
    cutter = LineCutter()
    longest = build_line(0, "X", "a" * (120 - len("$0,X,*0000\r\n")))
    assert len(longest) == 120
    assert len(cutter.feed(longest)) == 1
    content = b"0,X," + b"a" * (121 - len("$0,X,*0000\r\n"))
    assert cutter.feed(b"$%b*%04X\r\n" % (content, crc16_modbus(content))) == []
    assert cutter.bad_lines == 1
    with pytest.raises(ValueError, match="shorten"):
        build_line(0, "X", "a" * 120)
