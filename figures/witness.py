"""Which of several devices on one battery is believed, and whether they contradict each other. Averages nothing.

One rank for voltage and current alike: a shunt measures at the battery's terminal what flows in and out, in the finest
steps; a battery management system sees the same from inside, in coarser ones; a plain meter may sit anywhere; a charger
sees its own charging current, and the voltage at its end of the cable.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from statistics import median_low

from figures.facts import DayFacts, Points
from figures.power import span_of

VOLTAGE = "battery_voltage_v"
_ENOUGH = 15
"""Common readings of two devices before they are compared."""

_SHUNT = frozenset(("battery_consumed_ah", "battery_drawn_total_ah", "battery_time_to_go_s"))
_BMS = frozenset(("cell_voltage_min_v", "cell_voltage_max_v", "bms_switches", "bms_protection"))
_CHARGER = ("charger_", "pv_", "load_")
SHUNT_RANK, BMS_RANK, METER_RANK, CHARGER_RANK = range(4)


def rank(metrics: Collection[str]) -> int:
    """What a device is, by what it tells; the smaller, the nearer to the battery."""
    if not _SHUNT.isdisjoint(metrics):
        return SHUNT_RANK
    if not _BMS.isdisjoint(metrics):
        return BMS_RANK
    return CHARGER_RANK if any(metric.startswith(_CHARGER) for metric in metrics) else METER_RANK


def believed(metrics: Mapping[str, Collection[str]], told: str) -> str | None:
    """The device of those given that is believed: the one that the site's parameters name, else the best by rank and
    name; None of none."""
    if told in metrics:
        return told
    return min(metrics, key=lambda device: (rank(metrics[device]), device), default=None)


def battery_voltage(facts: DayFacts) -> Points | None:
    """The voltage that the day's figures rest on: one device's, from end to end. A device with less than half of the
    readings of another is passed over, whatever its rank, unless the site's parameters name it."""
    found = {points.device: points for points in facts.series if points.metric == VOLTAGE and points.times_ms}
    told = facts.parameters.battery_device
    most = max((len(points.times_ms) for points in found.values()), default=0)
    spoken = {device: points for device, points in found.items() if device == told or len(points.times_ms) * 2 >= most}
    chosen = believed({device: _metrics(facts, device) for device in spoken}, told)
    return None if chosen is None else spoken[chosen]


def load_switch(facts: DayFacts, device: str) -> Points | None:
    """Whether the load output is on: as the device says that is believed about the battery, else another one."""
    found = [points for points in facts.series if points.metric == "load_on" and points.times_ms]
    return min(found, key=lambda points: (points.device != device, -len(points.times_ms), points.device), default=None)


def contradictions(facts: DayFacts) -> dict[str, int]:
    """The devices whose battery voltage differs from the believed one by more than the site allows, in mV: the median
    over the instants of the day at which both were read."""
    voltage = battery_voltage(facts)
    if voltage is None:
        return {}
    believed_mv = _by_instant(facts, voltage)
    found: dict[str, int] = {}
    for points in facts.series:
        if points.metric != VOLTAGE or points.device == voltage.device:
            continue
        other_mv = _by_instant(facts, points)
        apart = [abs(other_mv[at_ms] - believed_mv[at_ms]) for at_ms in other_mv.keys() & believed_mv.keys()]
        if len(apart) >= _ENOUGH and median_low(apart) > facts.parameters.battery_disagree_mv:
            found[points.device] = median_low(apart)
    return found


def _metrics(facts: DayFacts, device: str) -> set[str]:
    return {points.metric for points in facts.series if points.device == device}


def _by_instant(facts: DayFacts, points: Points) -> dict[int, int]:
    return {points.times_ms[i]: points.values[i] * 1000 // points.scale for i in span_of(points.times_ms, *facts.whole)}
