"""A gap's difference shared out by what the controller remembers of the gap's days. Never adds to the difference.

Knows one lifetime counter and its device's own day records; must not know where either came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from figures.spans import Span
from kiosk.time import DAY_MS

STEP_WH = 10
"""A day record counts in steps of 0.01 kWh."""

Weight = Callable[[int, int], float]


@dataclass(frozen=True, slots=True)
class Part:
    """What one civil day gets of the difference."""

    start_ms: int
    end_ms: int
    energy_wh: float
    told: bool
    """By the day's own record; else it is what the other days' records leave over."""
    unsure_wh: float
    """It may be this much larger or smaller."""
    shared: bool = False
    """Several days without a record share what is left over, by the light of a clear sky."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a device remembers of its days, with the means to compare it with what was counted."""

    wh_by_day: Mapping[int, int]
    """By the civil day's start, UTC ms."""
    counted: Callable[[int, int], int | None]
    """What the counter grew by between two readings, None where that is not sure."""
    readings: Callable[[int, int], Span | None]
    """The first and the last reading in [start, end), both counted."""
    light: Weight
    daylight: Callable[[int], Span]
    """Sunrise and sunset of the civil day that starts there."""
    limit_w: int


def parts(start_ms: int, end_ms: int, energy_wh: int, memory: Memory) -> list[Part] | None:
    """The difference between two readings by civil days; it adds up to `energy_wh`. [] if the records contradict it;
    None if no record speaks of it."""
    spans = list(_days(start_ms, end_ms))
    claims = [_claim(day_ms, span, memory) for day_ms, span in spans]
    lights = [memory.light(*span) for _, span in spans]
    if not any(claim is not None and light for claim, light in zip(claims, lights, strict=True)):
        return None
    claimed_wh = sum(claim for claim in claims if claim is not None)
    told = sum(claim is not None and light > 0 for claim, light in zip(claims, lights, strict=True))
    open_light = sum(light for claim, light in zip(claims, lights, strict=True) if claim is None)
    open_days = sum(claim is None for claim in claims)
    slack_wh = STEP_WH * (told + 1)
    left_wh = energy_wh - claimed_wh
    lit_ms = sum(
        _lit_ms(day_ms, span, memory) for claim, (day_ms, span) in zip(claims, spans, strict=True) if claim is None
    )
    most_left_wh = memory.limit_w * lit_ms / 3_600_000
    if left_wh < -slack_wh or left_wh > most_left_wh + slack_wh:
        return []
    scale = energy_wh / claimed_wh if claimed_wh and (left_wh < 0 or not open_light) else 1.0
    rest_wh = energy_wh - claimed_wh * scale
    found = []
    for claim, light, (_, (first, last)) in zip(claims, lights, spans, strict=True):
        if claim is not None:
            found.append(Part(first, last, claim * scale, told=True, unsure_wh=STEP_WH if light else 0))
            continue
        part_wh = rest_wh * light / open_light if open_light else 0.0
        shared = open_days > 1
        unsure_wh = min(part_wh, rest_wh - part_wh) if shared else 0.0
        found.append(Part(first, last, part_wh, told=False, unsure_wh=unsure_wh + slack_wh, shared=shared))
    return found


def _days(start_ms: int, end_ms: int) -> Iterator[tuple[int, Span]]:
    """The civil days that the span touches, each with its piece of it."""
    for day_ms in range(start_ms - start_ms % DAY_MS, end_ms, DAY_MS):
        yield day_ms, (max(start_ms, day_ms), min(end_ms, day_ms + DAY_MS))


def _claim(day_ms: int, span: Span, memory: Memory) -> int | None:
    """What the day's record says of this piece; nothing where the piece is dark; None where it cannot be told."""
    sunrise_ms, sunset_ms = memory.daylight(day_ms)
    start_ms, end_ms = span
    if not memory.light(start_ms, end_ms):
        return 0
    remembered_wh = memory.wh_by_day.get(day_ms)
    if remembered_wh is None:
        return None
    if start_ms > sunrise_ms:
        measured = _counted(memory, (day_ms, start_ms + 1), lambda first, _: first <= sunrise_ms)
    elif end_ms < sunset_ms:
        measured = _counted(memory, (end_ms, day_ms + DAY_MS), lambda _, last: last >= sunset_ms)
    else:
        measured = 0
    return None if measured is None else max(0, remembered_wh - measured)


def _counted(memory: Memory, within: Span, enough: Callable[[int, int], bool]) -> int | None:
    """What was counted on the rest of the day, if it was read to the day's dark side."""
    readings = memory.readings(*within)
    if readings is None or not enough(*readings):
        return None
    return memory.counted(*readings)


def _lit_ms(day_ms: int, span: Span, memory: Memory) -> int:
    sunrise_ms, sunset_ms = memory.daylight(day_ms)
    return max(0, min(span[1], sunset_ms) - max(span[0], sunrise_ms))
