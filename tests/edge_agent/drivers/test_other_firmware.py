"""What devices of the same family say differently: more cells and fields, other hosts and addresses, unknown labels."""

from __future__ import annotations

import struct

import pytest

from edge_agent.drivers import BAUD, DECODERS
from edge_agent.drivers.daly import DalyDecoder
from edge_agent.drivers.jbd import CELLS_MAX, JbdDecoder
from edge_agent.drivers.victron_bmv import BmvDecoder, VictronBmv
from edge_agent.drivers.victron_vedirect import VictronDecoder, VictronVeDirect
from edge_agent.transports.jbd_frames import read_request
from kiosk.reading import Reading
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.modbus_crc import framed, words_reply
from tests.edge_agent.transports.test_bms_frames import daly, jbd
from tests.edge_agent.transports.vedirect_stream import hex_message, text_block


def jbd_state(cells: int, sensors: int, behind: bytes = b"") -> bytes:
    head = struct.pack(">HhHHHHHHHBBBBB", 5312, -1250, 9000, 10_000, 12, 0x2E71, 0, 0, 0, 0x21, 90, 3, cells, sensors)
    return head + struct.pack(f">{sensors}H", *(2981 + each for each in range(sensors))) + behind


@pytest.mark.parametrize("count", [4, 8, 13, 16, 20, 24, CELLS_MAX])
def test_jbd_packs_of_any_size_tell_their_cells(count: int) -> None:
    cells = struct.pack(f">{count}H", *(3300 + each for each in range(count)))
    state, told = JbdDecoder().feed(jbd(3, jbd_state(count, 2)) + jbd(4, cells))
    assert (state["cells"], state["battery_voltage_v"], state["battery_current_a"]) == (count, 53.12, -12.5)
    assert told["cells_v"] == [(3300 + each) / 1000 for each in range(count)]


@pytest.mark.parametrize("behind", [b"", b"\x00" * 9, bytes.fromhex("00 0000 2710 2328 0000")])
@pytest.mark.parametrize("sensors", [0, 1, 3, 6])
def test_jbd_firmware_that_sends_more_behind_its_sensors_is_read_alike(sensors: int, behind: bytes) -> None:
    (row,) = JbdDecoder().feed(jbd(3, jbd_state(16, sensors, behind)))
    assert row["temperatures_c"] == [25 + each / 10 for each in range(sensors)]
    assert row["soc_percent"] == 90


def test_a_jbd_capture_of_a_telephones_adapter_has_other_bytes_between_the_frames() -> None:
    """The adapter greets with FF AA and the frames come in pieces of 20 bytes."""
    raw = (
        bytes.fromhex("FF AA 01 00 01") + read_request(3) + jbd(3, jbd_state(8, 2)) + b"\x00\xff" + jbd(0xAA, b"", 0x80)
    )
    decoder, rows = JbdDecoder(), []
    for at in range(0, len(raw), 20):
        rows += decoder.feed(raw[at : at + 20])
    assert [row["register"] for row in rows] == ["03", "AA"]
    assert rows[1]["refused"] is True


def test_daly_answers_to_a_telephones_host_are_answers() -> None:
    pack = struct.pack(">HHHH", 528, 0, 30_010, 755)
    decoder = DalyDecoder()
    (row,) = decoder.feed(daly(0x90, bytes(8), 0x80) + daly(0x90, pack))
    assert (row["battery_voltage_v"], row["soc_percent"], row["current_raw"]) == (52.8, 75.5, 30_010)
    assert (decoder.good, decoder.bad) == (1, 0)


def test_sixteen_daly_cells_come_three_a_frame() -> None:
    frames = b"".join(
        daly(0x95, struct.pack(">B3HB", number + 1, *(3300 + 3 * number + each for each in range(3)), 0))
        for number in range(6)
    )
    rows = DalyDecoder().feed(b"\xa5\xa5\x40" + frames)
    assert [row["frame"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[5]["cells_v"] == [3.315, 3.316, 3.317]


@pytest.mark.parametrize(
    "more",
    [
        (),
        (("VM", "6320"), ("DM", "-3"), ("VS", "12800")),
        (("Relay", "Off"), ("Alarm", "On"), ("MON", "-9")),
        (("DC_IN_V", "12000"), ("X#", ""), ("FWE", "0419FF")),
    ],
)
def test_a_monitor_of_another_firmware_is_read_for_what_is_known(more: tuple[tuple[str, str], ...]) -> None:
    """A BMV-702 of 2015: a name as BMV, a firmware of four digits, no temperature, a battery that it knows full."""
    main = (("PID", "0x204"), ("V", "12800"), ("I", "0"), ("P", "0"), ("CE", "0"), ("SOC", "1000"), ("TTG", "-1"))
    block = text_block([*main, *more, ("AR", "0"), ("BMV", "702"), ("FW", "0308")])
    history = text_block([("H1", "-102738"), ("H4", "1"), ("H7", "8756"), ("H8", "15000"), ("H9", "---")])
    reading = _read(VictronBmv, block + history)
    assert (reading["battery_voltage_v"], reading["soc_percent"], reading["battery_consumed_ah"]) == (1280, 1000, 0)
    assert reading["battery_deepest_discharge_ah"] == 1027
    assert not {"battery_time_to_go_s", "battery_since_full_s", "battery_temperature_c"} & set(reading)
    rows = BmvDecoder().feed(b"44\r\nH8\t1\r\nChecksum\t?" + block + history)
    assert rows[0]["product"] == "0x204"


@pytest.mark.parametrize("cut", [0, 3, 11, 40, 90])
def test_a_charger_without_load_output_and_with_messages_between_is_read(cut: int) -> None:
    """A charger of another family: no IL, no LOAD, off reasons as a mask, labels that this driver has never seen."""
    fields = (("PID", "0xA056"), ("FW", "161"), ("SER#", "HQ2015ABCDE"), ("V", "26350"), ("I", "-20"), ("VPV", "0"))
    block = text_block(
        [*fields, ("PPV", "0"), ("CS", "0"), ("MPPT", "0"), ("OR", "0x00000001"), ("DCX", "x y"), ("H19", "9")]
    )
    raw = block[:cut] + hex_message(0xA, b"\xd5\xed\x00\x48\x0a") + block[cut:]
    reading = _read(VictronVeDirect, b"0\r\nCS\t0\r\nChecksum\t?" + raw)
    assert (reading["battery_voltage_v"], reading["pv_energy_total_wh"]) == (2635, 90)
    assert not {"load_current_a", "load_on"} & set(reading)
    decoder = VictronDecoder()
    (row,) = decoder.feed(raw)
    assert (row["DCX"], decoder.hex) == ("x y", 1)


@pytest.mark.parametrize(("name", "slave"), [("pzem-004t", 0xF8), ("pzem-017", 0xF8), ("srne-rover", 0xFF)])
def test_a_capture_under_the_makers_general_address_decodes(name: str, slave: int) -> None:
    """Libraries for hobbyists ask a single meter or charger so; the bus' own range of addresses ends before."""
    function = 3 if name == "srne-rover" else 4
    start, count = (0x0100, 10) if name == "srne-rover" else (0, 8)
    request = framed(f"{slave:02x}{function:02x}{start:04x}{count:04x}")
    (row,) = DECODERS[name]().feed(request + words_reply(slave, function, *range(1, count + 1)))
    assert row["slave"] == slave
    assert [key for key in row if key.startswith(("shelf_", "battery_"))]


def test_every_driver_has_a_speed_and_a_decoder() -> None:
    assert set(BAUD) == set(DECODERS)


def _read(make: type[VictronBmv] | type[VictronVeDirect], raw: bytes) -> dict[str, int]:
    line = HeldLine()
    line.open()
    driver = make("device", line)
    driver.opened(0)
    line.arrived = raw
    reading: Reading | None = driver.read(10)
    assert reading is not None
    return dict(reading.values)
