"""The three uptimes of a day: power on the bus, life of the agent, the link. They fail apart, so never one number."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from figures.facts import DayFacts, Points
from figures.power import span_of
from figures.spans import Span, between_readings, clip, length, merge, permille, subtract
from figures.witness import battery_voltage, load_switch

SLOT_MS = 900_000
"""The shortest slot of link availability, and the grid of arrivals."""
_STALE_MS = 1_200_000
"""A voltage older than this when the agent went says nothing: rows not yet on disk, up to 15 minutes, are lost."""
_TREND_MS = 1_800_000
_AHEAD_MS = 900_000


@dataclass(frozen=True, slots=True)
class Availability:
    """How long something was there."""

    permille: int | None = None
    """Share of the time of which it is known; None if nothing is known."""
    up_ms: int = 0
    down_ms: int = 0
    unknown_ms: int = 0
    coverage_permille: int | None = None
    """Share of the day (until now) of which it is known."""


@dataclass(frozen=True, slots=True)
class Link:
    """How often the site was heard when it meant to be."""

    permille: int | None = None
    heard: int = 0
    slots: int = 0
    """Those that are over, and the present one if something has arrived in it."""
    slot_s: int = 900


def agent_uptime(facts: DayFacts) -> Availability:
    """Share of the day covered by boots. Where boots without a clock may have been, a gap is unknown; and so is the
    time before the first boot ever and after the last sign of life."""
    start_ms, until_ms = facts.whole
    if not facts.boots:
        return _availability(facts, [], [])
    first_ms = min(boot.start_ms for boot in facts.boots)
    last_ms = max(boot.end_ms for boot in facts.boots)
    alive = clip(merge((boot.start_ms, boot.end_ms) for boot in facts.boots), start_ms, until_ms)
    judged = clip([(first_ms, last_ms)], start_ms, until_ms)
    gone = [] if facts.undated_boots else subtract(judged, alive)
    return _availability(facts, alive, gone)


def power_availability(facts: DayFacts) -> Availability:
    """Share of the day with power on the load bus.

    With readings: the battery's voltage is at or above the cut-off and the load output is not reported off. Without,
    while the agent lived: on, if its computer hangs on that bus. Without agent: off from a low battery until the next
    boot; after a good battery, and while boots without a clock may have been there, unknown.
    """
    voltage = battery_voltage(facts)
    load_on = None if voltage is None else load_switch(facts, voltage.device)
    up, down = _by_readings(facts, voltage, load_on)
    alive = clip(merge((boot.start_ms, boot.end_ms) for boot in facts.boots), *facts.whole)
    dark = subtract([facts.whole], [*up, *down])
    if facts.parameters.agent_on_bus:
        up = merge([*up, *(piece for span in dark for piece in clip(alive, *span))])
        dark = subtract(dark, alive)
    if voltage is not None and not facts.undated_boots:
        down = [*down, *(gap for gap in dark if _lost_power(facts, gap, voltage, load_on))]
    return _availability(facts, up, down)


def link_availability(facts: DayFacts) -> Link:
    """Share of the slots of the site's own cadence, in whole quarters of an hour, in which something arrived, by
    arrival time. A backlog that comes later repairs nothing."""
    slot_ms = -(-facts.cadence_s * 1000 // SLOT_MS) * SLOT_MS
    slot_ms = max(SLOT_MS, min(slot_ms, facts.end_ms - facts.start_ms))
    arrivals = sorted(facts.arrivals_ms)
    heard = slots = 0
    slot_start = facts.start_ms
    while slot_start < facts.until_ms:
        # What is left over at the end of the day belongs to its last slot.
        slot_end = slot_start + slot_ms if slot_start + 2 * slot_ms <= facts.end_ms else facts.end_ms
        came = bisect_left(arrivals, slot_start) < bisect_left(arrivals, slot_end)
        if came or slot_end <= facts.until_ms:
            slots += 1
            heard += came
        slot_start = slot_end
    return Link(permille(heard, slots), heard, slots, slot_ms // 1000)


def empty_battery_ms(agent: Availability, power: Availability) -> int:
    """How much of the day the agent was off for want of power: at most the time for which both are known to be down."""
    return min(power.down_ms, agent.down_ms)


def _availability(facts: DayFacts, up: Sequence[Span], down: Sequence[Span]) -> Availability:
    whole_ms = length([facts.whole])
    up_ms, down_ms = length(merge(up)), length(subtract(down, up))
    return Availability(
        permille(up_ms, up_ms + down_ms),
        up_ms,
        down_ms,
        whole_ms - up_ms - down_ms,
        permille(up_ms + down_ms, whole_ms),
    )


def _by_readings(facts: DayFacts, voltage: Points | None, load_on: Points | None) -> tuple[list[Span], list[Span]]:
    """Where readings say that the bus was on, and where off: each speaks until the next one."""
    if voltage is None:
        return [], []
    known = clip(between_readings(voltage.times_ms, facts.parameters.gap_limit_ms), *facts.whole)
    times_ms, scale = voltage.times_ms, voltage.scale
    cutoff = facts.parameters.cutoff_mv * scale
    first = max(0, bisect_right(times_ms, facts.start_ms) - 1)
    off = [
        (times_ms[index], times_ms[index + 1])
        for index in range(first, min(len(times_ms) - 1, bisect_left(times_ms, facts.until_ms)))
        if voltage.values[index] * 1000 < cutoff or _switched_off(load_on, index, times_ms)
    ]
    down = [piece for span in merge(off) for piece in clip(known, *span)]
    return subtract(known, down), down


def _switched_off(load_on: Points | None, index: int, times_ms: Sequence[int]) -> bool:
    """Whether the load output was reported off at the voltage's reading `index`."""
    if load_on is None:
        return False
    if index < len(load_on.times_ms) and load_on.times_ms[index] == times_ms[index]:
        return load_on.values[index] == 0
    before = bisect_right(load_on.times_ms, times_ms[index]) - 1
    return before >= 0 and load_on.values[before] == 0 and times_ms[index] - load_on.times_ms[before] <= SLOT_MS


def _lost_power(facts: DayFacts, gap: Span, voltage: Points, load_on: Points | None) -> bool:
    """Whether a time without agent follows an empty battery and is followed by a boot."""
    began_ms = max((boot.end_ms for boot in facts.boots if boot.end_ms <= gap[0]), default=None)
    if began_ms is None or not any(boot.start_ms >= gap[1] for boot in facts.boots):
        return False
    last = bisect_right(voltage.times_ms, gap[0]) - 1
    if last < 0 or began_ms - voltage.times_ms[last] > _STALE_MS:
        return False
    if _switched_off(load_on, last, voltage.times_ms):
        return True
    parameters, scale = facts.parameters, voltage.scale
    last_mv = voltage.values[last] * 1000 / scale
    if last_mv <= parameters.cutoff_mv + parameters.low_margin_mv:
        return True
    # The rows of the last minutes may be lost with the power: a voltage that was falling fast went on falling.
    recent = span_of(voltage.times_ms, voltage.times_ms[last] - _TREND_MS, voltage.times_ms[last] + 1)
    span_ms = voltage.times_ms[last] - voltage.times_ms[recent[0]]
    if span_ms < parameters.gap_limit_ms:
        return False
    fall_mv = (voltage.values[recent[0]] - voltage.values[last]) * 1000 / scale
    return last_mv - fall_mv * _AHEAD_MS / span_ms <= parameters.cutoff_mv
