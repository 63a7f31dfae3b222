"""Solar, load and shelf energy of a day: by counters where there are any, else by the integral of power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd

from figures import sun
from figures.counter import Rules, Share, share_of_day
from figures.facts import DayFacts, Points
from figures.power import PowerCurve, curve_of_power, curve_of_product, span_of
from figures.reasons import Mark
from figures.spans import Span, between_readings, clip, length, merge, overlaps, permille

NONE, COUNTER, INTEGRAL = "none", "counter", "integral"
LOST_MS = 900_000
"""So long an agent may have lived after its last sign of life: rows not yet on disk are lost with the power."""
COUNTER_STEP_WH = 10
"""The coarsest step of a known counter: taken where a day is too short to show its own."""


@dataclass(frozen=True, slots=True)
class Energy:
    """One energy of a day."""

    energy_wh: int | None = None
    """None: nothing is known. 0: it is known that nothing flowed."""
    method: str = NONE
    """`counter`, `integral` or `none`; the better one that any part rests on."""
    coverage_permille: int | None = None
    """Share of the day (until now) with readings that are near enough to each other."""
    uncertainty_wh: int = 0
    """The energy may be this much larger or smaller, by resolution and by what was split, not by gaps."""
    integral_wh: int | None = None
    """The integral of power over the covered time, whatever the method: the second witness."""
    marks: tuple[str, ...] = ()
    """Codes of figures.reasons.Mark."""


@dataclass(frozen=True, slots=True)
class Source:
    """The metrics of one device that tell an energy, best first."""

    counter: str
    power: str
    current: str
    voltages: tuple[str, ...]
    by_sun: bool = False
    """A gap over midnight is split by the light of a clear sky."""
    with_agent: bool = False
    """The device is fed by the agent's computer: it counts only while an agent lives."""


SOLAR = Source("pv_energy_total_wh", "pv_power_w", "pv_current_a", ("pv_voltage_v",), by_sun=True)
LOAD = Source("load_energy_total_wh", "load_power_w", "load_current_a", ("load_voltage_v", "battery_voltage_v"))
SHELF = Source("shelf_energy_total_wh", "shelf_power_w", "", (), with_agent=True)


@dataclass(frozen=True, slots=True)
class _Part:
    """One device's share of the energy."""

    energy_wh: int
    method: str
    uncertainty_wh: int
    integral_wh: float | None
    marks: frozenset[Mark]
    covered: Sequence[Span]


def energy(facts: DayFacts, source: Source) -> Energy:
    """The sum over all devices of the site that tell this energy."""
    by_device: dict[str, dict[str, Points]] = {}
    for points in facts.series:
        by_device.setdefault(points.device, {})[points.metric] = points
    parts = [part for device in sorted(by_device) if (part := _of_device(facts, source, by_device[device])) is not None]
    if not parts:
        return Energy(coverage_permille=permille(0, length([facts.whole])))
    integrals = [part.integral_wh for part in parts if part.integral_wh is not None]
    marks = frozenset().union(*(part.marks for part in parts))
    covered = _common([part.covered for part in parts], facts.whole)
    return Energy(
        energy_wh=sum(part.energy_wh for part in parts),
        method=COUNTER if any(part.method == COUNTER for part in parts) else INTEGRAL,
        coverage_permille=permille(length(covered), length([facts.whole])),
        uncertainty_wh=sum(part.uncertainty_wh for part in parts),
        integral_wh=round(sum(integrals)) if integrals else None,
        marks=tuple(sorted(marks)),
    )


def _common(covers: Sequence[Sequence[Span]], whole: Span) -> list[Span]:
    """Where every device is covered."""
    common: list[Span] = [whole]
    for cover in covers:
        common = [piece for span in common for piece in clip(cover, *span)]
    return merge(common)


def _of_device(facts: DayFacts, source: Source, metrics: dict[str, Points]) -> _Part | None:
    gap_ms = facts.parameters.gap_limit_ms
    power = _power(source, metrics, gap_ms)
    integral_wh = power.energy_wh(*facts.whole) if power and power.known_ms(*facts.whole) else None
    counter = metrics.get(source.counter)
    share = None if counter is None else _share(facts, source, counter, power)
    if share is not None and counter is not None:
        covered = clip(between_readings(counter.times_ms, gap_ms), *facts.whole)
        uncertainty_wh = min(share.step_wh or COUNTER_STEP_WH, COUNTER_STEP_WH) + share.estimated_wh
        return _Part(share.energy_wh, COUNTER, uncertainty_wh, integral_wh, share.marks, covered)
    if power is None or integral_wh is None:
        return None
    covered = clip(between_readings(power.times_ms, gap_ms), *facts.whole)
    resolution_wh = _resolution_wh(facts, source, metrics, length(covered))
    marks = frozenset((Mark.INTEGRATED,))
    return _Part(round(integral_wh), INTEGRAL, resolution_wh, integral_wh, marks, covered)


def _share(facts: DayFacts, source: Source, counter: Points, power: PowerCurve | None) -> Share | None:
    scale = counter.scale
    readings_wh = counter.values if scale == 1 else [value // scale for value in counter.values]
    parameters = facts.parameters

    def by_sun(start_ms: int, end_ms: int) -> float:
        return sun.clear_sky_weight(start_ms, end_ms, parameters.lat_deg, parameters.lon_deg)

    powered = merge((boot.start_ms, boot.end_ms + LOST_MS) for boot in facts.boots) if source.with_agent else []

    def by_life(start_ms: int, end_ms: int) -> float:
        return float(length(clip(powered, start_ms, end_ms)))

    rules = Rules(
        limit_w=parameters.power_limit_w,
        gap_limit_ms=parameters.gap_limit_ms,
        weight=by_sun if source.by_sun else by_life if source.with_agent else _by_time,
        doubtful=overlaps((boot.start_ms, boot.end_ms) for boot in facts.boots),
    )
    return share_of_day(counter.times_ms, readings_wh, facts.whole, rules, power)


def _by_time(start_ms: int, end_ms: int) -> float:
    return float(end_ms - start_ms)


def _power(source: Source, metrics: dict[str, Points], gap_limit_ms: int) -> PowerCurve | None:
    if source.power in metrics:
        return curve_of_power(metrics[source.power], gap_limit_ms)
    current = metrics.get(source.current)
    for name in source.voltages:
        if current is not None and name in metrics:
            return curve_of_product(current, metrics[name], gap_limit_ms)
    return None


def _resolution_wh(facts: DayFacts, source: Source, metrics: dict[str, Points], covered_ms: int) -> int:
    """Half of the device's step in power or current, for as long as it was read: a steady load is rounded the same way
    all night. The step is the greatest one of which all values of the day are multiples."""
    if source.power in metrics:
        return round(_half_step(metrics[source.power], facts) * covered_ms / 3_600_000)
    voltage = next(metrics[name] for name in source.voltages if name in metrics)
    inside = span_of(voltage.times_ms, *facts.whole)
    volts = max((voltage.values[i] for i in inside), default=0) / voltage.scale
    return round(_half_step(metrics[source.current], facts) * volts * covered_ms / 3_600_000)


def _half_step(points: Points, facts: DayFacts) -> float:
    inside = span_of(points.times_ms, *facts.whole)
    step = gcd(*(points.values[i] for i in inside)) if inside else 0
    # One value repeated shows no step: twenty times the finest is more than any known device rounds to.
    step = min(step, 20) if step else 1
    return step / points.scale / 2
