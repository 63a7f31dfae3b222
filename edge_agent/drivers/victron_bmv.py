"""Victron battery monitors (BMV, SmartShunt) on VE.Direct: main and history block as one reading. Knows no framing.

Wiring, settings, what is read and what is not: docs/devices/victron-bmv.md.
"""

from __future__ import annotations

from edge_agent.drivers.base import WithoutEvents, serial_of
from edge_agent.drivers.victron_fields import values
from edge_agent.drivers.victron_vedirect import VictronDecoder
from edge_agent.transports.base import Transport
from edge_agent.transports.vedirect import GAP_MS, TextBlock, VeDirectParser
from kiosk.reading import Reading

STALE_MS = 10_000

# label: (metric, multiplier, divisor), as in victron_fields.py. What was taken out of the battery is negative on the
# line and counts upwards here.
FIELDS: dict[str, tuple[str, int, int]] = {
    "V": ("battery_voltage_v", 1, 10),  # mV
    "I": ("battery_current_a", 1, 10),  # mA, positive while charging
    "P": ("battery_power_w", 10, 1),  # W, the same sign
    "T": ("battery_temperature_c", 10, 1),  # °C
    "SOC": ("soc_percent", 1, 1),  # per mille
    "CE": ("battery_consumed_ah", -1, 100),  # mAh, negative
    "TTG": ("battery_time_to_go_s", 60, 1),  # minutes
    "AR": ("battery_alarm", 1, 1),  # bits
    "H1": ("battery_deepest_discharge_ah", -1, 100),  # mAh, negative
    "H2": ("battery_last_discharge_ah", -1, 100),
    "H3": ("battery_average_discharge_ah", -1, 100),
    "H4": ("battery_cycles_total", 1, 1),
    "H5": ("battery_full_discharges_total", 1, 1),
    "H6": ("battery_drawn_total_ah", -1, 1000),  # mAh, negative
    "H7": ("battery_voltage_min_v", 1, 10),  # mV
    "H8": ("battery_voltage_max_v", 1, 10),
    "H9": ("battery_since_full_s", 1, 1),
    "H17": ("battery_discharged_total_wh", 10, 1),  # 0.01 kWh
    "H18": ("battery_charged_total_wh", 10, 1),
}

_NOT_IN_ROWS = ("battery_power_w",)
"""Voltage x current, in whole watts: rows have both, and finer."""


class VictronBmv(WithoutEvents):
    """One monitor. It sends two blocks a second by itself; nothing is ever asked of it."""

    driver_name = "victron-bmv"
    metrics = tuple(metric for metric, _, _ in FIELDS.values() if metric not in _NOT_IN_ROWS)
    stale_ms = STALE_MS

    def __init__(self, device: str, line: Transport) -> None:
        self._device = device
        self._line = line
        self._parser = VeDirectParser()
        self._bytes = 0
        self._halves = 0
        """Sets of which only the main block was right."""
        self._main: dict[str, str] | None = None
        """A main block whose history has not come yet."""
        self._main_ms = 0
        self._reading: Reading | None = None
        self._reading_ms = 0

    def opened(self, now_ms: int) -> None:  # noqa: ARG002 - nothing is said to this device
        self._parser.reset()
        self._main = self._reading = None

    def read(self, now_ms: int) -> Reading | None:
        raw = self._line.read()
        self._bytes += len(raw)
        for found in self._parser.feed_at(raw, now_ms):
            if isinstance(found, TextBlock):
                self._take(found.fields, now_ms)
        if self._main is not None and now_ms - self._main_ms > GAP_MS:
            self._finish({})  # its history was spoilt, or this product sends none
        if self._reading is None or now_ms - self._reading_ms > STALE_MS:
            return None
        return self._reading

    def counters(self) -> dict[str, int]:
        parser = self._parser
        return {"bytes": self._bytes, "good": parser.good, "bad": parser.bad, "hex": parser.hex, "halves": self._halves}

    def _take(self, fields: dict[str, str], now_ms: int) -> None:
        """A set is a main block and the history block right behind it: values of two sets are never mixed."""
        if "V" in fields:
            if self._main is not None:
                self._finish({})
            self._main, self._main_ms = fields, now_ms
        elif self._main is not None:
            self._finish(fields)

    def _finish(self, history: dict[str, str]) -> None:
        main, self._main = self._main or {}, None
        self._halves += not history
        said = values(main | history, FIELDS)
        kept = {metric: said[metric] for metric in self.metrics if metric in said}
        self._reading, self._reading_ms = Reading(self._device, kept, serial_of(main.get("SER#", ""))), self._main_ms


class BmvDecoder(VictronDecoder):
    """Recorded bytes to rows, one for each block."""

    def __init__(self) -> None:
        super().__init__(FIELDS)
