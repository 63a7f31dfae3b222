"""The drawings of the technician's page: metrics over weeks, charging stages, coverage and link by day.

Facts in, drawings out. Every drawing is complete without script; a chart also names its series for whoever zooms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from api.pages import formats, svg
from api.pages.svg_long import Frame, Stretch, shares, stretches
from api.pages.technique_facts import Line, TechniqueFacts
from api.pages.texts import named, text
from api.routes.latest import unit_of
from kiosk.time import DAY_MS, day_of

_LIGHT_S = 50_400
"""No day near Kaya is longer: a column of this height would be a charger at work from dawn to dusk."""
_HOURS = 24
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Chart:
    """One metric of one device over the span."""

    device: str
    metric: str
    name: str
    unit: str
    words: str
    """Lowest, highest and newest in words, for those who hear the page."""
    drawing: Markup


@dataclass(frozen=True, slots=True)
class Strip:
    """One line of days."""

    name: str
    share: str
    drawing: Markup


@dataclass(frozen=True, slots=True)
class StageStrip:
    """How long the charger was in each stage, day by day."""

    drawing: Markup
    words: str


def charts(language: str, facts: TechniqueFacts) -> list[Chart]:
    """Every metric that the site has values of in the span."""
    return [_chart(language, facts, line) for line in facts.lines if line.buckets]


def stages(language: str, facts: TechniqueFacts) -> StageStrip | None:
    """Bulk, absorption and float; None where no charger tells."""
    days: list[Sequence[float] | None] = []
    full = known = 0
    for day in _days(facts):
        figures = facts.figures.get(day)
        told = figures.battery.stages if figures else None
        if told is None:
            days.append(None)
            continue
        days.append([told.bulk_s / _LIGHT_S, told.absorption_s / _LIGHT_S, (told.float_s + told.equalise_s) / _LIGHT_S])
        known += told.full is not None
        full += told.full is True
    if not known:
        return None
    drawn = shares(days, ("g1", "g2", "g3"), text(language, "stages"))
    return StageStrip(drawn, text(language, "stages_full", n=full, of=known))


def coverage(language: str, facts: TechniqueFacts) -> list[Strip]:
    """By device: in how many hours of each day it said something, up to now."""
    strips = []
    for device, hours in sorted(facts.hours.items()):
        permilles: list[int | None] = []
        for back in range(facts.days):
            start_ms = facts.start_ms + back * DAY_MS
            until = min(_HOURS, -(-(facts.now_ms - start_ms) * _HOURS // DAY_MS))
            said = sum(start_ms <= at_ms < start_ms + DAY_MS for at_ms in hours)
            permilles.append(min(1000, 1000 * said // max(until, 1)))
        whole = -(-(facts.now_ms - facts.start_ms) * _HOURS // DAY_MS)
        share = formats.share(language, min(1000, 1000 * len(hours) // max(whole, 1)))
        title = text(language, "strip", name=device)
        strips.append(Strip(device, share, svg.strip(permilles, title)))
    return strips


def link_strip(language: str, facts: TechniqueFacts) -> Strip:
    """Share of the slots in which something arrived."""
    days = [facts.figures.get(day) for day in _days(facts)]
    slots, heard = sum(each.link.slots for each in days if each), sum(each.link.heard for each in days if each)
    share = formats.share(language, 1000 * heard // slots if slots else None)
    name = text(language, "link")
    drawn = svg.strip([each.link.permille if each else None for each in days], text(language, "strip", name=name))
    return Strip(name, share, drawn)


def _days(facts: TechniqueFacts) -> list[str]:
    return [day_of(facts.start_ms + number * DAY_MS) for number in range(facts.days)]


def _chart(language: str, facts: TechniqueFacts, line: Line) -> Chart:
    channel = line.channel
    scale = 10.0**channel.decimals
    found = {each.start_ms: each for each in line.buckets}
    steps: list[Stretch | None] = []
    for at_ms in range(facts.start_ms, min(facts.end_ms, facts.now_ms), facts.step_ms):
        each = found.get(at_ms)
        steps.append(None if each is None else Stretch(each.mean / scale, each.low / scale, each.high / scale))
    limit = facts.told.cutoff_mv / 1000 if channel.metric == "battery_voltage_v" else None
    unit = unit_of(channel.metric)
    name = named(language, "metric", channel.metric)
    frame = Frame(unit, facts.days * DAY_MS // facts.step_ms, _ticks(language, facts), limit)
    title = text(language, "chart", name=name, device=channel.device)
    return Chart(
        channel.device, channel.metric, name, unit, _words(language, line, unit), stretches(steps, title, frame)
    )


def _words(language: str, line: Line, unit: str) -> str:
    scale, decimals = 10.0**line.channel.decimals, line.channel.decimals
    low, high = min(each.low for each in line.buckets), max(each.high for each in line.buckets)
    told = [formats.quantity(language, value / scale, unit, decimals) for value in (low, high, line.buckets[-1].last)]
    return text(language, "low_high_last", low=told[0], high=told[1], last=told[2])


def _ticks(language: str, facts: TechniqueFacts) -> list[tuple[float, str]]:
    every = -(-facts.days // _TICKS)
    return [
        ((number + 0.5) / facts.days, formats.day_short(language, day_of(facts.start_ms + number * DAY_MS)))
        for number in range(0, facts.days, every)
    ]
