"""Solar, load and shelf energy of a day: by counters where there are any, else by the integral of power."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import gcd
from operator import attrgetter

from figures import sun
from figures.counter import Rules, Share, by_time, grown_wh, share_of_day
from figures.facts import DayFacts, PastDay, Points
from figures.history import STEP_WH, Memory, Part, parts
from figures.power import PowerCurve, curve_of_power, curve_of_product, span_of
from figures.reasons import Mark
from figures.spans import Span, between_readings, clip, length, merge, overlaps, permille
from kiosk.time import DAY_MS, day_start_ms

NONE, COUNTER, INTEGRAL, HISTORY = "none", "counter", "integral", "history"
LOST_MS = 900_000
"""So long an agent may have lived after its last sign of life: rows not yet on disk are lost with the power."""
_WHOLLY_READ = 0.9
"""A day of whose power less was read is told by the controller's own record, if there is one."""
_METHODS = (COUNTER, INTEGRAL, HISTORY)
"""Best first."""
COUNTER_STEP_WH = 10
"""The coarsest step of a known counter: taken where a day is too short to show its own."""


@dataclass(frozen=True, slots=True)
class Energy:
    """One energy of a day."""

    energy_wh: int | None = None
    """None: nothing is known. 0: it is known that nothing flowed."""
    method: str = NONE
    """`counter`, `integral`, `history` (the controller's own record of the day) or `none`; the best one that any part
    rests on."""
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
    remembered: Callable[[PastDay], int | None] = lambda _: None
    """What the device's own record of a day says of it, Wh."""


SOLAR = Source(
    "pv_energy_total_wh",
    "pv_power_w",
    "pv_current_a",
    ("pv_voltage_v",),
    by_sun=True,
    remembered=attrgetter("pv_energy_wh"),
)
LOAD = Source(
    "load_energy_total_wh",
    "load_power_w",
    "load_current_a",
    ("load_voltage_v", "battery_voltage_v"),
    remembered=attrgetter("load_energy_wh"),
)
SHELF = Source("shelf_energy_total_wh", "shelf_power_w", "", (), with_agent=True)


@dataclass(frozen=True, slots=True)
class _DevicePart:
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
    for past in facts.history:
        by_device.setdefault(past.device, {})
    found = [part for device in sorted(by_device) if (part := _of_device(facts, source, device, by_device[device]))]
    if not found:
        return Energy(coverage_permille=permille(0, length([facts.whole])))
    integrals = [part.integral_wh for part in found if part.integral_wh is not None]
    marks = frozenset().union(*(part.marks for part in found))
    covered = _common([part.covered for part in found], facts.whole)
    return Energy(
        energy_wh=sum(part.energy_wh for part in found),
        method=min((part.method for part in found), key=_METHODS.index),
        coverage_permille=permille(length(covered), length([facts.whole])),
        uncertainty_wh=sum(part.uncertainty_wh for part in found),
        integral_wh=round(sum(integrals)) if integrals else None,
        marks=tuple(sorted(marks)),
    )


def _common(covers: Sequence[Sequence[Span]], whole: Span) -> list[Span]:
    """Where every device is covered."""
    common: list[Span] = [whole]
    for cover in covers:
        common = [piece for span in common for piece in clip(cover, *span)]
    return merge(common)


def _of_device(facts: DayFacts, source: Source, device: str, metrics: dict[str, Points]) -> _DevicePart | None:
    gap_ms = facts.parameters.gap_limit_ms
    power = _power(source, metrics, gap_ms)
    integral_wh = power.energy_wh(*facts.whole) if power and power.known_ms(*facts.whole) else None
    remembered = _remembered(facts, source, device)
    counter = metrics.get(source.counter)
    share = None if counter is None else _share(facts, source, counter, remembered, power)
    if share is not None and counter is not None:
        covered = clip(between_readings(counter.times_ms, gap_ms), *facts.whole)
        uncertainty_wh = min(share.step_wh or COUNTER_STEP_WH, COUNTER_STEP_WH) + share.estimated_wh
        # A day of which no reading is there rests on the record alone, though its sum was fitted to the counter's.
        told = Mark.CONTROLLER_HISTORY in share.marks and not covered
        method = HISTORY if told else COUNTER
        return _DevicePart(share.energy_wh, method, uncertainty_wh, integral_wh, share.marks, covered)
    covered = clip(between_readings(power.times_ms, gap_ms), *facts.whole) if power else []
    own_wh = remembered.get(facts.start_ms)
    unread = facts.until_ms == facts.end_ms and length(covered) < _WHOLLY_READ * DAY_MS
    if own_wh is not None and unread and own_wh + STEP_WH >= (integral_wh or 0) and _was_there(facts, metrics):
        marks = frozenset((Mark.CONTROLLER_HISTORY,))
        return _DevicePart(own_wh, HISTORY, STEP_WH, integral_wh, marks, covered)
    if power is None or integral_wh is None:
        return None
    resolution_wh = _resolution_wh(facts, source, metrics, length(covered))
    return _DevicePart(round(integral_wh), INTEGRAL, resolution_wh, integral_wh, frozenset((Mark.INTEGRATED,)), covered)


def _was_there(facts: DayFacts, metrics: dict[str, Points]) -> bool:
    """Whether the device that remembers the day was at this site then: it was read before, and its lifetime counter,
    if it has one, went on. Another charger under the same name remembers its days elsewhere."""
    before_ms = min((points.times_ms[0] for points in metrics.values() if points.times_ms), default=facts.start_ms)
    counter = metrics.get(SOLAR.counter)
    if before_ms >= facts.start_ms or counter is None:
        return before_ms < facts.start_ms
    rules = Rules(facts.parameters.power_limit_w, facts.parameters.gap_limit_ms, by_time)
    return grown_wh(counter.times_ms, [value // counter.scale for value in counter.values], rules) is not None


def _remembered(facts: DayFacts, source: Source, device: str) -> dict[int, int]:
    """What the device's own records say, by the day's start."""
    told = ((past.day, source.remembered(past)) for past in facts.history if past.device == device)
    return {day_start_ms(day): energy_wh for day, energy_wh in told if energy_wh is not None}


def _share(
    facts: DayFacts, source: Source, counter: Points, remembered: dict[int, int], power: PowerCurve | None
) -> Share | None:
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
        weight=by_sun if source.by_sun else by_life if source.with_agent else by_time,
        doubtful=overlaps((boot.start_ms, boot.end_ms) for boot in facts.boots),
    )
    if source.by_sun and remembered:
        memory = _memory(facts, counter.times_ms, readings_wh, rules, remembered)
        rules = replace(rules, remembered=partial(_by_records, memory))
    return share_of_day(counter.times_ms, readings_wh, facts.whole, rules, power)


def _by_records(memory: Memory, start_ms: int, end_ms: int, energy_wh: int) -> list[Part] | None:
    return parts(start_ms, end_ms, energy_wh, memory)


def _memory(
    facts: DayFacts, times_ms: Sequence[int], readings_wh: Sequence[int], rules: Rules, remembered: dict[int, int]
) -> Memory:
    lat_deg, lon_deg = facts.parameters.lat_deg, facts.parameters.lon_deg

    def counted(first_ms: int, last_ms: int) -> int | None:
        first, last = bisect_left(times_ms, first_ms), bisect_right(times_ms, last_ms)
        return grown_wh(times_ms[first:last], readings_wh[first:last], rules)

    def readings(start_ms: int, end_ms: int) -> Span | None:
        inside = span_of(times_ms, start_ms, end_ms)
        return (times_ms[inside[0]], times_ms[inside[-1]]) if inside else None

    def daylight(day_ms: int) -> Span:
        light = sun.daylight(day_ms, lat_deg, lon_deg)
        return light.sunrise_ms, light.sunset_ms

    return Memory(remembered, counted, readings, rules.weight, daylight, rules.limit_w)


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
