"""Rows of small equal drawings, one a day or night, and two sums side by side. Knows numbers and labels, no site.

Drawn to the same width as the charts of svg.py. A day of which nothing is known has a question mark and no line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from api.pages.svg import WIDTH, drawing, number


@dataclass(frozen=True, slots=True)
class Panel:
    """One small drawing."""

    above: str
    below: str
    values: tuple[float | None, ...]
    """Evenly over the panel's span, in the row's range; None: not known. What is still to come is left out."""
    places: int
    """How many values the whole span has."""
    level: str = ""
    """Style class of the text below, where it is a judgement."""


@dataclass(frozen=True, slots=True)
class Range:
    """The vertical range of all panels of a row, and a line worth seeing in each."""

    low: float
    high: float
    mark: float | None = None


def row(panels: Sequence[Panel], span: Range, title: str, kind: str, height: int = 96) -> Markup:
    """The panels side by side; `kind` is `line` or `area`."""
    floor, room = height - 19, height - 44
    step = WIDTH / max(len(panels), 1)
    wide = step - 5
    spread = (span.high - span.low) or 1.0

    def at(value: float) -> str:
        return number(floor - room * min(max((value - span.low) / spread, 0.0), 1.0))

    parts = []
    for index, panel in enumerate(panels):
        left = index * step
        middle = number(left + wide / 2)
        parts.append(
            f'<path class="land" d="M{number(left)} {floor - room - 4}h{number(wide)}V{floor}h-{number(wide)}z"/>'
        )
        if span.mark is not None:
            parts.append(f'<path class="mark" d="M{number(left)} {at(span.mark)}h{number(wide)}"/>')
        xs = [left + wide * (place + 0.5) / panel.places for place in range(len(panel.values))]
        parts.append(_trace(list(zip(xs, panel.values, strict=True)), at, floor, kind))
        if panel.values and all(value is None for value in panel.values):
            parts.append(f'<text class="lost" x="{middle}" y="{floor - room // 2 + 5}">?</text>')
        parts.append(f'<text x="{middle}" y="14">{escape(panel.above)}</text>')
        parts.append(
            f'<text class="{panel.level or "name"}" x="{middle}" y="{height - 4}">{escape(panel.below)}</text>'
        )
    return drawing(height, title, "".join(parts), "days")


def _trace(points: Sequence[tuple[float, float | None]], at: Callable[[float], str], floor: int, kind: str) -> str:
    """One path with a piece for each stretch of known values."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, value in points:
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((x, value))
    drawn = []
    for piece in pieces:
        if not piece:
            continue
        line = "L".join(f"{number(x)} {at(value)}" for x, value in piece)
        if kind == "area":
            drawn.append(f"M{number(piece[0][0])} {floor}L{line}V{floor}z")
        else:
            drawn.append(f"M{line}")
    return f'<path class="{kind}" d="{"".join(drawn)}"/>' if drawn else ""


def against(now: float, before: float, same: float, title: str) -> Markup:
    """This sum as a dark bar over the earlier one as a pale bar, with a line at the earlier one's same date."""
    widest = max(now, before, 1.0)
    wide, pale, line = (number(WIDTH * max(value, 0.0) / widest) for value in (now, before, same))
    body = (
        f'<path class="part" stroke-width="12" d="M0 22h{pale}"/><path class="bar" stroke-width="12" d="M0 8h{wide}"/>'
        f'<path class="ink" d="M{line} 14v16"/>'
    )
    return drawing(30, title, body, "against")
