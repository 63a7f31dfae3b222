"""All figures of one site and civil day: the one function that calls every other, and their stored form."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from figures.battery import Battery, Stages, battery
from figures.energy import LOAD, SHELF, SOLAR, Energy, energy
from figures.facts import DayFacts, PastDay
from figures.income import Income, Service, income
from figures.reasons import Reason, Why
from figures.spans import Span, between_readings, clip, length, merge, permille, subtract
from figures.sun import daylight
from figures.uptime import (
    Availability,
    Link,
    agent_uptime,
    empty_battery_ms,
    link_availability,
    power_availability,
)
from figures.witness import contradictions
from kiosk.reading import OWN_DEVICES

VERSION = 2
"""Of the stored form and of the definitions: figures of another version are computed again."""


@dataclass(frozen=True, slots=True)
class Daylight:
    """The sun's part of the day, so that no sun and no readings never look alike."""

    sunrise_ms: int
    sunset_ms: int
    coverage_permille: int | None
    """Share of the daylight (until now) with readings; None before sunrise."""


@dataclass(frozen=True, slots=True)
class DayFigures:
    """What is drawn, stored and added up. Energies in Wh, shares in thousandths, money in minor units, times UTC ms."""

    day: str
    until_ms: int
    """The day was judged up to here."""
    solar: Energy
    load: Energy
    shelf: Energy
    power: Availability
    agent: Availability
    link: Link
    battery: Battery
    daylight: Daylight
    income: Income
    coverage_permille: int | None
    """Share of the day (until now) with readings of any device."""
    reasons: tuple[Reason, ...]
    """What is missing or doubtful, and why."""
    history: tuple[PastDay, ...]
    """What each controller told later of this day, by its own midnight: beside what was measured, never in it."""
    told_days: tuple[str, ...]
    """Earlier days of which readings of this day tell what a controller remembers."""
    edges: tuple[str, str]
    """DayFacts.edges of the facts that this was computed from."""
    version: int = VERSION

    def to_json(self) -> str:
        """One spelling for equal figures; integers, texts, booleans and null only."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> DayFigures:
        """The inverse of to_json. ValueError for another version: compute the day again."""
        fields = json.loads(text)
        if fields.get("version") != VERSION:
            raise ValueError(f"figures of version {fields.get('version')}, not {VERSION}: mark the day dirty")
        money = fields.pop("income")
        for name in ("by_service", "by_pay"):
            money[name] = {key: Service(**value) for key, value in money[name].items()}
        stages = fields["battery"].pop("stages")
        return cls(
            solar=_energy(fields.pop("solar")),
            load=_energy(fields.pop("load")),
            shelf=_energy(fields.pop("shelf")),
            power=Availability(**fields.pop("power")),
            agent=Availability(**fields.pop("agent")),
            link=Link(**fields.pop("link")),
            battery=Battery(**fields.pop("battery"), stages=None if stages is None else Stages(**stages)),
            daylight=Daylight(**fields.pop("daylight")),
            income=Income(**money),
            reasons=tuple(Reason(**reason) for reason in fields.pop("reasons")),
            history=tuple(PastDay(**past) for past in fields.pop("history")),
            told_days=tuple(fields.pop("told_days")),
            edges=tuple(fields.pop("edges")),
            **fields,
        )


def day_figures(facts: DayFacts) -> DayFigures:
    """Every figure of the day. Equal facts in any order give equal figures."""
    facts = facts.in_order()
    covers = {device: _cover(facts, device) for device in sorted({points.device for points in facts.series})}
    covered = clip(merge(span for spans in covers.values() for span in spans), *facts.whole)
    solar, load, shelf = (energy(facts, source) for source in (SOLAR, LOAD, SHELF))
    power, agent, link = power_availability(facts), agent_uptime(facts), link_availability(facts)
    light = _daylight(facts, covered)
    reasons = [
        *_missing(facts, covers, covered, agent, power),
        *_doubtful({"solar": solar, "load": load, "shelf": shelf}),
        *_dark(facts, light, solar),
        *(Reason(Why.DEVICES_DISAGREE, device, apart_mv) for device, apart_mv in contradictions(facts).items()),
    ]
    if link.slots > link.heard:
        reasons.append(Reason(Why.NOT_HEARD, "link", link.slots - link.heard))
    return DayFigures(
        day=facts.day,
        until_ms=facts.until_ms,
        solar=solar,
        load=load,
        shelf=shelf,
        power=power,
        agent=agent,
        link=link,
        battery=battery(facts),
        daylight=light,
        income=income(facts),
        coverage_permille=permille(length(covered), length([facts.whole])),
        reasons=tuple(sorted(reasons, key=lambda reason: (reason.code, reason.subject))),
        history=tuple(past for past in facts.history if past.day == facts.day),
        told_days=facts.told_days(),
        edges=facts.edges_in_order(),
    )


def _energy(fields: dict[str, Any]) -> Energy:
    return Energy(**{**fields, "marks": tuple(fields["marks"])})


def _cover(facts: DayFacts, device: str) -> list[Span]:
    """The time that any metric of the device vouches for; metrics that were read together are looked at once."""
    seen: list[object] = []
    spans: list[Span] = []
    for points in facts.series:
        if points.device == device and points.times_ms not in seen:
            seen.append(points.times_ms)
            spans += between_readings(points.times_ms, facts.parameters.gap_limit_ms)
    return clip(merge(spans), *facts.whole)


def _daylight(facts: DayFacts, covered: list[Span]) -> Daylight:
    sun = daylight(facts.start_ms, facts.parameters.lat_deg, facts.parameters.lon_deg)
    light = clip([(sun.sunrise_ms, sun.sunset_ms)], *facts.whole)
    seen = [piece for span in light for piece in clip(covered, *span)]
    return Daylight(sun.sunrise_ms, sun.sunset_ms, permille(length(seen), length(light)))


def _missing(
    facts: DayFacts, covers: dict[str, list[Span]], covered: list[Span], agent: Availability, power: Availability
) -> Iterable[Reason]:
    whole_ms = length([facts.whole])
    alive = clip(merge((boot.start_ms, boot.end_ms) for boot in facts.boots), *facts.whole)
    off_ms = whole_ms - length(alive)
    if not covered:
        yield Reason(Why.NO_READINGS, "", whole_ms)
    if off_ms:
        yield Reason(Why.AGENT_OFF, "", off_ms)
    lost_ms = empty_battery_ms(agent, power)
    if lost_ms:
        yield Reason(Why.POWER_LOST, "", lost_ms)
    all_silent_ms = _long_ms(facts, subtract(alive, covered))
    spoken = alive
    if all_silent_ms and (facts.rows_waiting or facts.dropped_rows):
        yield Reason(Why.AT_KIOSK if facts.rows_waiting else Why.DROPPED_ROWS, "", all_silent_ms)
        spoken = [piece for span in covered for piece in clip(alive, *span)]
    for device, cover in covers.items():
        if device in OWN_DEVICES:
            continue
        silent_ms = _long_ms(facts, subtract(spoken, cover))
        if silent_ms:
            yield Reason(Why.DEVICE_SILENT, device, silent_ms)
    if facts.undated_boots:
        yield Reason(Why.UNDATED_BOOT, "", facts.undated_boots)
    for flagged in facts.flagged:
        yield Reason(Why.FLAGGED_VALUES, f"{flagged.device} {flagged.metric}", flagged.count)
    if facts.until_ms < facts.end_ms:
        yield Reason(Why.NOT_OVER, "", facts.end_ms - facts.until_ms)


def _long_ms(facts: DayFacts, gaps: list[Span]) -> int:
    """Of gaps that readings do not bridge."""
    return length([gap for gap in gaps if length([gap]) > facts.parameters.gap_limit_ms])


def _doubtful(energies: dict[str, Energy]) -> Iterable[Reason]:
    for name, figure in energies.items():
        for mark in figure.marks:
            yield Reason(mark, name)


def _dark(facts: DayFacts, light: Daylight, solar: Energy) -> Iterable[Reason]:
    """Why a solar energy of 0, or none at all, may be right or wrong."""
    if facts.until_ms <= light.sunrise_ms:
        yield Reason(Why.BEFORE_SUNRISE, "solar")
    elif solar.energy_wh == 0 and light.coverage_permille:
        daylight_ms = min(facts.until_ms, light.sunset_ms) - light.sunrise_ms
        yield Reason(Why.NO_YIELD, "solar", daylight_ms * light.coverage_permille // 1000)
