"""The battery on a site's page: what it allows tonight and why, last night's curve, the last seven nights.

Words and drawings only: nights.py judges.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from api.pages import formats, nights, svg, svg_days
from api.pages.nights import STEP_MS, Allows, Night, Tonight
from api.pages.site_facts import SiteFacts
from api.pages.states import SIGNS, Level
from api.pages.texts import text
from kiosk.time import DAY_MS

_HOUR_MS = 3_600_000
_TICK_MS = 3 * _HOUR_MS
_LEVELS: dict[Allows, Level] = {
    Allows.OK: "ok",
    Allows.CAREFUL: "warn",
    Allows.RISK: "bad",
    Allows.OFF: "bad",
    Allows.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True)
class BatteryPart:
    """What the template puts in place."""

    when: str
    level: Level
    sign: str
    word: str
    why: str
    estimate: str
    now: str
    notes: list[str]
    night_title: str
    night: Markup
    week: Markup


def draw(language: str, facts: SiteFacts) -> BatteryPart:
    """Everything about the battery."""
    value = facts.battery_voltage()
    volts = None if value is None else value.value / 10**value.decimals
    fresh = value is not None and facts.is_fresh(value.utc_ms)
    off = fresh and facts.page.battery is not None and facts.page.battery.off
    judged = nights.tonight(facts.nights, facts.told, volts if fresh else None, load_off=off)
    level = _LEVELS[judged.allows]
    shown = facts.nights[-1] if facts.nights else None
    return BatteryPart(
        when=text(language, "this_night" if nights.is_dark(facts.now_ms, facts.told) else "this_evening"),
        level=level,
        sign=SIGNS[level],
        word=text(language, f"tonight_{judged.allows}"),
        why=_why(language, facts, judged, volts),
        estimate=_estimate(language, judged),
        now=_now(language, facts),
        notes=_notes(language, facts),
        night_title=""
        if shown is None
        else text(language, "night_chart", day=formats.day_short(language, shown.evening)),
        night=Markup("") if shown is None else _night_chart(language, facts, shown),
        week=_week(language, facts),
    )


def _why(language: str, facts: SiteFacts, judged: Tonight, volts: float | None) -> str:
    cutoff = _volts(language, facts.told.cutoff_mv / 1000)
    worst = judged.worst
    if judged.low_now and volts is not None:
        return text(language, "why_low", volts=_volts(language, volts), cutoff=cutoff)
    if judged.allows is Allows.UNKNOWN and (volts is None or not judged.nights):
        value = facts.battery_voltage()
        fresh = value is not None and facts.is_fresh(value.utc_ms)
        return text(language, "why_no_nights" if fresh else "why_unknown")
    if worst is None or worst.low_v is None:
        return text(language, f"why_{judged.allows}")
    time = "" if worst.under_ms is None else formats.clock(language, worst.under_ms)
    day, low = formats.day_short(language, worst.evening), _volts(language, worst.low_v)
    told = {"n": judged.nights, "low": low, "cutoff": cutoff, "day": day, "time": time}
    one = judged.allows is Allows.OK and judged.nights == 1
    return text(language, "why_ok_one" if one else f"why_{judged.allows}", **told)


def _estimate(language: str, judged: Tonight) -> str:
    if judged.worst is None:
        return ""
    return text(language, "estimated_by_one" if judged.nights == 1 else "estimated_by", n=judged.nights)


def _volts(language: str, volts: float) -> str:
    return formats.quantity(language, volts, "V", 1)


def _now(language: str, facts: SiteFacts) -> str:
    value = facts.battery_voltage()
    if value is None:
        return ""
    key = "battery_now" if facts.is_fresh(value.utc_ms) else "battery_last"
    told = _volts(language, value.value / 10**value.decimals)
    return text(language, key, volts=told, age=formats.age(language, facts.now_ms - value.utc_ms))


def _notes(language: str, facts: SiteFacts) -> list[str]:
    today = facts.page.card.today
    value = facts.battery_voltage()
    if today is None or value is None or not facts.is_fresh(value.utc_ms):
        return []
    notes = []
    if today.battery.min_mv is not None and today.battery.min_at_ms is not None:
        low = _volts(language, today.battery.min_mv / 1000)
        notes.append(text(language, "day_low", volts=low, time=formats.clock(language, today.battery.min_at_ms)))
    stages = today.battery.stages
    if stages is not None and stages.full is not None:
        notes.append(text(language, "full_yes" if stages.full else "full_no"))
    return notes


def _night_chart(language: str, facts: SiteFacts, night: Night) -> Markup:
    """The night that goes on, else the last one: a line from sunset to sunrise."""
    known = [volts for volts in night.means_v if volts is not None]
    if not known:
        return Markup("")
    span_ms = night.end_ms - night.start_ms
    points = [((place + 0.5) * STEP_MS / span_ms, volts) for place, volts in enumerate(night.means_v)]
    cutoff = facts.told.cutoff_mv / 1000
    low, high = min(*known, cutoff) - 0.15, max(*known, cutoff) + 0.2
    halves = [half / 2 for half in range(int(cutoff * 2) + 1, int(high * 2) + 1)]
    marks = tuple((half, _volts(language, half)) for half in halves if cutoff + 0.2 < half < high - 0.1)
    limit = (cutoff, text(language, "cutoff", volts=_volts(language, cutoff)))
    first = night.start_ms - night.start_ms % _TICK_MS + _TICK_MS
    ticks = [
        ((tick - night.start_ms) / span_ms, f"{tick % DAY_MS // _HOUR_MS}\u00a0h")
        for tick in range(first, night.end_ms, _TICK_MS)
    ]
    day = formats.day_short(language, night.evening)
    return svg.curve(points, svg.Scale(low, high, marks, limit), text(language, "night_chart", day=day), ticks)


def _week(language: str, facts: SiteFacts) -> Markup:
    lows = [night.low_v for night in facts.nights if night.low_v is not None]
    if not lows:
        return Markup("")
    cutoff = facts.told.cutoff_mv / 1000
    highs = [volts for night in facts.nights for volts in night.means_v if volts is not None]
    panels = [
        svg_days.Panel(
            above=formats.weekday(language, night.evening),
            below="?" if night.low_v is None else formats.number(language, night.low_v, 1),
            values=night.means_v[::2],
            places=-(-(night.end_ms - night.start_ms) // (2 * STEP_MS)),
            level="" if night.low_v is None or night.under_ms is None else "bad",
        )
        for night in facts.nights
    ]
    span = svg_days.Range(min(*lows, cutoff) - 0.1, max(*highs, cutoff), mark=cutoff)
    return svg_days.row(panels, span, text(language, "nights_week"), "line")
