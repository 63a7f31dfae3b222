"""The catalogue of metrics: name, unit, resolution, kind, sign, plausible range. Names are a public API: never renamed.

Sign, stated once: battery current and power are positive while charging. Everything else counts upwards from 0.
A value travels as an integer: value x 10^decimals, in the unit that ends the metric's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a metric behaves in time, and so how it may be summed up."""

    GAUGE = "gauge"
    """An instant; means and extremes make sense."""
    COUNTER = "counter"
    """Only grows, but for resets and rollovers; differences make sense."""
    STATE = "state"
    """A code; only its durations make sense."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that can be measured."""

    name: str
    unit: str
    decimals: int
    kind: Kind
    low: int
    """Lowest plausible value, in the resolution."""
    high: int
    """Highest plausible value, in the resolution."""

    def plausible(self, value: int) -> bool:
        """Whether an integer in this metric's resolution can be true at all."""
        return self.low <= value <= self.high

    def real(self, value: int) -> float:
        """The value in the metric's unit."""
        return value / 10.0**self.decimals


def _gauge(name: str, unit: str, decimals: int, low: float, high: float) -> Metric:
    scale = 10**decimals
    return Metric(name, unit, decimals, Kind.GAUGE, round(low * scale), round(high * scale))


def _counter(name: str, unit: str, decimals: int = 0) -> Metric:
    return Metric(name, unit, decimals, Kind.COUNTER, 0, 2**48)


def _state(name: str, high: int = 65_535) -> Metric:
    return Metric(name, "", 0, Kind.STATE, 0, high)


_ALL = (
    _gauge("battery_voltage_v", "V", 2, 0, 70),
    _gauge("battery_current_a", "A", 2, -300, 300),
    _gauge("battery_temperature_c", "°C", 1, -20, 80),
    _gauge("pv_voltage_v", "V", 2, 0, 300),
    _gauge("pv_current_a", "A", 2, 0, 120),
    _gauge("pv_power_w", "W", 1, 0, 10_000),
    _gauge("load_voltage_v", "V", 2, 0, 70),
    _gauge("load_current_a", "A", 2, 0, 120),
    _gauge("load_power_w", "W", 1, 0, 5_000),
    _gauge("charger_temperature_c", "°C", 1, -20, 120),
    _gauge("pv_power_max_day_w", "W", 0, 0, 10_000),
    _gauge("pv_power_max_yesterday_w", "W", 0, 0, 10_000),
    _gauge("soc_percent", "%", 1, 0, 100),
    _counter("pv_energy_total_wh", "Wh"),
    _counter("pv_energy_day_wh", "Wh"),
    _counter("pv_energy_yesterday_wh", "Wh"),
    _counter("load_energy_total_wh", "Wh"),
    _counter("shelf_energy_total_wh", "Wh"),
    _counter("shelf_sessions_total", "1"),
    _gauge("shelf_power_w", "W", 1, 0, 2_000),
    _gauge("shelf_ports_busy", "1", 0, 0, 64),
    _state("charger_state"),
    _state("mppt_mode", 16),
    _state("charger_error"),
    _state("charger_off_reason", 2**32),
    _state("load_on", 1),
    _state("charger_day_number", 400),
    _gauge("link_latency_ms", "ms", 0, 0, 600_000),
    _gauge("link_loss_percent", "%", 0, 0, 100),
    _counter("link_sent_bytes", "B"),
    _counter("link_received_bytes", "B"),
    _gauge("agent_free_disk_mb", "MB", 0, 0, 10_000_000),
    _gauge("agent_temperature_c", "°C", 1, -20, 120),
    _gauge("battery_power_w", "W", 1, -10_000, 10_000),
    _gauge("battery_consumed_ah", "Ah", 1, 0, 5_000),
    _gauge("battery_remaining_ah", "Ah", 2, 0, 5_000),
    _gauge("battery_capacity_ah", "Ah", 2, 0, 5_000),
    _gauge("battery_time_to_go_s", "s", 0, 0, 2_000_000),
    _gauge("battery_since_full_s", "s", 0, 0, 400_000_000),
    _gauge("battery_deepest_discharge_ah", "Ah", 1, 0, 5_000),
    _gauge("battery_last_discharge_ah", "Ah", 1, 0, 5_000),
    _gauge("battery_average_discharge_ah", "Ah", 1, 0, 5_000),
    _gauge("battery_voltage_min_v", "V", 2, 0, 70),
    _gauge("battery_voltage_max_v", "V", 2, 0, 70),
    _counter("battery_cycles_total", "1"),
    _counter("battery_full_discharges_total", "1"),
    _counter("battery_drawn_total_ah", "Ah"),
    _counter("battery_discharged_total_wh", "Wh"),
    _counter("battery_charged_total_wh", "Wh"),
    _state("battery_alarm", 65_535),
    _gauge("cell_voltage_min_v", "V", 3, 0, 5),
    _gauge("cell_voltage_max_v", "V", 3, 0, 5),
    _state("bms_protection", 65_535),
    _state("bms_switches", 3),
    _counter("bms_protections_total", "1"),
    _gauge("history_days_ago", "1", 0, 1, 30),
    _gauge("history_day_number", "1", 0, 0, 400),
    _gauge("history_pv_energy_wh", "Wh", 0, 0, 200_000),
    _gauge("history_load_energy_wh", "Wh", 0, 0, 200_000),
    _gauge("history_pv_power_max_w", "W", 0, 0, 10_000),
    _gauge("history_battery_voltage_min_v", "V", 2, 0, 70),
    _gauge("history_battery_voltage_max_v", "V", 2, 0, 70),
    _gauge("history_bulk_s", "s", 0, 0, 86_400),
    _gauge("history_absorption_s", "s", 0, 0, 86_400),
    _gauge("history_float_s", "s", 0, 0, 86_400),
    _gauge("shelf_voltage_v", "V", 2, 0, 300),
    _gauge("shelf_current_a", "A", 3, 0, 300),
    _gauge("shelf_frequency_hz", "Hz", 1, 40, 70),
    _gauge("shelf_power_factor_percent", "%", 0, 0, 100),
    _state("charger_fault", 2**32),
    _counter("battery_full_charges_total", "1"),
    _counter("battery_charged_total_ah", "Ah"),
)

CATALOGUE: dict[str, Metric] = {metric.name: metric for metric in _ALL}
"""Every metric by name. `pv_energy_day_wh` and its like follow the controller's own midnight: never a source of daily
sums. `history_*` is what a device remembers of one past day, `history_days_ago` before the row's: it is marked by these
names and never mixed with what was measured."""
