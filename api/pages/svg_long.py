"""Charts over weeks: a mean with its lowest and highest values, and days cut into shares. Knows numbers, no site.

Drawn to the same width as the charts of svg.py; a time without values is shaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup, escape

from api.pages.formats import NO_BREAK
from api.pages.svg import WIDTH, drawing, number

_HEIGHT, _BELOW, _ABOVE, _LEFT = 120, 19, 12, 62


@dataclass(frozen=True, slots=True)
class Stretch:
    """One step of a long chart."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Frame:
    """What a long chart is drawn in."""

    unit: str
    places: int
    """Steps of the whole span; those still to come have no value and are not shaded."""
    ticks: Sequence[tuple[float, str]]
    """Shares of the width, with their words."""
    limit: float | None = None
    """A line that matters, such as the cut-off."""


def stretches(steps: Sequence[Stretch | None], title: str, frame: Frame) -> Markup:
    """A line of means in a band from lowest to highest; None is shaded."""
    limit = frame.limit
    known = [step for step in steps if step is not None]
    if not known:
        return Markup("")
    lowest = min([step.low for step in known] + ([limit] if limit is not None else []))
    highest = max([step.high for step in known] + ([limit] if limit is not None else []))
    marks = _round_values(lowest, highest)
    lowest, highest = min(lowest, marks[0]), max(highest, marks[-1])
    base, room = _HEIGHT - _BELOW, _HEIGHT - _BELOW - _ABOVE
    wide = (WIDTH - _LEFT) / max(frame.places, len(steps))

    def at(value: float) -> str:
        return number(base - room * (value - lowest) / ((highest - lowest) or 1.0))

    parts = [f'<path class="mark" d="M{_LEFT} {at(mark)}H{WIDTH}"/>' for mark in marks]
    parts += _gaps(steps, wide, base)
    band, line = [], []
    for first, run in _runs(steps):
        xs = [number(_LEFT + (first + index + 0.5) * wide) for index in range(len(run))]
        tops = "L".join(f"{x} {at(step.high)}" for x, step in zip(xs, run, strict=True))
        feet = "L".join(f"{x} {at(step.low)}" for x, step in zip(reversed(xs), reversed(run), strict=True))
        band.append(f"M{tops}L{feet}z")
        line.append("M" + "L".join(f"{x} {at(step.mean)}" for x, step in zip(xs, run, strict=True)))
    parts.append(f'<path class="band" d="{"".join(band)}"/><path class="line" d="{"".join(line)}"/>')
    if limit is not None:
        parts.append(f'<path class="cut" d="M{_LEFT} {at(limit)}H{WIDTH}"/>')
    parts.append(f'<path class="axis" d="M{_LEFT} {base}H{WIDTH}"/>')
    for mark in marks:
        label = escape(f"{mark:g}{NO_BREAK}{frame.unit}")
        parts.append(f'<text class="end" x="{_LEFT - 4}" y="{number(float(at(mark)) + 5)}">{label}</text>')
    parts += _tick_texts(frame.ticks)
    return drawing(_HEIGHT, title, "".join(parts), "long")


def shares(days: Sequence[Sequence[float] | None], classes: Sequence[str], title: str) -> Markup:
    """One column a day, its shares stacked from below in the styles `classes`; None is an empty ring."""
    height = 40
    step = WIDTH / max(len(days), 1)
    drawn: dict[str, list[str]] = {}
    rings = []
    for index, day in enumerate(days):
        x = number(index * step + step / 2)
        if day is None:
            rings.append(f'<circle cx="{x}" cy="{height - 5}" r="2"/>')
            continue
        foot = float(height)
        for name, share in zip(classes, day, strict=True):
            tall = min(max(share, 0.0), 1.0) * height
            if tall > 0:
                drawn.setdefault(name, []).append(f"M{x} {number(foot)}v-{number(tall)}")
            foot -= tall
    thick = number(max(step - 1, step * 0.7))
    body = "".join(f'<path class="{name}" stroke-width="{thick}" d="{"".join(d)}"/>' for name, d in drawn.items())
    return drawing(height, title, body + "".join(rings), "strip")


def _runs(steps: Sequence[Stretch | None]) -> list[tuple[int, list[Stretch]]]:
    """Stretches of known steps with the index of their first."""
    runs: list[tuple[int, list[Stretch]]] = []
    for index, step in enumerate(steps):
        if step is None:
            continue
        if runs and runs[-1][0] + len(runs[-1][1]) == index:
            runs[-1][1].append(step)
        else:
            runs.append((index, [step]))
    return runs


def _gaps(steps: Sequence[Stretch | None], wide: float, base: int) -> list[str]:
    gaps, began = [], None
    for index, step in enumerate([*steps, Stretch(0, 0, 0)]):
        if step is None and began is None:
            began = index
        if step is not None and began is not None:
            left, right = number(_LEFT + began * wide), number(_LEFT + index * wide)
            gaps.append(f'<path class="gap" d="M{left} {_ABOVE}H{right}V{base}H{left}z"/>')
            began = None
    return gaps


def _tick_texts(ticks: Sequence[tuple[float, str]]) -> list[str]:
    return [
        f'<text x="{number(min(_LEFT + share * (WIDTH - _LEFT), WIDTH - 26))}" y="{_HEIGHT - 4}">{escape(label)}</text>'
        for share, label in ticks
    ]


def _round_values(low: float, high: float) -> list[float]:
    """Two to four round values that span the range."""
    spread = max(high - low, 1e-6)
    size = 10.0 ** floor(log10(spread))
    step = next(size * part for part in (0.2, 0.5, 1, 2, 5, 10) if spread / (size * part) <= 3)
    return [round(index * step, 6) for index in range(floor(low / step + 1e-9), ceil(high / step - 1e-9) + 1)]
