"""JBD/LLT battery management on its UART: what its registers mean. Knows no framing and no clock.

Wiring, settings, what is read and what is not: docs/devices/jbd.md.
"""

from __future__ import annotations

import struct

from edge_agent.drivers.asked import AskedDevice, Field, Impossible, unpacked
from edge_agent.drivers.base import in_units, serial_of
from edge_agent.transports.base import Transport
from edge_agent.transports.hex_text import HexText
from edge_agent.transports.jbd_frames import OK, JbdParser, JbdReply, read_request

STATE, CELLS, NAME, PROTECTIONS = 0x03, 0x04, 0x05, 0xAA

# Register 03: 0.01 V, 0.01 A (+ charging), 0.01 Ah, counts, bits, %.
STATE_FIELDS: tuple[Field, ...] = (
    (0, ">H", "battery_voltage_v", 1),
    (2, ">h", "battery_current_a", 1),
    (4, ">H", "battery_remaining_ah", 1),
    (6, ">H", "battery_capacity_ah", 1),
    (8, ">H", "battery_cycles_total", 1),
    (16, ">H", "bms_protection", 1),
    (19, ">B", "soc_percent", 10),
    (20, ">B", "bms_switches", 1),
)
_PRODUCED, _VERSION, _CELL_COUNT, _SENSORS, _TEMPERATURES = 10, 18, 21, 22, 23
_ZERO_C = 2731
"""In 0.1 K."""
CELLS_MAX = 32

# Register AA, in this order; the twelfth number has no name in any text.
COUNTERS = (
    "short_circuit",
    "charge_overcurrent",
    "discharge_overcurrent",
    "cell_overvoltage",
    "cell_undervoltage",
    "charge_overtemperature",
    "charge_undertemperature",
    "discharge_overtemperature",
    "discharge_undertemperature",
    "pack_overvoltage",
    "pack_undervoltage",
)


class Jbd(AskedDevice[JbdReply]):
    """One BMS. Asked for four registers in each round; nothing is ever written to it."""

    driver_name = "jbd"
    metrics = (
        "battery_voltage_v",
        "battery_current_a",
        "soc_percent",
        "battery_temperature_c",
        "battery_remaining_ah",
        "battery_capacity_ah",
        "battery_cycles_total",
        "cell_voltage_min_v",
        "cell_voltage_max_v",
        "bms_protection",
        "bms_switches",
        "bms_protections_total",
    )

    def __init__(self, device: str, line: Transport) -> None:
        super().__init__(device, line, JbdParser(), (STATE, CELLS, PROTECTIONS, NAME))
        self._name = self._made = ""

    def opened(self, now_ms: int) -> None:
        super().opened(now_ms)
        self._name = self._made = ""

    def _answer(self, reply: JbdReply) -> tuple[int, bytes]:
        return reply.register, reply.content if reply.status == OK else b""

    def _request(self, question: int) -> bytes:
        return read_request(question)

    def _said(self, question: int, content: bytes) -> dict[str, int]:
        if question == STATE:
            said = state(content)
            self._made = produced(content).replace("-", "")
            return said
        if question == CELLS:
            volts = cells(content)
            return {"cell_voltage_min_v": min(volts), "cell_voltage_max_v": max(volts)}
        if question == PROTECTIONS:
            return {"bms_protections_total": sum(protections(content).values())}
        self._name = name(content)
        return {}

    def _serial(self) -> str:
        """Its serial number needs a mode that changes settings: day of manufacture and model stand in for it."""
        return serial_of(f"{self._made[2:]}-{self._name}") if self._made and self._name else ""


def state(content: bytes) -> dict[str, int]:
    """Register 03. The temperature is the highest of all sensors; SOC is what the BMS says, never computed."""
    if len(content) < _TEMPERATURES:
        raise Impossible(f"register 03 has at least {_TEMPERATURES} bytes, not {len(content)}")
    said = unpacked(STATE_FIELDS, content)
    sensors = temperatures(content)
    return said | ({"battery_temperature_c": max(sensors)} if sensors else {})


def temperatures(content: bytes) -> list[int]:
    """0.1 °C; some BMS send fewer than they announce, and newer ones send other things behind them."""
    there = min(content[_SENSORS], (len(content) - _TEMPERATURES) // 2)
    return [raw - _ZERO_C for raw in struct.unpack_from(f">{there}H", content, _TEMPERATURES)]


def produced(content: bytes) -> str:
    """Day of manufacture."""
    (packed,) = struct.unpack_from(">H", content, _PRODUCED)
    return f"{2000 + (packed >> 9)}-{packed >> 5 & 15:02}-{packed & 31:02}"


def cells(content: bytes) -> tuple[int, ...]:
    """Register 04: mV of each cell."""
    if not content or len(content) % 2 or len(content) > CELLS_MAX * 2:
        raise Impossible(f"register 04 has 2 bytes for each of 1 to {CELLS_MAX} cells, not {len(content)}")
    return struct.unpack(f">{len(content) // 2}H", content)


def name(content: bytes) -> str:
    """Register 05; some boards put the length first."""
    if content[:1] and content[0] == len(content) - 1:
        content = content[1:]
    return content.decode("ascii", "replace")


def protections(content: bytes) -> dict[str, int]:
    """Register AA: how often each protection has acted."""
    if len(content) < 2 * len(COUNTERS):
        raise Impossible(f"register AA has {len(COUNTERS)} counters, not {len(content) // 2}")
    return dict(zip(COUNTERS, struct.unpack_from(f">{len(COUNTERS)}H", content), strict=True))


class JbdDecoder:
    """Recorded bytes, or a capture kept as hexadecimal text, to rows: one for each reply."""

    def __init__(self) -> None:
        self.good = self.bad = self.hex = 0
        self._text = HexText()
        self._parser = JbdParser()
        self._refused = 0

    def feed(self, raw: bytes) -> list[dict[str, object]]:
        rows = []
        for reply in self._parser.feed(self._text.feed(raw)):
            row: dict[str, object] = {"register": f"{reply.register:02X}"}
            try:
                rows.append(row | ({"refused": True} if reply.status != OK else _row(reply.register, reply.content)))
            except Impossible:
                self._refused += 1
        self.good, self.bad = self._parser.good - self._refused, self._parser.bad + self._refused
        return rows


def _row(register: int, content: bytes) -> dict[str, object]:
    if register == STATE:
        return in_units(state(content)) | {
            "temperatures_c": [tenths / 10 for tenths in temperatures(content)],
            "cells": content[_CELL_COUNT],
            "produced": produced(content),
            "version": f"{content[_VERSION] >> 4}.{content[_VERSION] & 15}",
        }
    if register == CELLS:
        return {"cells_v": [millivolts / 1000 for millivolts in cells(content)]}
    if register == PROTECTIONS:
        return dict(protections(content)) | {"others": content[2 * len(COUNTERS) :].hex()}
    return {"name": name(content)} if register == NAME else {"content": content.hex()}
