"""What is on a port: recognised by listening or by reads, nothing written where somebody speaks, the odd explained."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent.config import parse
from edge_agent.detect import FOUND, NOISE_BYTES, NOT_OPENED, NOTHING_FOUND, Findings, detect, run
from edge_agent.drivers import DRIVERS
from edge_agent.probes import PROBES
from edge_agent.transports.base import LineError
from edge_agent.transports.crc import crc16
from edge_agent.transports.modbus_frames import read_request
from firmware_sim.bench import Surroundings
from firmware_sim.devices.daly_bms import DalyBms
from firmware_sim.devices.epever import EpeverTracer
from firmware_sim.devices.jbd_bms import JbdBms
from firmware_sim.devices.modbus_slave import BusFaults
from firmware_sim.devices.pzem import Pzem004t, Pzem017
from firmware_sim.devices.srne import SrneRover
from firmware_sim.devices.victron_bmv import VictronBmv
from tests.edge_agent.detect_port import AROUND, PORT, Board, Chatter, Device, Garbler, Mppt, Port
from tests.edge_agent.recordings import recording
from tests.edge_agent.test_config import MINIMAL


def found_on(port: Port) -> Findings:
    findings = detect(PORT, port.line, port)
    assert (port.is_open, port.opened) == (False, port.closed)
    return findings


def told(findings: Findings) -> list[tuple[str, int, int]]:
    return [(each.driver, each.baud, each.address) for each in findings.found]


def ready(device: Device) -> Device:
    device.run(1_000, AROUND)
    return device


SINGLE: list[tuple[str, int, Callable[[], Device], str]] = [
    ("victron-vedirect", 19_200, Mppt, "SmartSolar MPPT 100/20, serial HQ2132ABCDE"),
    ("victron-bmv", 19_200, lambda: VictronBmv(100.0), "SmartShunt 500"),
    ("charging-board", 115_200, Board, "charging board"),
    ("jbd", 9_600, JbdBms, "JBD-SP04S028-L4S-150A-B"),
    ("jbd", 9_600, lambda: JbdBms(sleeps=True), "JBD-SP04S028-L4S-150A-B"),
    ("daly", 9_600, DalyBms, "Daly"),
    ("epever-tracer", 115_200, lambda: EpeverTracer("1234"), "panel 35.11 V"),
    ("srne-rover", 9_600, lambda: SrneRover(202_100_001), "SRNE / Renogy"),
    ("pzem-004t", 9_600, Pzem004t, "Hz"),
    ("pzem-017", 9_600, Pzem017, "PZEM-017"),
]


@pytest.mark.parametrize(("driver", "baud", "make", "what"), SINGLE, ids=[row[0] for row in SINGLE])
def test_each_device_is_recognised_with_its_driver_and_speed(
    driver: str, baud: int, make: Callable[[], Device], what: str
) -> None:
    findings = found_on(Port((baud, ready(make()))))
    assert told(findings) == [(driver, baud, 1)]
    assert what in findings.found[0].what
    assert not [remark for remark in findings.remarks if "silence" in remark or "nothing sound" in remark]


def test_a_board_that_is_silent_for_now_says_its_name_when_asked() -> None:
    class QuietBoard(Board):
        def run(self, duration_ms: int, around: Surroundings) -> bytes:
            super().run(duration_ms, around)
            return b""

    (board,) = found_on(Port((115_200, QuietBoard()))).found
    assert (board.driver, board.what) == ("charging-board", "charging board 4b41594130303031")


@pytest.mark.parametrize("address", [2, 3])
def test_a_modbus_device_with_another_address_is_found(address: int) -> None:
    assert told(found_on(Port((115_200, ready(EpeverTracer("1", address)))))) == [("epever-tracer", 115_200, address)]
    assert told(found_on(Port((9_600, ready(SrneRover(1, address)))))) == [("srne-rover", 9_600, address)]


def test_two_devices_on_one_bus_are_both_told() -> None:
    findings = found_on(Port((9_600, ready(SrneRover(1, 1))), (9_600, ready(Pzem017(2)))))
    assert told(findings) == [("srne-rover", 9_600, 1), ("pzem-017", 9_600, 2)]
    assert "2 devices answer on this port" in findings.remarks[0]


def test_a_bms_and_a_meter_on_one_port_are_both_told() -> None:
    findings = found_on(Port((9_600, ready(JbdBms())), (9_600, ready(Pzem004t()))))
    assert told(findings) == [("jbd", 9_600, 1), ("pzem-004t", 9_600, 1)]
    assert "a BMS needs a port of its own" in findings.remarks[0]


def test_two_devices_with_one_address_are_explained() -> None:
    spoil = BusFaults(spoil=lambda reply: bytes(byte & 0x55 for byte in reply))
    findings = found_on(Port((9_600, ready(SrneRover(1, 1, faults=spoil)))))
    assert findings.found == ()
    assert "two devices with the same address" in findings.remarks[0]
    assert "srne-rover at address 1" in findings.remarks[0]


def test_nothing_is_written_where_a_victron_device_speaks() -> None:
    port = Port((19_200, ready(Mppt())))
    found_on(port)
    assert port.written == []


def test_nothing_is_written_between_a_master_and_its_device() -> None:
    request = read_request(1, 4, 0x3100, 2).raw
    reply = bytes.fromhex("01 04 04 08 98 00 1E")
    port = Port((115_200, Chatter(request + reply + crc16(reply).to_bytes(2, "little"))))
    findings = found_on(port)
    assert told(findings) == [("epever-tracer", 115_200, 1)]
    assert "registers 3100" in findings.found[0].what
    assert "another program or controller asks here already" in findings.remarks[0]
    assert port.written == []


def test_nothing_is_written_where_a_master_asks_and_nobody_answers() -> None:
    port = Port((9_600, Chatter(read_request(1, 3, 0x0100, 35).raw)))
    findings = found_on(port)
    assert (findings.found, port.written) == ((), [])


def test_a_bms_that_another_program_asks_is_left_alone() -> None:
    line = recording("jbd-sp04s034.txt").splitlines()[0].replace(b">>>", b"").replace(b"<<<", b"").replace(b":", b"")
    port = Port((9_600, Chatter(bytes.fromhex(line.decode("ascii")))))
    findings = found_on(port)
    assert (told(findings), port.written) == ([("jbd", 9_600, 1)], [])


def test_a_talker_that_nobody_understands_is_explained_and_left_alone() -> None:
    port = Port((4_800, Chatter(bytes(range(120)))))
    findings = found_on(port)
    assert (findings.found, port.written) == ((), [])
    assert "none of it is understood" in findings.remarks[0]
    assert "A and B exchanged" in findings.remarks[0]


def test_a_few_bytes_of_an_open_line_do_not_stop_the_asking() -> None:
    port = Port((9_600, ready(JbdBms())), (9_600, Chatter(b"\x00")))
    assert NOISE_BYTES > 4
    assert told(found_on(port)) == [("jbd", 9_600, 1)]


def test_silence_is_explained() -> None:
    findings = found_on(Port())
    assert findings.found == ()
    assert "silence: check the device's power" in findings.remarks[0]


def test_a_device_that_answers_nonsense_is_explained() -> None:
    findings = found_on(Port((9_600, Garbler())))
    assert findings.found == ()
    assert "something answered, but nothing sound" in findings.remarks[0]


def test_a_line_that_echoes_finds_no_devices_in_its_own_questions() -> None:
    findings = found_on(Port(echo=True))
    assert findings.found == ()
    assert "gives back what is written" in findings.remarks[0]
    assert told(found_on(Port((9_600, ready(DalyBms())), echo=True))) == [("daly", 9_600, 1)]


def test_every_question_reads() -> None:
    """Spelled out by protocol: what is not one of these forms may never be written."""
    port = Port()
    found_on(port)
    assert {raw for _, raw in port.written} == {probe.request for probe in PROBES}
    for baud, raw in port.written:
        if raw[0] == 0xDD:
            assert (baud, raw[1], raw[3]) == (9_600, 0xA5, 0)
        elif raw[0] == 0xA5:
            assert (baud, raw[2]) == (9_600, 0x90)
        elif raw[0] == ord("$"):
            assert (baud, raw[:9]) == (115_200, b"$0,HELLO?")
        else:
            assert raw[0] in (1, 2, 3)
            assert raw[1] in (3, 4)
            assert len(raw) == 8
            assert crc16(raw[:-2]).to_bytes(2, "little") == raw[-2:]


def test_every_finding_names_a_driver_that_exists_and_a_configuration_that_loads() -> None:
    for driver, baud, make, _ in SINGLE:
        port, stdout = Port((baud, ready(make()))), io.StringIO()
        assert run([PORT], stdout, port.line, port) == FOUND
        assert driver in DRIVERS
        block = "\n".join(line[4:] for line in stdout.getvalue().splitlines() if line.startswith("    "))
        (device,) = parse(MINIMAL[: MINIMAL.index("[[device]]")] + block).devices
        assert (device.driver, device.baud, device.port) == (driver, baud, PORT)


def test_the_address_is_in_the_configuration_where_it_is_not_the_usual_one() -> None:
    port, stdout = Port((9_600, ready(SrneRover(1, 3)))), io.StringIO()
    run([PORT], stdout, port.line, port)
    assert "    address = 3\n" in stdout.getvalue()


def test_it_takes_less_than_half_a_minute_and_says_so_with_its_exit_code() -> None:
    port, stdout = Port(), io.StringIO()
    assert run([PORT], stdout, port.line, port) == NOTHING_FOUND
    assert port.now_ms < 30_000
    assert stdout.getvalue().startswith(f"{PORT}: no device recognised\n")


def test_a_port_that_cannot_be_opened_is_said_and_the_others_are_looked_at(tmp_path: Path) -> None:
    class Gone(Port):
        def open(self) -> None:
            if self.opened == 0:
                self.opened += 1
                raise LineError("the port is in use")
            super().open()

    port, stdout = Gone((9_600, ready(DalyBms()))), io.StringIO()
    assert run([PORT, PORT], stdout, port.line, port) == NOT_OPENED
    assert "the port is in use; is the agent stopped?" in stdout.getvalue()
    assert "daly at 9600 baud" in stdout.getvalue()
    real = io.StringIO()
    assert run([str(tmp_path / "no-port")], real) == NOT_OPENED
    assert "ls -l /dev/serial/by-id" in real.getvalue()
