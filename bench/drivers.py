"""What it costs to understand a device: processor time of a stream, beside the time its line takes to carry it."""

from __future__ import annotations

import random
import time

from bench.results import Figure, at_most, keep
from edge_agent.drivers import BAUD, DECODERS, MODBUS
from edge_agent.drivers.base import Decoder
from edge_agent.drivers.modbus_decoder import ModbusDecoder
from tests.edge_agent.modbus_crc import words_reply

GOAL_PERCENT = 2.0
ROUNDS = 200
BITS_A_BYTE = 10


def main() -> None:
    """Print and keep the share of one core for each Modbus device and for the text protocol."""
    figures = []
    for name, profile in MODBUS.items():
        if profile.blocks:
            figures.append(_figure(name, ModbusDecoder(profile), _rounds(name), profile.baud))
    text = b"\r\n".join((b"", b"PID\t0xA05F", b"V\t12800", b"I\t-10", b"VPV\t10", b"PPV\t0", b"Checksum\t"))
    block = text + bytes((-sum(text) % 256,))
    name = "victron-vedirect"
    figures.append(_figure(name, DECODERS[name](), block * ROUNDS * 5, BAUD[name]))
    for figure in figures:
        print(f"{figure.name}: {figure.value} {figure.unit} (goal {figure.goal})")
    keep(figures)


def _figure(name: str, decoder: Decoder, stream: bytes, baud: int) -> Figure:
    began = time.process_time()
    decoder.feed(stream)
    spent_s = time.process_time() - began
    line_s = len(stream) * BITS_A_BYTE / baud
    return at_most(f"{name} at line speed", 100 * spent_s / line_s, "% of a core", GOAL_PERCENT)


def _rounds(name: str) -> bytes:
    chance = random.Random(1)
    blocks = MODBUS[name].blocks
    asked = (
        block.request(1).raw + words_reply(1, block.function, *(chance.randrange(65_536) for _ in range(block.count)))
        for block in blocks
    )
    return b"".join(asked) * ROUNDS


if __name__ == "__main__":
    main()
