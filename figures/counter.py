"""A day's share of a lifetime counter: differences, with resets, rollovers, jumps, stuck spells and gaps over midnight.

Every difference between two neighbouring readings is believed or not, then given to the days that it touches so that
the parts add up to it. Knows one counter of one device; must not know what it counts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import gcd

from figures.history import Part
from figures.power import PowerCurve
from figures.reasons import Mark
from figures.spans import Span

_MS_PER_HOUR = 3_600_000
_SLACK_WH = 20
"""Two of the coarsest steps that a counter is known to have (0.01 kWh)."""
_ROLLOVERS_WH = tuple(sorted(size * step for size in (2**16, 2**24, 2**32, 10**6, 10**7) for step in (1, 10)))
_DOUBT_WH = 50
"""A counter and the integral of the power may differ by this much, or a quarter, before one of them is wrong."""

_DATED_WRONG_MS = 6 * _MS_PER_HOUR
"""Where boots overlap, one of them is dated wrong, by so much at most: its counter may be ahead by as long."""

Weight = Callable[[int, int], float]
"""How much of a difference falls into a part of a gap, in any unit."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is believed of this counter."""

    limit_w: int
    """It cannot grow faster."""
    gap_limit_ms: int
    weight: Weight
    doubtful: Sequence[Span] = ()
    """Where the dates of two boots overlap: the order of readings is not known there."""
    remembered: Callable[[int, int, int], list[Part] | None] | None = None
    """How a difference over a gap falls to its days by what the device remembers; as figures.history.parts."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a counter says of one day."""

    energy_wh: int
    marks: frozenset[Mark]
    estimated_wh: int
    """How much of it might belong to a neighbouring day, or of the neighbour's to it."""
    step_wh: int
    """The counter's resolution as seen: no difference is known better."""


@dataclass(frozen=True, slots=True)
class _Difference:
    start_ms: int
    end_ms: int
    energy_wh: int
    cut_off_ms: int | None = None
    """Of a reset: when the step had begun that it cut off."""


def share_of_day(
    times_ms: Sequence[int], readings_wh: Sequence[int], whole: Span, rules: Rules, power: PowerCurve | None
) -> Share | None:
    """The energy of [start, end) in Wh; None where the counter tells nothing: fewer than two readings around it.

    `times_ms` rises; the last reading before the day and the first after it belong to it. `power`, where there is one,
    is the second witness against a stuck or jumping counter.
    """
    first = max(0, bisect_left(times_ms, whole[0]) - 1)
    last = min(len(times_ms), bisect_left(times_ms, whole[1]) + 1)
    if last - first < 2:
        return None
    marks: set[Mark] = set()
    differences = _believed(times_ms[first:last], readings_wh[first:last], whole, rules, marks)
    inside = [each for each in differences if whole[0] <= each.start_ms and each.end_ms <= whole[1]]
    energy_wh = sum(each.energy_wh for each in inside)
    step_wh = gcd(*(each.energy_wh for each in inside))
    if power is not None:
        energy_wh += _corrected(inside, power, marks) + _cut_off(inside, power, step_wh)
    estimated_wh = 0
    for each in differences:
        if each.energy_wh and not (whole[0] <= each.start_ms and each.end_ms <= whole[1]):
            part = _part(each, whole, rules)
            energy_wh += part.energy_wh
            estimated_wh += part.estimated_wh
            marks |= part.marks
    return Share(energy_wh, frozenset(marks), estimated_wh, step_wh)


def grown_wh(times_ms: Sequence[int], readings_wh: Sequence[int], rules: Rules) -> int | None:
    """What the counter grew by from the first reading to the last; None where anything about it is odd."""
    marks: set[Mark] = set()
    differences = _believed(times_ms, readings_wh, (times_ms[0], times_ms[-1]), rules, marks)
    return None if marks else sum(each.energy_wh for each in differences)


def _believed(
    times_ms: Sequence[int], readings_wh: Sequence[int], whole: Span, rules: Rules, marks: set[Mark]
) -> list[_Difference]:
    """What the counter grew by from step to step, never negative."""
    found: list[_Difference] = []
    base_wh = readings_wh[0]
    changed_ms = times_ms[0]
    held_wh: int | None = None
    doubtful_at = _doubtful_ends(rules.doubtful)
    still_ms = times_ms[0]
    for start_ms, end_ms, value_wh in zip(times_ms, times_ms[1:], readings_wh[1:], strict=False):
        crossing = start_ms < whole[0] or end_ms > whole[1]
        if value_wh == base_wh and not crossing:
            continue  # most readings of a day: a spell in which the counter stood still is one difference
        if still_ms < start_ms:
            found.append(_Difference(still_ms, start_ms, 0))
        still_ms = end_ms
        energy_wh, reset = value_wh - base_wh, False
        span_ms = _DATED_WRONG_MS if doubtful_at(end_ms) else end_ms - (start_ms if crossing else changed_ms)
        if value_wh < base_wh:
            if doubtful_at(end_ms) or (held_wh is not None and value_wh >= held_wh):
                # Two boots dated over each other: the counter itself tells the order, so only what rises above counts.
                held_wh = value_wh if held_wh is None else min(held_wh, value_wh)
                marks.add(Mark.BOOTS_OVERLAP)
                found.append(_Difference(start_ms, end_ms, 0))
                continue
            energy_wh, reset = _after_drop(base_wh, value_wh, end_ms - start_ms, rules.limit_w, marks)
        elif energy_wh > _most_wh(span_ms, rules.limit_w):
            marks.add(Mark.COUNTER_JUMP)
            energy_wh = 0
        found.append(_Difference(start_ms, end_ms, energy_wh, changed_ms if reset else None))
        if value_wh != base_wh:
            base_wh, changed_ms = value_wh, end_ms
    if still_ms < times_ms[-1]:
        found.append(_Difference(still_ms, times_ms[-1], 0))
    return found


def _doubtful_ends(doubtful: Sequence[Span]) -> Callable[[int], bool]:
    if not doubtful:
        return lambda _: False
    starts = [start for start, _ in doubtful]

    def within(at_ms: int) -> bool:
        index = bisect_right(starts, at_ms) - 1
        return index >= 0 and at_ms <= doubtful[index][1]

    return within


def _most_wh(span_ms: int, limit_w: int) -> int:
    return limit_w * span_ms // _MS_PER_HOUR + _SLACK_WH


def _after_drop(base_wh: int, value_wh: int, span_ms: int, limit_w: int, marks: set[Mark]) -> tuple[int, bool]:
    """What was counted between two readings of which the later is the smaller one, and whether it began anew."""
    most_wh = _most_wh(span_ms, limit_w)
    for size_wh in _ROLLOVERS_WH:
        if base_wh < size_wh and size_wh - base_wh + value_wh <= most_wh:
            marks.add(Mark.COUNTER_ROLLOVER)
            return size_wh - base_wh + value_wh, False
    marks.add(Mark.COUNTER_RESET)
    # From 0 if that is possible in the time; else it is another device, or one that came back with an older count.
    return (value_wh, True) if value_wh <= most_wh else (0, True)


def _cut_off(inside: Sequence[_Difference], power: PowerCurve, step_wh: int) -> int:
    """What had flowed since the counter's last step when it was set back: less than a step, and lost to the counter."""
    lost_wh = 0
    for each in inside:
        if each.cut_off_ms is not None:
            integral_wh = round(power.energy_wh(each.cut_off_ms, each.end_ms)) - each.energy_wh
            lost_wh += max(0, min(integral_wh, step_wh - 1))
    return lost_wh


def _part(difference: _Difference, whole: Span, rules: Rules) -> Share:
    """The day's part of a difference that crosses its edge.

    Each day rounds the same running total at the same midnight, so that the parts add up to the whole.
    """
    start_ms, end_ms = difference.start_ms, difference.end_ms
    near = end_ms - start_ms <= rules.gap_limit_ms
    disagree: frozenset[Mark] = frozenset()
    if not near and rules.remembered is not None and difference.cut_off_ms is None:
        parts = rules.remembered(start_ms, end_ms, difference.energy_wh)
        if parts:
            return _told_part(parts, whole)
        if parts is not None:
            disagree = frozenset((Mark.HISTORY_DISAGREES,))
    weight: Weight = by_time if near else rules.weight
    total = weight(start_ms, end_ms)
    if total <= 0:
        weight, total = by_time, by_time(start_ms, end_ms)

    def until(at_ms: int) -> float:
        return weight(start_ms, min(max(at_ms, start_ms), end_ms)) / total

    low, high = until(whole[0]), until(whole[1])
    part_wh = round(difference.energy_wh * high) - round(difference.energy_wh * low)
    share = high - low
    if near or share < 1e-9 or share > 1 - 1e-9:
        return Share(part_wh, disagree, 0, 0)
    return Share(part_wh, disagree | {Mark.ESTIMATED}, min(part_wh, difference.energy_wh - part_wh) or 1, 0)


def _told_part(parts: Sequence[Part], whole: Span) -> Share:
    """The day's part by what the device remembers of the gap's days."""
    low, high = (sum(part.energy_wh for part in parts if part.start_ms < at_ms) for at_ms in whole)
    own = next((part for part in parts if whole[0] <= part.start_ms < whole[1]), None)
    energy_wh = round(high) - round(low)
    if own is None or not (own.energy_wh or own.unsure_wh):
        return Share(energy_wh, frozenset(), 0, 0)
    marks = {Mark.CONTROLLER_HISTORY, Mark.ESTIMATED} if own.shared else {Mark.CONTROLLER_HISTORY}
    return Share(energy_wh, frozenset(marks), round(own.unsure_wh), 0)


def by_time(start_ms: int, end_ms: int) -> float:
    """The weight that knows nothing better: evenly over the gap."""
    return float(end_ms - start_ms)


def _corrected(inside: Sequence[_Difference], power: PowerCurve, marks: set[Mark]) -> int:
    """What the power integral adds to, or takes from, the counter: judged for each spell in which the counter stood
    still and the step that ended it, where readings of power cover nearly all of the spell."""
    extra_wh = 0
    spells: list[_Difference] = []
    since_ms: int | None = None
    for each in inside:
        since_ms = each.start_ms if since_ms is None else since_ms
        if each.energy_wh:
            spells.append(_Difference(since_ms, each.end_ms, each.energy_wh))
            since_ms = None
    if since_ms is not None:
        spells.append(_Difference(since_ms, inside[-1].end_ms, 0))
    for spell in spells:
        span_ms = spell.end_ms - spell.start_ms
        integral_wh = power.energy_wh(spell.start_ms, spell.end_ms)
        doubt_wh = max(_DOUBT_WH, integral_wh / 4)
        if abs(integral_wh - spell.energy_wh) <= doubt_wh:
            continue
        if power.known_ms(spell.start_ms, spell.end_ms) * 10 < span_ms * 9:
            continue
        marks.add(Mark.COUNTER_STUCK if integral_wh > spell.energy_wh else Mark.COUNTER_JUMP)
        extra_wh += round(integral_wh) - spell.energy_wh
    return extra_wh
