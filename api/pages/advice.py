"""What a technician should look at, worst first: findings from a site's stored figures, each with what to do.

Chooses and counts; whether something is missing was judged by figures/. Words are in words_technique.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from api.pages import formats
from api.pages.missing import is_dark
from api.pages.states import Level
from api.pages.texts import named, text
from figures.day import DayFigures
from figures.reasons import Mark, Why
from office.money import Completeness
from office.overview import SitePage

DAYS = 7
_HOUR_MS = 3_600_000
_OFTEN = 5
"""Of seven days: more than bad weather."""
_LINK_PERMILLE = 500
_COUNTER_MARKS = (Mark.COUNTER_STUCK, Mark.COUNTER_JUMP)


class Seen(StrEnum):
    """What may be found; the names are those of the sentences."""

    POWER_DOWN = "power_down"
    NOT_FULL = "not_full"
    NO_YIELD = "no_yield"
    COUNTER = "counter"
    DEVICE_SILENT = "device_silent"
    FLAGGED = "flagged"
    LINK = "link"
    NO_CLOCK = "no_clock"
    NO_SPACE = "no_space"
    FORKED = "forked"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at."""

    level: Level
    what: str
    do: str


_Told = tuple[Level, Seen, dict[str, object]]


def findings(language: str, page: SitePage) -> list[Finding]:
    """Of the last seven computed days and of the ledger, worst first."""
    recent = page.days[-DAYS:]
    told = [*_of_power(language, recent), *_of_devices(language, recent), *_of_kiosk(language, page)]
    told += _of_ledger(language, page.card.completeness)
    told.sort(key=lambda each: each[0] != "bad")
    return [
        Finding(level, text(language, f"find_{code}", **facts), text(language, f"fix_{code}"))
        for level, code, facts in told
    ]


def _of_power(language: str, recent: Sequence[DayFigures]) -> Iterator[_Told]:
    down = [day for day in recent if day.power.down_ms]
    if down:
        span = formats.span(language, sum(day.power.down_ms for day in down))
        yield "bad", Seen.POWER_DOWN, {"n": len(down), "of": len(recent), "span": span}
    known = [day.battery.stages.full for day in recent if day.battery.stages and day.battery.stages.full is not None]
    if known.count(False) >= _OFTEN:
        yield "warn", Seen.NOT_FULL, {"n": known.count(False), "of": len(recent)}
    dark = [day for day in recent if any(is_dark(reason) for reason in day.reasons)]
    if dark:
        yield "bad", Seen.NO_YIELD, {"day": formats.day_short(language, dark[-1].day)}
    if any(set(day.solar.marks) & set(_COUNTER_MARKS) for day in recent):
        yield "warn", Seen.COUNTER, {}


def _of_devices(language: str, recent: Sequence[DayFigures]) -> Iterator[_Told]:
    silent: dict[str, int] = {}
    flagged: dict[str, int] = {}
    for day in recent:
        for reason in day.reasons:
            if reason.code == Why.DEVICE_SILENT:
                silent[reason.subject] = silent.get(reason.subject, 0) + reason.amount
            if reason.code == Why.FLAGGED_VALUES:
                flagged[reason.subject] = flagged.get(reason.subject, 0) + reason.amount
    for device, silent_ms in sorted(silent.items()):
        if silent_ms >= _HOUR_MS:
            yield "warn", Seen.DEVICE_SILENT, {"device": device, "span": formats.span(language, silent_ms)}
    for subject, count in sorted(flagged.items()):
        device, _, metric = subject.partition(" ")
        metric_name, n = named(language, "metric", metric), formats.number(language, count)
        yield "warn", Seen.FLAGGED, {"device": device, "metric": metric_name, "n": n}


def _of_kiosk(language: str, page: SitePage) -> Iterator[_Told]:
    recent = page.days[-DAYS:]
    slots, heard = sum(day.link.slots for day in recent), sum(day.link.heard for day in recent)
    if slots and heard * 1000 < slots * _LINK_PERMILLE:
        yield "warn", Seen.LINK, {"share": formats.share(language, 1000 * heard // slots)}
    codes = {reason.code for day in recent for reason in day.reasons}
    if Why.UNDATED_BOOT in codes:
        yield "warn", Seen.NO_CLOCK, {}
    if Why.DROPPED_ROWS in codes:
        yield "warn", Seen.NO_SPACE, {}


def _of_ledger(language: str, complete: Completeness) -> Iterator[_Told]:
    if complete.forked:
        yield "bad", Seen.FORKED, {}
    if complete.lost_records:
        yield "bad", Seen.LOST, {"n": formats.number(language, complete.lost_records)}
