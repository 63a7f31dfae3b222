"""Victron solar chargers on VE.Direct: the newest block as a reading. Knows no framing and no clock.

Wiring, settings, what is read and what is not: docs/devices/victron-vedirect.md.
"""

from __future__ import annotations

from edge_agent.drivers.base import WithoutEvents, in_units, serial_of
from edge_agent.drivers.victron_fields import FIELDS, INFINITE, MISSING, STATES, FieldTable, product, values
from edge_agent.drivers.victron_history import METRICS as HISTORY_METRICS
from edge_agent.drivers.victron_history import DayHistory
from edge_agent.transports.base import Transport
from edge_agent.transports.vedirect import HexMessage, TextBlock, VeDirectParser
from kiosk.reading import Reading

STALE_MS = 10_000


class VictronVeDirect(WithoutEvents):
    """One charger. It sends a block a second by itself; only its day history is asked for, if the site wants it."""

    driver_name = "victron-vedirect"
    metrics: tuple[str, ...] = (
        "battery_voltage_v",
        "battery_current_a",
        "pv_voltage_v",
        "pv_power_w",
        "load_current_a",
        "load_on",
        "charger_state",
        "mppt_mode",
        "charger_error",
        "charger_off_reason",
        "pv_energy_total_wh",
        "pv_energy_day_wh",
    )
    stale_ms = STALE_MS

    def __init__(self, device: str, line: Transport, history_days: int = 0) -> None:
        """`history_days`: the most past days to fill after an absence, 0 to 30; 0 leaves the device's RX alone."""
        self._device = device
        self._line = line
        self._parser = VeDirectParser()
        self._history = DayHistory(history_days)
        if history_days:
            self.metrics += HISTORY_METRICS
        self._asks = bool(history_days)
        self._bytes = 0
        self._block: dict[str, str] | None = None
        """The newest block that says anything of a charger, until `_reading` is made of it."""
        self._block_ms = 0
        self._reading: Reading | None = None

    def opened(self, now_ms: int) -> None:  # noqa: ARG002 - the device is not greeted
        self._parser.reset()
        self._history.reset()
        self._block = self._reading = None

    def read(self, now_ms: int) -> Reading | None:
        raw = self._line.read()
        self._bytes += len(raw)
        bad = self._parser.bad
        for found in self._parser.feed_at(raw, now_ms):
            # A battery monitor sends its history in a second block: the first one, with V, is the reading.
            if isinstance(found, TextBlock) and "V" in found.fields:
                self._block, self._block_ms = found.fields, now_ms
            elif isinstance(found, HexMessage) and self._asks:
                self._ask(self._history.after_message(found, now_ms))
        if self._parser.bad > bad:
            self._history.text_is_bad()
        if self._block is not None:
            self._reading = self._reading_of(self._block, now_ms)
            self._block = None
        if self._reading is None or now_ms - self._block_ms > STALE_MS:
            return None
        return self._reading

    def counters(self) -> dict[str, int]:
        parser = self._parser
        return {
            "bytes": self._bytes,
            "good": parser.good,
            "bad": parser.bad,
            "hex": parser.hex,
            "hex_bad": parser.hex_bad,
        } | (self._history.counts if self._asks else {})

    def _ask(self, request: bytes) -> None:
        if request:
            self._line.write(request)

    def _reading_of(self, fields: dict[str, str], now_ms: int) -> Reading:
        said = values(fields)
        if self._asks:
            self._ask(self._history.after_block(now_ms, said.get("pv_power_w", 0) > 0))
            said |= self._history.told(now_ms)
        kept = {metric: said[metric] for metric in self.metrics if metric in said}
        return Reading(self._device, kept, serial_of(fields.get("SER#", "")))


class VictronDecoder:
    """Recorded bytes to rows: every metric of the table in its unit, and every other label as it was sent."""

    def __init__(self, table: FieldTable = FIELDS) -> None:
        self._table = table
        self._parser = VeDirectParser()
        self.good = self.bad = self.hex = 0

    def feed(self, raw: bytes) -> list[dict[str, object]]:
        found = self._parser.feed(raw)
        self.good, self.bad, self.hex = self._parser.good, self._parser.bad, self._parser.hex
        return [_row(each.fields, self._table) for each in found if isinstance(each, TextBlock)]


def _row(fields: dict[str, str], table: FieldTable) -> dict[str, object]:
    said = values(fields, table)
    spoken = in_units(said)
    row: dict[str, object] = {"product": product(fields["PID"])} if "PID" in fields else {}
    for label, text in fields.items():
        metric = table[label][0] if label in table else None
        if metric is not None and metric in said:
            row[metric] = spoken.pop(metric)
        elif metric is not None and text in (MISSING, INFINITE.get(label)):
            row[metric] = None
        else:
            row[label] = text
    state = STATES.get(said.get("charger_state", -1))
    if state is not None:
        row["charger_state_is"] = state
    return row | spoken
