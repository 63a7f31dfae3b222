"""Daly battery management on its UART: what its commands answer. Knows no framing and no clock.

Wiring, settings, what is read and what is not: docs/devices/daly.md.
"""

from __future__ import annotations

import struct

from edge_agent.drivers.asked import AskedDevice, Field, Impossible, unpacked
from edge_agent.drivers.base import in_units
from edge_agent.transports.base import Transport
from edge_agent.transports.daly_frames import DalyParser, DalyReply, read_request
from edge_agent.transports.hex_text import HexText
from kiosk.errors import ConfigError

PACK, EXTREMES, SWITCHES, COUNTS, CELLS, TEMPERATURES = 0x90, 0x91, 0x93, 0x94, 0x95, 0x96

# By command. 0.1 V, 0.1 %; mV; counts.
FIELDS: dict[int, tuple[Field, ...]] = {
    PACK: ((0, ">H", "battery_voltage_v", 10), (6, ">H", "soc_percent", 1)),
    EXTREMES: ((0, ">H", "cell_voltage_max_v", 1), (3, ">H", "cell_voltage_min_v", 1)),
    SWITCHES: (),
    COUNTS: ((5, ">H", "battery_cycles_total", 1),),
}
_CURRENT_AT, _CURRENT_ZERO = 4, 30_000
_REMAINING_AT = 4
_ZERO_C = 40
_SENSORS_A_FRAME = 7

CHARGING, DISCHARGING = SIGNS = ("charging", "discharging")
"""What a raw current above 30,000 means. Readers of this protocol disagree: it is to be checked at each site."""
_STATES = ("idle", CHARGING, DISCHARGING)
"""First byte of SWITCHES."""
_FLOWS_DA = 10
"""1 A: below it, the BMS's word for the direction is not asked for."""


class Daly(AskedDevice[DalyReply]):
    """One BMS. Asked for five things in each round; none of the questions changes anything."""

    driver_name = "daly"
    metrics = (
        "battery_voltage_v",
        "battery_current_a",
        "soc_percent",
        "battery_temperature_c",
        "battery_remaining_ah",
        "battery_cycles_total",
        "cell_voltage_min_v",
        "cell_voltage_max_v",
        "bms_switches",
    )

    def __init__(self, device: str, line: Transport, positive_current: str = DISCHARGING) -> None:
        """Raises ConfigError for a sign that is none of SIGNS."""
        if positive_current not in SIGNS:
            raise ConfigError(f"positive_current is {' or '.join(SIGNS)}, not {positive_current[:20]!r}")
        super().__init__(device, line, DalyParser(), (PACK, EXTREMES, SWITCHES, COUNTS, TEMPERATURES))
        self._positive = positive_current
        self._sensors = 0
        self._current_da = 0
        self._conflicts = 0
        """Answers in which the BMS calls the direction otherwise than the configured sign does."""

    def counters(self) -> dict[str, int]:
        return super().counters() | {"sign_conflicts": self._conflicts}

    def _answer(self, reply: DalyReply) -> tuple[int, bytes]:
        return reply.command, reply.content

    def _request(self, question: int) -> bytes:
        return read_request(question)

    def _said(self, question: int, content: bytes) -> dict[str, int]:
        if question == TEMPERATURES:
            sensors = temperatures(content, self._sensors)
            return {"battery_temperature_c": max(sensors) * 10} if sensors else {}
        if question == COUNTS:
            self._sensors = content[1]
        said = values(question, content, self._positive)
        if question == PACK:
            self._current_da = said["battery_current_a"] // 10
        if question == SWITCHES and abs(self._current_da) >= _FLOWS_DA:
            flow = CHARGING if self._current_da > 0 else DISCHARGING
            self._conflicts += content[0] in (1, 2) and _STATES[content[0]] != flow
        return said


def values(command: int, content: bytes, positive_current: str) -> dict[str, int]:
    """Metric -> integer in its resolution, of one answer."""
    said = unpacked(FIELDS.get(command, ()), content)
    if command == PACK:
        (raw,) = struct.unpack_from(">H", content, _CURRENT_AT)
        said["battery_current_a"] = (raw - _CURRENT_ZERO) * (10 if positive_current == CHARGING else -10)
    elif command == SWITCHES:
        said["bms_switches"] = (content[1] & 1) | (content[2] & 1) << 1
        said["battery_remaining_ah"] = struct.unpack_from(">I", content, _REMAINING_AT)[0] // 10
    return said


def temperatures(content: bytes, sensors: int) -> list[int]:
    """°C of the first frame's sensors; more than seven of them need a second frame, which is not read."""
    if content[0] > 1:
        raise Impossible(f"frame {content[0]} came instead of the first one")
    return [raw - _ZERO_C for raw in content[1 : 1 + min(sensors, _SENSORS_A_FRAME)]]


class DalyDecoder:
    """Recorded bytes, or a capture kept as hexadecimal text, to rows: one for each reply, under the default sign."""

    def __init__(self) -> None:
        self.good = self.bad = self.hex = 0
        self._text = HexText()
        self._parser = DalyParser()

    def feed(self, raw: bytes) -> list[dict[str, object]]:
        rows = [_row(reply.command, reply.content) for reply in self._parser.feed(self._text.feed(raw))]
        self.good, self.bad = self._parser.good, self._parser.bad
        return rows


def _row(command: int, content: bytes) -> dict[str, object]:
    row: dict[str, object] = {"command": f"{command:02X}"} | in_units(values(command, content, DISCHARGING))
    if command == PACK:
        row["current_raw"] = struct.unpack_from(">H", content, _CURRENT_AT)[0]
    elif command == SWITCHES:
        row["state"] = _STATES[content[0]] if content[0] < len(_STATES) else content[0]
    elif command == COUNTS:
        row |= {"cells": content[0], "sensors": content[1]}
    elif command == CELLS:
        cells = struct.unpack_from(">3H", content, 1)
        row |= {"frame": content[0], "cells_v": [millivolts / 1000 for millivolts in cells]}
    elif command == TEMPERATURES:
        row |= {"frame": content[0], "temperatures_c": [raw - _ZERO_C for raw in content[1:]]}
    elif command not in FIELDS:
        row["content"] = content.hex()
    return row
