"""The simulated battery devices, read by bytes written here from the vendors' tables."""

import pytest

from firmware_sim.bench import FURTHER, Bench, Surroundings
from firmware_sim.devices.daly_bms import DalyBms
from firmware_sim.devices.jbd_bms import JbdBms
from firmware_sim.devices.mppt_history import Sense
from firmware_sim.devices.victron_bmv import VictronBmv
from firmware_sim.faults import BadChecksum, Silence
from firmware_sim.lines import MemoryLine
from tests.firmware_sim.test_cli import run_and_read

START_MS = 1_736_121_600_000
DAY_MS = 86_400_000
CHARGE = Sense(13_240, 2_500, 35_110, 41_000, 300, 4_000, load_on=True, stage=3, limited=False)
DRAW = Sense(12_480, -1_704, 12, 0, 1_700, 21_200, load_on=True, stage=0, limited=False)
FULL = Sense(13_900, 500, 35_000, 20_000, 300, 4_000, load_on=True, stage=5, limited=True)


def around(sense, soc=0.684, celsius=31.2):
    return Surroundings(sense, soc, celsius, 96.5, 0)


def jbd(**options):
    device = JbdBms(**options)
    device.run(1_000, around(DRAW))
    return device


def test_jbd_answers_the_state_as_the_vendors_table_has_it():
    reply = jbd().receive(bytes.fromhex("DDA50300FFFD77"))
    assert reply[:4] == bytes.fromhex("DD03001B")
    content, checksum, end = reply[4:-3], reply[-3:-1], reply[-1]
    assert end == 0x77
    assert int.from_bytes(checksum, "big") == 0x10000 - sum(reply[2:-3])
    assert int.from_bytes(content[0:2], "big") == 1248
    assert int.from_bytes(content[2:4], "big", signed=True) == -170
    assert (content[19], content[20], content[21], content[22]) == (68, 0b11, 4, 2)
    assert int.from_bytes(content[23:25], "big") == 3043


def test_jbd_cells_add_up_to_the_pack():
    reply = jbd().receive(bytes.fromhex("DDA50400FFFC77"))
    cells = [int.from_bytes(reply[at : at + 2], "big") for at in range(4, 12, 2)]
    assert sum(cells) == pytest.approx(12_480, abs=4)


def test_jbd_refuses_writes_and_does_not_answer_a_wrong_sum():
    assert jbd().receive(bytes.fromhex("DD5AE1020000FF1D77")) == bytes.fromhex("DDE18000FF8077")
    assert jbd().receive(bytes.fromhex("DDA50300FFFC77")) == b""


def test_jbd_asleep_is_woken_by_the_first_question():
    device = jbd(sleeps=True)
    device.run(120_000, around(DRAW))
    question = bytes.fromhex("DDA50400FFFC77")
    assert device.receive(question) == b""
    assert device.receive(question) != b""


def test_jbd_takes_a_question_in_pieces_and_two_at_once():
    question = bytes.fromhex("DDA50400FFFC77")
    device = jbd()
    assert device.receive(b"\x00\xdd" + question[:3]) == b""
    assert len(device.receive(question[3:] + question)) == 2 * 15


def test_jbd_counts_a_cell_that_passes_its_limit_once():
    device = jbd()
    for sense in (CHARGE, CHARGE._replace(battery_mv=14_900), CHARGE._replace(battery_mv=14_950), CHARGE):
        device.run(1_000, around(sense))
    reply = device.receive(bytes.fromhex("DDA5AA00FF5677"))
    assert [int.from_bytes(reply[at : at + 2], "big") for at in range(4, 28, 2)] == [0, 0, 0, 1, *[0] * 8]


@pytest.mark.parametrize(("above", "raw"), [(True, 30_025), (False, 29_975)])
def test_daly_current_is_offset_by_30000_with_either_sign(above, raw):
    device = DalyBms(charge_is_above_zero=above)
    device.run(1_000, around(CHARGE))
    reply = device.receive(bytes.fromhex("A54090080000000000000000 7D"))
    assert reply[:4] == bytes.fromhex("A5019008")
    assert sum(reply[:-1]) % 256 == reply[-1]
    assert [int.from_bytes(reply[at : at + 2], "big") for at in (4, 6, 8, 10)] == [132, 0, raw, 684]


def test_daly_answers_cells_three_a_frame_under_either_host():
    device = DalyBms()
    device.run(1_000, around(CHARGE))
    by_40 = device.receive(bytes.fromhex("A540950800000000000000 0082"))
    by_80 = device.receive(bytes.fromhex("A580950800000000000000 00C2"))
    assert by_40 == by_80
    assert [by_40[4], by_40[17]] == [1, 2]
    assert int.from_bytes(by_40[18:20], "big") == 3314


def test_daly_is_silent_to_a_wrong_sum_and_to_what_it_does_not_know():
    device = DalyBms()
    assert device.receive(bytes.fromhex("A54090080000000000000000 7E")) == b""
    assert device.receive(bytes.fromhex("A540D9080100000000000000 C7")) == b""


def monitor(**options):
    return VictronBmv(100.0, **options)


def fields(device, sense=DRAW):
    device.run(0, around(sense))
    return dict(device.main_fields()), dict(device.history_fields())


def test_a_monitor_counts_what_is_drawn_and_charged():
    device = monitor(synchronised=True)
    for _ in range(600):
        device.run(60_000, around(DRAW))
    main, history = fields(device)
    assert main["CE"] == "-17040"
    assert main["SOC"] == "830"
    assert main["TTG"] == str(round((50_000 - 17_040) / 1_704 * 60))
    assert history["H6"] == history["H1"] == "-17040"
    assert history["H17"] == str(int(12.48 * 17.04 / 10))
    for _ in range(600):
        device.run(60_000, around(CHARGE))
    main, history = fields(device, CHARGE)
    assert (main["CE"], main["TTG"]) == ("0", "-1")
    assert history["H18"] == str(int(13.24 * 25 / 10))


def test_a_monitor_knows_nothing_before_it_has_seen_the_battery_full():
    device = monitor()
    main, _ = fields(device)
    assert (main["CE"], main["SOC"], main["TTG"], main["T"]) == ("---", "---", "---", "---")
    for _ in range(5):
        device.run(60_000, around(FULL))
    main, history = fields(device, FULL)
    assert (main["CE"], main["SOC"], history["H10"], history["H9"]) == ("0", "1000", "1", "0")


def test_a_monitor_raises_and_clears_its_alarm():
    device = monitor()
    low, _ = fields(device, DRAW._replace(battery_mv=11_700))
    still, _ = fields(device, DRAW._replace(battery_mv=12_000))
    clear, history = fields(device, DRAW)
    assert [(each["Alarm"], each["AR"]) for each in (low, still, clear)] == [("ON", "1"), ("ON", "1"), ("OFF", "0")]
    assert (history["H11"], history["H7"]) == ("1", "11700")


def test_a_monitor_sends_two_blocks_a_second(reader):
    raw = monitor().run(1_000, around(DRAW))
    main, history = reader.vedirect_blocks(raw)
    assert (main["V"], main["PID"], history["H4"]) == ("12480", "0xA389", "0")
    assert max(len(main), len(history)) <= 22


@pytest.mark.parametrize("name", sorted(FURTHER))
def test_a_further_device_lives_a_day_beside_the_kiosk(name):
    line = MemoryLine()
    bench = Bench(FURTHER[name][0], name, line, "damane", 1, START_MS, faults=())
    bench.advance(START_MS + DAY_MS)
    assert bench.now_utc_ms == START_MS + DAY_MS
    assert bench.kiosk.truth.days


def test_faults_reach_a_further_device(reader):
    line = MemoryLine()
    faults = (
        Silence(START_MS, START_MS + 30_000, "victron-bmv"),
        BadChecksum(START_MS + 30_000, START_MS + DAY_MS, "victron-bmv"),
    )
    bench = Bench(FURTHER["victron-bmv"][0], "victron-bmv", line, "damane", 1, START_MS, faults=faults)
    bench.advance(START_MS + 20_000)
    assert line.read() == b""
    bench.advance(START_MS + 40_000)
    spoilt = line.read()
    assert spoilt
    assert list(reader.vedirect_blocks(spoilt)) != [
        dict(bench.device.main_fields()),
        dict(bench.device.history_fields()),
    ]


def test_the_command_runs_a_further_device(tmp_path, capsys):
    question = bytes.fromhex("DDA50500FFFB77")
    status, received = run_and_read(tmp_path, "jbd", "--faults", "none", rounds=10, say=question)
    assert status == 0
    assert b"JBD-SP04S028" in received
    assert "9600" in capsys.readouterr().out
