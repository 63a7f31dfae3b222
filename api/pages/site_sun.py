"""The sun on a site's page: now, today's energy with its range, seven days drawn hour by hour, thirty days as bars.

Words and drawings only. No sun and no measurement never look alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from api.pages import formats, nights, svg, svg_days
from api.pages.site_facts import SUN_STEP_MS, WEEK, Curve, SiteFacts
from api.pages.texts import text
from figures.day import DayFigures
from figures.reasons import Mark
from kiosk.time import DAY_MS, day_of

_HOUR_MS = 3_600_000
_WHOLE_PERMILLE = 990
"""Above this share a figure is called whole: a restart of the agent is no gap that a reader must know."""
_COARSE_PERMILLE = 30
"""A figure that may be off by more than this share is shown with its range."""
ESTIMATES = (Mark.ESTIMATED, Mark.INTEGRATED)
"""Marks with a sentence of their own."""
_DAWN_MS, _DUSK_MS = 6 * _HOUR_MS, 18 * _HOUR_MS


@dataclass(frozen=True, slots=True)
class SunPart:
    """What the template puts in place."""

    now: str
    today: str
    estimate: str
    week: Markup
    month: Markup


def draw(language: str, facts: SiteFacts) -> SunPart:
    """Everything about the sun."""
    return SunPart(
        now=_now(language, facts),
        today=_today(language, facts.page.card.today),
        estimate=_estimate(language, facts.page.card.today),
        week=_week(language, facts),
        month=_month(language, facts),
    )


def _now(language: str, facts: SiteFacts) -> str:
    if nights.is_dark(facts.now_ms, facts.told):
        last = None
        if facts.watts is not None:
            last = next((bucket for bucket in reversed(facts.watts.buckets) if bucket.high > 0), None)
        if last is None or facts.watts is None or facts.now_ms - last.start_ms > DAY_MS:
            return text(language, "sun_night_unseen")
        watts = formats.quantity(language, last.mean / facts.watts.scale, "W")
        return text(language, "sun_night", time=formats.clock(language, last.start_ms), watts=watts)
    value = facts.value("pv_power_w")
    if value is None or not facts.is_fresh(value.utc_ms):
        return text(language, "sun_unknown")
    told = text(language, "sun_now", watts=formats.quantity(language, value.value / 10**value.decimals, "W"))
    return f"{told}, {formats.age(language, facts.now_ms - value.utc_ms)}"


def _today(language: str, today: DayFigures | None) -> str:
    if today is None or (today.solar.energy_wh is None and today.load.energy_wh is None):
        return text(language, "energy_unknown")
    solar = formats.energy(language, today.solar.energy_wh)
    load = formats.energy(language, today.load.energy_wh)
    told = text(language, "energy_today", energy=solar, load=load)
    covered = min(today.solar.coverage_permille or 0, today.load.coverage_permille or 0)
    if covered >= _WHOLE_PERMILLE:
        return told
    return f"{told} {text(language, 'measured', share=formats.share(language, covered))}"


def _estimate(language: str, today: DayFigures | None) -> str:
    """The range of today's solar energy and why it is no exact figure; "" where it is good enough."""
    if today is None or not today.solar.energy_wh:
        return ""
    solar = today.solar
    if solar.uncertainty_wh * 1000 <= (solar.energy_wh or 0) * _COARSE_PERMILLE and Mark.ESTIMATED not in solar.marks:
        return ""
    known = next((mark for mark in ESTIMATES if mark in solar.marks), "other")
    told = formats.energy_range(language, solar.energy_wh or 0, solar.uncertainty_wh)
    return text(language, "energy_range", range=told, why=text(language, f"estimate_{known}"))


def _week(language: str, facts: SiteFacts) -> Markup:
    if facts.watts is None:
        return Markup("")
    energies = {each.day: each.solar.energy_wh for each in facts.page.days}
    panels = []
    for back in range(WEEK):
        start_ms = facts.watts.start_ms + back * DAY_MS
        day = day_of(start_ms)
        energy_wh = energies.get(day)
        below = "?" if energy_wh is None else formats.number(language, energy_wh / 1000, 1)
        values = _values(facts.watts, start_ms, facts.now_ms)
        panels.append(
            svg_days.Panel(formats.weekday(language, day), below, values, (_DUSK_MS - _DAWN_MS) // SUN_STEP_MS)
        )
    highest = max((value for panel in panels for value in panel.values if value is not None), default=0.0)
    return svg_days.row(panels, svg_days.Range(0.0, highest or 1.0), text(language, "sun_7"), "area")


def _values(watts: Curve, day_ms: int, now_ms: int) -> tuple[float | None, ...]:
    """By half hours of daylight; what is still to come is left out."""
    means = {bucket.start_ms: bucket.mean / watts.scale for bucket in watts.buckets}
    steps = range(day_ms + _DAWN_MS, min(day_ms + _DUSK_MS, now_ms), SUN_STEP_MS)
    return tuple(means.get(at_ms) for at_ms in steps)


def _month(language: str, facts: SiteFacts) -> Markup:
    bars, best = [], 0
    for day, figures in facts.recent_days():
        energy = figures.solar.energy_wh if figures else None
        whole = figures is not None and (figures.daylight.coverage_permille or 0) >= 900
        bars.append(svg.Bar(str(int(day[8:])), energy, partial=not whole or day == day_of(facts.now_ms)))
        best = max(best, energy or 0)
    top = text(language, "best_day", amount=formats.energy(language, best))
    return svg.bars(bars, text(language, "sun_30"), top)
