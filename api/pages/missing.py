"""What is missing from the recent days and why, told in few lines: the same reason on consecutive days is one line.

Chooses and words; whether something is missing was judged by figures/.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from api.pages import formats
from api.pages.texts import named, text
from figures.day import DayFigures
from figures.reasons import Reason, Why

LINES_MAX = 10
"""More would not be read on a phone; the rest is in the table to download."""
SHORT_MS = 900_000
"""A time without agent or device that is shorter is a restart; it is in the figures, and no line on a page."""
DARK_MS = 7_200_000
"""So much daylight without energy is a fault; less is an early morning, when a counter has not made its first step."""

_NOT_MISSING = (Why.NOT_OVER, Why.BEFORE_SUNRISE)
_IN_TIME = (Why.AGENT_OFF, Why.POWER_LOST, Why.AT_KIOSK, Why.DROPPED_ROWS, Why.DEVICE_SILENT)
NO_NEWS = "no_news"
"""Nothing tells whether the kiosk ran: not a reason of a day, but of a day together with those after it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One reason over consecutive days."""

    days: str
    what: str


@dataclass(frozen=True, slots=True)
class _Run:
    first: str
    last: str
    code: str
    subject: str
    amount: int


def is_dark(reason: Reason) -> bool:
    """Whether the panels gave nothing although the day was long enough to say so."""
    return reason.code == Why.NO_YIELD and reason.amount >= DARK_MS


def lines(language: str, days: Sequence[DayFigures]) -> tuple[list[Line], int]:
    """The newest lines, and how many more there are."""
    runs = sorted(_runs(days), key=lambda run: (run.last, run.first, run.code), reverse=True)
    shown = [Line(_days(language, run), _what(language, run)) for run in runs[:LINES_MAX]]
    return shown, max(0, len(runs) - LINES_MAX)


def _runs(days: Iterable[DayFigures]) -> list[_Run]:
    open_runs: dict[tuple[str, str], _Run] = {}
    done: list[_Run] = []
    for day in days:
        for reason in _told(day):
            key = (reason.code, reason.subject)
            run = open_runs.get(key)
            if run is not None and _follows(run.last, day.day):
                open_runs[key] = _Run(run.first, day.day, *key, run.amount + reason.amount)
                continue
            if run is not None:
                done.append(run)
            open_runs[key] = _Run(day.day, day.day, *key, reason.amount)
    return done + list(open_runs.values())


def _told(day: DayFigures) -> Iterable[Reason]:
    """The reasons of a day that a reader must know, each once."""
    codes = {reason.code for reason in day.reasons}
    silent = Why.AGENT_OFF in codes and day.agent.unknown_ms > day.agent.down_ms
    seen: set[tuple[str, str]] = set()
    for reason in day.reasons:
        told = _as_told(day, reason, codes, silent=silent)
        if told is not None and (told.code, told.subject) not in seen:
            seen.add((told.code, told.subject))
            yield told


def _as_told(day: DayFigures, reason: Reason, codes: set[str], *, silent: bool) -> Reason | None:
    if reason.code in _NOT_MISSING or (reason.code in _IN_TIME and reason.amount < SHORT_MS):
        return None
    if reason.code == Why.NO_YIELD and not is_dark(reason):
        return None
    if silent and reason.code in (Why.AGENT_OFF, Why.NO_READINGS, Why.NOT_HEARD):
        return Reason(NO_NEWS) if reason.code == Why.AGENT_OFF else None
    if reason.code == Why.NO_READINGS and Why.AGENT_OFF in codes:
        return None
    if reason.code == Why.AGENT_OFF and Why.POWER_LOST in codes:
        return None
    if reason.code == Why.NOT_HEARD:
        # Nobody is heard from a kiosk that is off: only the time for which it ran is the network's.
        unheard_ms = reason.amount * day.link.slot_s * 1000 - day.agent.down_ms
        return Reason(reason.code, "", unheard_ms) if unheard_ms >= SHORT_MS else None
    subject = reason.subject if reason.code in (Why.DEVICE_SILENT, Why.FLAGGED_VALUES) else ""
    return Reason(reason.code, subject, reason.amount)


def _follows(earlier: str, later: str) -> bool:
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days == 1


def _days(language: str, run: _Run) -> str:
    if run.first == run.last:
        return text(language, "on_day", day=formats.day_short(language, run.first))
    first = str(int(run.first[8:])) if run.first[:7] == run.last[:7] and language == "fr" else ""
    first = first if first and first != "1" else formats.day_short(language, run.first)
    return text(language, "on_days", first=first, last=formats.day_short(language, run.last))


def _what(language: str, run: _Run) -> str:
    timed = run.code in (*_IN_TIME, Why.NOT_HEARD)
    amount = formats.span(language, run.amount) if timed else formats.number(language, run.amount)
    device, _, metric = run.subject.partition(" ")
    subject = f"{device}, {named(language, 'metric', metric)}" if metric else device
    return text(language, f"miss_{run.code}", subject=subject, amount=amount)
