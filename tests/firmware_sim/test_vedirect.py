"""The charge controller's text and HEX sides against the vendor's rules."""

import os
import struct
from pathlib import Path

import pytest

from firmware_sim.devices.mppt_history import Sense
from firmware_sim.devices.vedirect_hex import HexCutter, build_message
from firmware_sim.devices.vedirect_text import build_block
from firmware_sim.devices.victron_mppt import TEXT_PAUSE_MS, VictronMppt

NOON = Sense(13_456, -1_234, 17_891, 98_765, 2_345, 31_000, load_on=True, stage=3, limited=False)
NIGHT = Sense(12_500, -300, 10, 0, 300, 4_000, load_on=True, stage=0, limited=False)
HOUR_MS = 3_600_000
LABELS = [
    *("PID", "FW", "SER#", "V", "I", "VPV", "PPV", "CS", "MPPT", "OR", "ERR", "LOAD", "IL"),
    *("H19", "H20", "H21", "H22", "H23", "HSDS"),
]


@pytest.fixture
def mppt():
    return VictronMppt("HQ2137TEST1", seed=1, current_limit_a=15)


def hold(mppt, sense, hours):
    """Prints of so many hours in steps of a minute."""
    return b"".join(mppt.run(60_000, sense) for _ in range(int(hours * 60)))


def test_known_block_has_the_checksum_byte_of_a_hand_count():
    # CR LF V TAB 1 CR LF Checksum TAB add up to 1018, that is 250 modulo 256, so 6 is missing.
    text = b"\r\nV\t1\r\nChecksum\t"
    assert sum(text) % 256 == 250
    assert build_block([("V", "1")]) == text + bytes((6,))


def test_block_sums_to_zero_and_begins_with_cr_lf(mppt):
    block = mppt.run(1000, NIGHT)
    assert block.startswith(b"\r\nPID\t0xA05F\r\n")
    assert sum(block) % 256 == 0
    assert block[-10:-1] == b"Checksum\t"


def test_labels_come_in_order_and_values_in_the_vendors_steps(mppt, reader):
    mppt.run(1000, NOON)
    (block,) = reader.vedirect_blocks(mppt.run(1000, NOON))
    assert list(block) == LABELS
    assert (block["V"], block["I"], block["VPV"], block["PPV"]) == ("13450", "-1200", "17890", "99")
    assert (block["CS"], block["MPPT"], block["LOAD"], block["IL"]) == ("3", "2", "ON", "2300")


def test_lifetime_yield_counts_in_ten_watt_hours(mppt, reader):
    hold(mppt, NOON, 1)  # 98.765 Wh
    blocks = list(reader.vedirect_blocks(hold(mppt, NOON, 1)))
    assert blocks[0]["H19"] == "10"  # 61 minutes are 100.4 Wh
    assert blocks[-1]["H19"] == "19"


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (b":154\n", b":56141AE\n"),  # ping: the form of ":51641F9", for firmware 1.61
        (b":7F0ED0071\n", b":7F0ED009600DB\n"),  # battery maximum current 15.0 A, the vendor's own example
        (b":70102004B\n", b":7010200004B\n"),  # device state: off
        (b":7F0ED0072\n", b":4AAAAFD\n"),  # wrong checksum: frame error
    ],
)
def test_known_hex_requests_meet_known_answers(mppt, request_, answer):
    assert mppt.receive(request_) == answer


def test_unknown_register_is_answered_with_its_flag(mppt):
    payload = struct.pack("<HB", 0x9999, 0)
    answer = mppt.receive(build_message(7, payload))
    assert answer == build_message(7, struct.pack("<HB", 0x9999, 1))


def test_request_survives_noise_around_it(mppt):
    assert mppt.receive(b"\x00:7F0E\xff garbage :7F0ED0071\r\n") == b":7F0ED009600DB\n"


def test_valid_request_silences_the_text_for_a_while(mppt):
    mppt.receive(b":154\n")
    silent = b"".join(mppt.run(1000, NIGHT) for _ in range(TEXT_PAUSE_MS // 1000 - 1))
    assert silent == b""
    assert mppt.run(1000, NIGHT).endswith(build_block(mppt.fields())[-10:])


def test_invalid_request_does_not_silence_the_text(mppt):
    mppt.receive(b":7F0ED0072\n")
    assert mppt.run(1000, NIGHT) != b""


def test_spontaneous_messages_cut_into_blocks_and_stay_outside_the_sum(reader):
    inside = 0
    for seed in range(20):
        mppt = VictronMppt("HQ2137TEST1", seed)
        mppt.run(1000, NIGHT)
        printed = mppt.run(1000, NOON)  # the change of state is announced
        (message,) = reader.hex_messages(printed)
        assert message.startswith(b"A010200")
        assert int(message[:1], 16) + sum(bytes.fromhex(message[1:].decode())) & 0xFF == 0x55
        assert len(list(reader.vedirect_blocks(printed))) == 1
        inside += 0 < printed.index(b":A") < len(printed) - 20
    assert inside > 10  # most cut inside, not between two blocks


def test_history_day_carries_the_energy_of_its_day_in_the_vendors_layout(mppt):
    hold(mppt, NOON, 8)
    hold(mppt, NIGHT, 7)  # beyond the learned midnight: the day is closed
    answer = mppt.receive(build_message(7, struct.pack("<HB", 0x1051, 0)))
    payload = bytes.fromhex(answer[1:-1].decode()[1:])[3:-1]
    assert len(payload) == 34
    assert struct.unpack_from("<I", payload, 1)[0] == 79  # 98.765 W x 8 h in 0.01 kWh
    assert struct.unpack_from("<H", payload, 9)[0] == 1345
    assert struct.unpack_from("<H", payload, 18)[0] == 480  # minutes in bulk
    assert struct.unpack_from("<I", payload, 24)[0] == 98
    assert struct.unpack_from("<H", payload, 32)[0] == 0  # day sequence number


def test_history_total_keeps_the_system_yield_when_the_user_clears(mppt):
    hold(mppt, NOON, 8)
    mppt.history.clear()
    answer = mppt.receive(build_message(7, struct.pack("<HB", 0x104F, 0)))
    payload = bytes.fromhex(answer[1:-1].decode()[1:])[3:-1]
    assert struct.unpack_from("<II", payload, 6) == (0, 79)
    assert dict(mppt.fields())["H19"] == "0"


def test_day_rolls_over_half_way_through_the_learned_night(mppt):
    hold(mppt, NOON, 12)
    hold(mppt, NIGHT, 10)  # the first night: twelve hours are assumed, ten are learned
    assert dict(mppt.fields())["HSDS"] == "1"
    hold(mppt, NOON, 14)
    hold(mppt, NIGHT, 4.9)
    assert dict(mppt.fields())["HSDS"] == "1"
    hold(mppt, NIGHT, 0.2)
    fields = dict(mppt.fields())
    assert (fields["HSDS"], fields["H20"], fields["H22"]) == ("2", "0", "138")


def test_unplugged_panel_at_noon_begins_no_new_day(mppt):
    hold(mppt, NOON, 5)
    hold(mppt, NIGHT, 3)
    hold(mppt, NOON, 1)
    assert dict(mppt.fields())["HSDS"] == "0"


def test_stuck_day_counter_stands_still_while_the_lifetime_counter_runs(mppt):
    hold(mppt, NOON, 2)
    mppt.history.stuck = True
    hold(mppt, NOON, 10)
    hold(mppt, NIGHT, 8)
    fields = dict(mppt.fields())
    assert (fields["H20"], fields["HSDS"], fields["H19"]) == ("19", "0", "118")


def test_a_real_controllers_spontaneous_messages_pass_the_same_rules(reader):
    default = Path(__file__).resolve().parents[3] / "shared" / "recordings"
    recording = Path(os.environ.get("RECORDINGS", default)) / "vedirect-smartsolar-100-20.dump"
    if not recording.exists():
        pytest.skip("no recordings: set RECORDINGS to their folder")
    stream = recording.read_bytes()
    real = HexCutter().feed(b"".join(b":%b\n" % message for message in reader.hex_messages(stream)))
    assert [message.valid for message in real] == [True, True]
    mppt = VictronMppt("HQ2137TEST1", 1)
    hold(mppt, NOON, 1)
    ours = HexCutter().feed(hold(mppt, NOON, 0.1) + mppt.receive(build_message(7, struct.pack("<HB", 0x1050, 0))))
    assert {len(message.payload) for message in real} == {len(ours[-1].payload)}
