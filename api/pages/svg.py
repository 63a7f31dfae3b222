"""Small charts as SVG text. Knows numbers and labels, nothing of sites. A missing value never looks like a zero.

All charts are 320 units wide so that a phone shows them one to one; colours come from the page's style sheet by class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

from markupsafe import Markup, escape

WIDTH = 320


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of a bar chart."""

    label: str
    """Short text under the bar, shown where there is room."""
    value: float | None
    """None: nobody knows."""
    partial: bool = False
    """Known in part only: drawn hollow at its top."""


def drawing(height: int, title: str, body: str, kind: str) -> Markup:
    """An SVG element with its title for those who hear the page; `kind` is its style class."""
    return Markup(  # noqa: S704 every text inside was escaped where it was put in
        f'<svg class="{kind}" viewBox="0 0 {WIDTH} {height}" role="img"><title>{escape(title)}</title>{body}</svg>'
    )


def number(value: float) -> str:
    """A coordinate, short."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def bars(days: Sequence[Bar], title: str, top_label: str, height: int = 104) -> Markup:
    """Bars from zero up; a missing day is a small open ring on the base line. `top_label` names the highest value."""
    known = [day.value for day in days if day.value is not None]
    highest = max(known, default=0.0) or 1.0
    below, above = (19 if any(day.label for day in days) else 1), (20 if top_label else 2)
    floor, room = height - below, height - below - above
    step = WIDTH / max(len(days), 1)
    parts = [f'<path class="axis" d="M0 {floor}H{WIDTH}"/>']
    whole: list[str] = []
    partial: list[str] = []
    every = max(1, -(-len(days) * 42 // WIDTH))
    for index, day in enumerate(days):
        x = index * step
        if day.value is None:
            parts.append(f'<circle cx="{number(x + step / 2)}" cy="{floor - 4}" r="2"/>')
        else:
            # A known zero is a line one can see: only what nobody knows leaves the place empty.
            tall = max(round(room * day.value / highest, 1), 1.5)
            stroke = f"M{number(x + step / 2)} {floor}v-{number(tall)}"
            (partial if day.partial else whole).append(stroke)
        if day.label and (len(days) - 1 - index) % every == 0:
            place = number(min(x + step / 2, WIDTH - 9))
            parts.append(f'<text x="{place}" y="{height - 4}">{escape(day.label)}</text>')
    thick = number(step * 0.72)
    parts.append(f'<path class="bar" stroke-width="{thick}" d="{"".join(whole)}"/>')
    if partial:
        parts.append(f'<path class="part" stroke-width="{thick}" d="{"".join(partial)}"/>')
    if known and top_label:
        parts.append(f'<text class="start" x="0" y="14">{escape(top_label)}</text>')
    return drawing(height, title, "".join(parts), "bars")


@dataclass(frozen=True, slots=True)
class Scale:
    """The vertical range of a curve, and the lines worth naming in it."""

    low: float
    high: float
    marks: tuple[tuple[float, str], ...] = ()
    limit: tuple[float, str] | None = None
    """A line that matters more than the others, such as the cut-off."""


def curve(
    points: Sequence[tuple[float, float | None]],
    scale: Scale,
    title: str,
    ticks: Sequence[tuple[float, str]],
    height: int = 116,
) -> Markup:
    """A line over a span of 0..1 in x; None breaks the line, and the break is shaded as unknown."""
    floor, room = height - 19, height - 29
    spread = (scale.high - scale.low) or 1.0

    def at(value: float) -> float:
        return floor - room * min(max((value - scale.low) / spread, 0.0), 1.0)

    parts = [f'<path class="mark" d="M0 {number(at(value))}H{WIDTH}"/>' for value, _ in scale.marks]
    if scale.limit is not None:
        parts.append(f'<path class="cut" d="M0 {number(at(scale.limit[0]))}H{WIDTH}"/>')
    line, pen_down, last_x = [], False, 0.0
    for share, value in points:
        x = share * WIDTH
        if value is None:
            pen_down = False
            continue
        if not pen_down and x - last_x > WIDTH / 100:
            parts.append(f'<path class="gap" d="M{number(last_x)} 8H{number(x)}V{floor}H{number(last_x)}z"/>')
        line.append(f"{'L' if pen_down else 'M'}{number(x)} {number(at(value))}")
        pen_down, last_x = True, x
    if points and WIDTH * points[-1][0] - last_x > WIDTH / 100:
        parts.append(
            f'<path class="gap" d="M{number(last_x)} 8H{number(WIDTH * points[-1][0])}V{floor}H{number(last_x)}z"/>'
        )
    parts.append(f'<path class="line" d="{"".join(line)}"/><path class="axis" d="M0 {floor}H{WIDTH}"/>')
    for value, label in (*scale.marks, *((scale.limit,) if scale.limit else ())):
        parts.append(f'<text x="{WIDTH}" y="{number(at(value) - 3)}" class="end">{escape(label)}</text>')
    for share, label in ticks:
        place = min(max(share * WIDTH, 15), WIDTH - 15)
        parts.append(f'<text x="{number(place)}" y="{height - 4}">{escape(label)}</text>')
    return drawing(height, title, "".join(parts), "curve")


def strip(shares_permille: Sequence[int | None], title: str) -> Markup:
    """One cell a day: full, most, some, little, none known. Height tells the share too, for those who see no colour."""
    step = WIDTH / max(len(shares_permille), 1)
    levels: dict[str, list[str]] = {}
    for index, share in enumerate(shares_permille):
        x = number(index * step + step / 2)
        if share is None:
            levels.setdefault("s0", []).append(f"M{x} 18v-3")
            continue
        name = "s4" if share >= 990 else "s3" if share >= 900 else "s2" if share >= 500 else "s1"
        levels.setdefault(name, []).append(f"M{x} 18v-{number(3 + 15 * share / 1000)}")
    thick = number(step - 1)
    body = "".join(
        f'<path class="{name}" stroke-width="{thick}" d="{"".join(d)}"/>' for name, d in sorted(levels.items())
    )
    return drawing(18, title, body, "strip")


@dataclass(frozen=True, slots=True)
class Place:
    """One site on the map."""

    label: str
    lat_deg: float
    lon_deg: float
    state: str
    """Style class of its state."""
    shape: str
    """The sign that the state has everywhere on the pages."""


KM_PER_DEGREE = 111.2
"""Of latitude."""


def village_map(places: Sequence[Place], title: str, north: str, height: int = 140) -> Markup:
    """Sites by commune, north up, with a scale; no finer than the positions given, which are the communes'."""
    if not places:
        return Markup("")
    lats, lons = [place.lat_deg for place in places], [place.lon_deg for place in places]
    middle_lat, middle_lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    narrow = cos(radians(middle_lat))
    spread = max(max(lats) - min(lats), (max(lons) - min(lons)) * narrow * 0.6, 0.05)
    unit = (height - 56) / spread
    parts: list[str] = []
    taken: list[tuple[float, float]] = []
    for place in sorted(places, key=lambda each: -each.lat_deg):
        x = min(max(WIDTH / 2 - 40 + (place.lon_deg - middle_lon) * narrow * unit, 12), WIDTH * 0.6)
        y = height / 2 - (place.lat_deg - middle_lat) * unit
        while any(abs(y - other_y) < 17 and abs(x - other_x) < 150 for other_x, other_y in taken):
            y += 17
        taken.append((x, y))
        parts.append(
            f'<text class="{place.state} sign" x="{number(x)}" y="{number(y + 5)}">{escape(place.shape)}</text>'
        )
        parts.append(f'<text class="name" x="{number(x + 10)}" y="{number(y + 4)}">{escape(place.label)}</text>')
    height = max(height, round(max(y for _, y in taken)) + 30)
    land = f'<rect class="land" width="{WIDTH}" height="{height}" rx="8"/>'
    up = f'<text class="end" x="{WIDTH - 8}" y="16">{escape(north)} ↑</text>'
    return drawing(height, title, "".join((land, _scale_bar(unit / KM_PER_DEGREE, height), up, *parts)), "map")


def _scale_bar(unit_per_km: float, height: int) -> str:
    km = next((km for km in (1, 2, 5, 10, 20, 50, 100, 200, 500) if km * unit_per_km >= 40), 1000)
    long = km * unit_per_km
    y = height - 8
    bar = f'<path class="axis" d="M10 {y - 3}v3h{number(long)}v-3"/>'
    return f'{bar}<text x="{number(10 + long / 2)}" y="{y - 5}">{km} km</text>'
