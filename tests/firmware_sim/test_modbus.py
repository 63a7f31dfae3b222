"""Simulated Modbus slaves, read by bytes that the vendors' pages and the standard print, not by our driver."""

import struct

import pytest

from firmware_sim.bench import FURTHER
from firmware_sim.devices.epever import EpeverTracer
from firmware_sim.devices.modbus_slave import Bus, BusFaults, ModbusSlave, RegisterMap
from firmware_sim.devices.mppt_history import Sense
from firmware_sim.devices.pzem import Pzem004t, Pzem017
from firmware_sim.devices.srne import SrneRover
from firmware_sim.scenarios import load_scenario
from tests.firmware_sim.conftest import modbus_crc
from tests.firmware_sim.test_cli import run_and_read

DAY_MS = 86_400_000
SENSE = Sense(13_240, 2_500, 35_110, 41_000, 310, 4_100, load_on=True, stage=5, limited=True)
DISCHARGING = SENSE._replace(battery_ma=-30, stage=0, panel_mw=0)


class Around:
    sense, soc, battery_c, capacity_ah, shelf_mw = SENSE, 0.7, -5.0, 100.0, 12_340


def framed(text):
    content = bytes.fromhex(text)
    return content + struct.pack("<H", modbus_crc(content))


def words(device, function, start, count):
    """The words of a reply, or the code of an exception."""
    reply = device.receive(framed(f"{device.slave.address:02x}{function:02x}{start:04x}{count:04x}"))
    assert modbus_crc(reply) == 0
    if reply[1] & 0x80:
        return reply[2]
    assert reply[2] == 2 * count == len(reply) - 5
    return struct.unpack(f">{count}H", reply[3:-2])


def slave(**faults):
    return ModbusSlave(7, RegisterMap({3: lambda: {0: 1, 1: 2}, 1: lambda: {0: 1, 1: 0, 2: 1}}), BusFaults(**faults))


def test_a_whole_request_to_its_own_address_is_answered():
    assert slave().receive(framed("07 03 0000 0002")) == framed("07 03 04 0001 0002")
    assert slave().receive(framed("07 01 0000 0003")) == framed("07 01 01 05")


@pytest.mark.parametrize(
    "request_", [framed("08 03 0000 0002"), framed("07 03 0000 0002")[:-1] + b"\0", b"", b"\x07" * 50]
)
def test_everything_else_is_met_with_silence(request_):
    assert slave().receive(request_) == b""


def test_requests_come_in_pieces_and_behind_noise():
    device, request = slave(), framed("07 03 0000 0001")
    assert b"".join(device.receive(bytes([byte])) for byte in b"\xff\x00" + request) == framed("07 03 02 0001")


def test_a_pause_ends_what_was_begun():
    device, request = slave(), framed("07 03 0000 0001")
    device.receive(request[:4])
    device.forget()
    assert device.receive(request[4:]) == b""


@pytest.mark.parametrize(
    ("request_", "code"),
    [("07 04 0000 0001", 1), ("07 03 0001 0002", 2), ("07 06 0000 0005", 2), ("07 05 0000 1234", 3)],
)
def test_what_cannot_be_done_is_refused_with_the_standards_codes(request_, code):
    reply = slave().receive(framed(request_))
    assert (reply[1] & 0x80, reply[2]) == (0x80, code)


def test_faults_are_an_echo_a_delay_a_torn_reply_and_death():
    request, reply = framed("07 03 0000 0001"), framed("07 03 02 0001")
    assert slave(echo=True).receive(request) == request + reply
    assert slave(dead=True).receive(request) == b""
    assert slave(spoil=lambda raw: raw[:3]).receive(request) == reply[:3]
    late = slave(late_by=1)
    assert [late.receive(request), late.receive(framed("07 03 0000 0002"))] == [b"", reply]


def test_slaves_on_one_bus_answer_for_themselves():
    bus = Bus(slave(), ModbusSlave(8, RegisterMap({3: lambda: {0: 9}})))
    assert bus.receive(framed("08 03 0000 0001")) == framed("08 03 02 0009")


def test_tracer_tells_its_state_low_word_first():
    device = EpeverTracer("0002201301200045")
    device.run(DAY_MS // 2, Around())
    assert words(device, 4, 0x331A, 3) == (1324, 250, 0)
    assert words(device, 4, 0x3312, 2) == (49, 0)  # 41 W for 12 h
    assert words(device, 4, 0x3110, 1) == (0x10000 - 500,)
    assert words(device, 4, 0x3201, 2) == (0b0101, 1)
    assert words(device, 4, 0x3108, 1) == 2
    device.run(DAY_MS, type("Night", (Around,), {"sense": DISCHARGING})())
    assert words(device, 4, 0x331B, 2) == (0xFFFD, 0xFFFF)
    assert words(device, 4, 0x330C, 2) == (0, 0)


def test_tracer_says_who_it_is():
    reply = EpeverTracer("0002201301200045").receive(bytes.fromhex("01 2B 0E 02 00 70 87"))
    assert reply == bytes.fromhex("012B0E0201000001031030303032323031333031323030303435 7A38".replace(" ", ""))


def test_rover_tells_its_state_high_word_first_and_knows_function_3_only():
    device = SrneRover(0x0C0BA211)
    device.run(DAY_MS // 2, Around())
    assert words(device, 3, 0x0101, 3) == (132, 281, 30 << 8 | 0x85)
    assert words(device, 3, 0x011C, 2) == (0, 492)
    assert words(device, 3, 0x0018, 2) == (0x0C0B, 0xA211)
    assert words(device, 3, 0x0120, 1) == (1 << 15 | 100 << 8 | 5,)
    assert words(device, 4, 0x0101, 1) == 1
    assert len(words(device, 3, 0x0100, 0x23)) == 0x23


def test_meters_count_what_the_shelf_takes():
    dc, ac = Pzem017(), Pzem004t()
    for meter in (dc, ac):
        meter.run(DAY_MS, Around())
    assert words(dc, 4, 0, 8) == (1324, 93, 123, 0, 296, 0, 0, 0)
    assert words(dc, 3, 3, 1) == (0,)
    assert words(ac, 4, 3, 4) == (123, 0, 296, 0)
    assert words(ac, 3, 3, 1) == 1


@pytest.mark.parametrize("name", ["epever-tracer", "srne-rover", "pzem-017", "pzem-004t"])
def test_each_can_be_added_to_a_kiosk(name):
    make, baud = FURTHER[name]
    assert make(load_scenario("damane"), 1).slave.address == 1
    assert baud in (9_600, 115_200)


def test_sim_command_answers_on_a_terminal(tmp_path, capsys):
    _, received = run_and_read(tmp_path, "pzem-017", "--faults", "none", say=framed("01 04 0000 0008"))
    assert received[:3] == bytes.fromhex("01 04 10")
    assert modbus_crc(received) == 0
    assert "9600 8N1" in capsys.readouterr().out
