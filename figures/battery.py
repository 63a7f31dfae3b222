"""The battery's day: lowest voltages, charging stages, full charge, voltage at set hours. Knows no state of charge."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from figures.facts import DayFacts, Points
from figures.power import span_of
from figures.spans import between_readings, clip, length, permille
from figures.witness import battery_voltage

_REST_MS = 900_000
"""So long the current must have been small before a voltage counts as rested."""
_NEAR_MS = 900_000
_FULL_MS = 600_000
HOURS = (6, 18, 22)

_STAGES = {3: "bulk", 4: "absorption", 246: "absorption", 5: "float", 6: "float", 7: "equalise", 247: "equalise"}
"""The charger's state by the vendor's table: 246 is a repeated absorption, 6 storage, 247 an automatic equalisation."""


@dataclass(frozen=True, slots=True)
class Stages:
    """How long the charger was in each of its stages."""

    bulk_s: int
    absorption_s: int
    float_s: int
    equalise_s: int
    full: bool | None
    """Whether it was in float or equalisation for ten minutes; None if it was not seen to be, but its state was known
    for less than half of the time."""


@dataclass(frozen=True, slots=True)
class Battery:
    """Voltages in mV at the terminals; None where no reading tells."""

    device: str = ""
    """The one device that all of this but the stages is from; empty where none spoke."""
    min_mv: int | None = None
    """Deepest, loaded or not."""
    min_at_ms: int | None = None
    rested_min_mv: int | None = None
    """Deepest after a quarter of an hour with hardly any current: the one that can be compared between days."""
    at_mv: dict[str, int | None] = field(default_factory=dict)
    """By hour of the day, UTC ("06", "18", "22"): the reading nearest to it within a quarter of an hour."""
    stages: Stages | None = None
    """None if the charger's state was never read twice in a row."""
    coverage_permille: int | None = None


def battery(facts: DayFacts) -> Battery:
    """The figures of one day."""
    voltage = battery_voltage(facts)
    stages = _stages(facts)
    if voltage is None:
        return Battery(coverage_permille=permille(0, length([facts.whole])), stages=stages)
    scale = voltage.scale
    inside = span_of(voltage.times_ms, *facts.whole)
    lowest = min(inside, key=lambda i: (voltage.values[i], voltage.times_ms[i]), default=None)
    rested = _rested(facts, voltage)
    covered = clip(between_readings(voltage.times_ms, facts.parameters.gap_limit_ms), *facts.whole)
    return Battery(
        device=voltage.device,
        min_mv=None if lowest is None else voltage.values[lowest] * 1000 // scale,
        min_at_ms=None if lowest is None else voltage.times_ms[lowest],
        rested_min_mv=None if rested is None else rested * 1000 // scale,
        at_mv={f"{hour:02}": _at(facts, voltage, facts.start_ms + hour * 3_600_000) for hour in HOURS},
        coverage_permille=permille(length(covered), length([facts.whole])),
        stages=stages,
    )


def _at(facts: DayFacts, voltage: Points, instant_ms: int) -> int | None:
    if instant_ms >= facts.until_ms:
        return None
    near = span_of(voltage.times_ms, instant_ms - _NEAR_MS, instant_ms + _NEAR_MS + 1)
    if not near:
        return None
    best = min(near, key=lambda i: (abs(voltage.times_ms[i] - instant_ms), i))
    return voltage.values[best] * 1000 // voltage.scale


def _rested(facts: DayFacts, voltage: Points) -> int | None:
    """The lowest voltage after a rest, in the metric's resolution."""
    current = next(
        (each for each in facts.series if (each.device, each.metric) == (voltage.device, "battery_current_a")), None
    )
    if current is None:
        return None
    small = facts.parameters.rested_current_ma * current.scale
    start_ms, until_ms = facts.whole
    lowest: int | None = None
    since_ms: int | None = None
    before_ms: int | None = None
    volts_at = dict(zip(voltage.times_ms, voltage.values, strict=True))
    for at_ms, amps in zip(current.times_ms, current.values, strict=True):
        broken = before_ms is None or at_ms - before_ms > facts.parameters.gap_limit_ms
        before_ms = at_ms
        if abs(amps) * 1000 > small:
            since_ms = None
            continue
        if since_ms is None or broken:
            since_ms = at_ms
        if at_ms - since_ms >= _REST_MS and start_ms <= at_ms < until_ms and at_ms in volts_at:
            lowest = volts_at[at_ms] if lowest is None else min(lowest, volts_at[at_ms])
    return lowest


def _stages(facts: DayFacts) -> Stages | None:
    """Seconds in each stage, each reading speaking until the next that is near enough."""
    found = [points for points in facts.series if points.metric == "charger_state" and points.times_ms]
    state = min(found, key=lambda points: (-len(points.times_ms), points.device), default=None)
    if state is None:
        return None
    spent_ms = dict.fromkeys(("bulk", "absorption", "float", "equalise"), 0)
    known_ms = 0
    start_ms, until_ms = facts.whole
    first = max(0, bisect_left(state.times_ms, start_ms) - 1)
    for index in range(first, min(len(state.times_ms) - 1, bisect_left(state.times_ms, until_ms))):
        left_ms, right_ms = state.times_ms[index], state.times_ms[index + 1]
        if right_ms - left_ms > facts.parameters.gap_limit_ms:
            continue
        span_ms = min(right_ms, until_ms) - max(left_ms, start_ms)
        known_ms += span_ms
        stage = _STAGES.get(state.values[index])
        if stage is not None:
            spent_ms[stage] += span_ms
    if not known_ms:
        return None
    full = spent_ms["float"] + spent_ms["equalise"] >= _FULL_MS
    seen = known_ms * 2 >= length([facts.whole])
    seconds = {f"{stage}_s": span_ms // 1000 for stage, span_ms in spent_ms.items()}
    return Stages(**seconds, full=full or (False if seen else None))
