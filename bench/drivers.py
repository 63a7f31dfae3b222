"""What it costs to understand a device: processor time of a stream, beside the time its line takes to carry it."""

from __future__ import annotations

import random
import struct
import time

from bench.results import Figure, at_most, keep
from edge_agent.drivers import BAUD, DECODERS, MODBUS, profile_of
from edge_agent.drivers.base import Decoder
from edge_agent.drivers.modbus_decoder import ModbusDecoder
from edge_agent.drivers.modbus_profile import Profile
from edge_agent.drivers.modbus_registers import SAMPLE
from edge_agent.transports.board_line import frame_bytes
from firmware_sim.devices.vedirect_text import build_block
from tests.edge_agent.modbus_crc import words_reply
from tests.edge_agent.transports.test_bms_frames import daly, jbd

GOAL_PERCENT = 2.0
ROUNDS = 200
BITS_A_BYTE = 10


def main() -> None:
    """Print and keep the share of one core for each driver."""
    figures = []
    for name in MODBUS:
        profile = profile_of(name, str(SAMPLE) if name == "modbus-registers" else "")
        figures.append(_figure(name, ModbusDecoder(profile), _rounds(profile), profile.baud))
    for name, stream in _streams().items():
        figures.append(_figure(name, DECODERS[name](), stream * ROUNDS, BAUD[name]))
    for figure in figures:
        print(f"{figure.name}: {figure.value} {figure.unit} (goal {figure.goal})")
    keep(figures)


def _figure(name: str, decoder: Decoder, stream: bytes, baud: int) -> Figure:
    began = time.process_time()
    decoder.feed(stream)
    spent_s = time.process_time() - began
    if not decoder.good:
        raise AssertionError(f"{name} understood nothing of its own stream: this measures nothing")
    line_s = len(stream) * BITS_A_BYTE / baud
    return at_most(f"{name} at line speed", 100 * spent_s / line_s, "% of a core", GOAL_PERCENT)


def _rounds(profile: Profile) -> bytes:
    chance = random.Random(1)
    asked = (
        block.request(1).raw + words_reply(1, block.function, *(chance.randrange(65_536) for _ in range(block.count)))
        for block in profile.blocks
    )
    return b"".join(asked) * ROUNDS


def _streams() -> dict[str, bytes]:
    """A few seconds of each line that is no bus, as its device fills it."""
    main = ("PID", "V", "T", "I", "P", "CE", "SOC", "TTG", "Alarm", "AR", "BMV", "FW", "MON")
    history = tuple(f"H{number}" for number in range(1, 19) if number not in (13, 14))
    charger = (
        "PID",
        "FW",
        "SER#",
        "V",
        "I",
        "VPV",
        "PPV",
        "CS",
        "MPPT",
        "OR",
        "ERR",
        "LOAD",
        "IL",
        "H19",
        "H20",
        "HSDS",
    )
    state = struct.pack(
        ">HhHHHHHHHBBBBB3H", 1324, 250, 9000, 10_000, 12, 0x2C7C, 0, 0, 0, 33, 90, 3, 4, 3, 2981, 2982, 2983
    )
    answers = (
        (0x90, "0084000075170320"),
        (0x91, "0CF8010CE4030000"),
        (0x93, "0101012A00013880"),
        (0x94, "0402000000007100"),
    )
    frames = (
        ("METER", ("9f3c21d07a5be846", 184_203, 5_250, "2c", 9_128, 3, 2, 0)),
        ("PRESS", ("9f3c21d07a5be846", 1, "B", 90)),
    )
    return {
        "charging-board": b"".join(frame_bytes(number, *frame) for number, frame in enumerate(frames)) * 5,
        "daly": b"".join(daly(command, bytes.fromhex(content)) for command, content in answers) * 3,
        "jbd": jbd(3, state) + jbd(4, bytes(8)) + jbd(0xAA, bytes(24)) + jbd(5, b"JBD-SP04S034"),
        "victron-bmv": (_text(main) + _text(history)) * 3,
        "victron-vedirect": _text(charger) * 5,
    }


def _text(labels: tuple[str, ...]) -> bytes:
    return build_block([(label, "12641") for label in labels])


if __name__ == "__main__":
    main()
