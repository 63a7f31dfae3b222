"""GET /sites/{site}/days: the figures by civil day, as JSON for programs and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api import examples, times
from api.deps import Rooms, RoomsHere, SiteCode, known_site
from api.errors import Problem
from api.openapi import REFUSALS, example
from api.schemas import DayAnswer, DaysAnswer, FiguresAnswer, MoneyAnswer
from figures.day import DayFigures
from kiosk.time import day_of
from store import days as store_days
from store.days import SiteDay

router = APIRouter(tags=["days"])

DAYS_MAX = 400
DAYS_DEFAULT = 30

_BOM = "\ufeff"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = (
    "day",
    "currency",
    "income",
    "sales",
    "solar_wh",
    "load_wh",
    "power_permille",
    "agent_permille",
    "link_permille",
    "battery_min_mv",
    "coverage_permille",
    "reasons",
)
Day = Annotated[str | None, Query(pattern=times.DAY, examples=["2026-11-01"])]
First = Annotated[Day, Query(alias="from", description="First day; without, 30 days before the last.")]
Last = Annotated[Day, Query(alias="to", description="Last day, included; without, today.")]


class Separator(StrEnum):
    """Between the cells: a comma is the standard, a semicolon is what a French spreadsheet expects."""

    COMMA = "comma"
    SEMICOLON = "semicolon"


@router.get("/sites/{site}/days", responses={200: example(examples.DAYS), **REFUSALS})
def days(rooms: RoomsHere, site: SiteCode, first: First = None, last: Last = None) -> DaysAnswer:
    """Every computed day of the span, oldest first; at most 400."""
    first_day, last_day = _span(first, last, rooms.clock())
    found = _days(rooms, site, first_day, last_day)
    return DaysAnswer(site=site, first=first_day, last=last_day, days=[_answer(day) for day in found])


@router.get(
    "/sites/{site}/days.csv",
    response_class=Response,
    responses={200: {"description": "A table", **example(examples.DAYS_CSV, "text/csv")}, **REFUSALS},
)
def days_csv(
    rooms: RoomsHere,
    site: SiteCode,
    first: First = None,
    last: Last = None,
    sep: Separator = Separator.COMMA,
    bom: Annotated[bool, Query(description="Begin with a byte order mark: spreadsheets then read accents.")] = False,
) -> Response:
    """The same days as a table; whole numbers only, so that no decimal sign can be misread. Empty is not known."""
    first_day, last_day = _span(first, last, rooms.clock())
    table = io.StringIO()
    writer = csv.writer(table, delimiter="," if sep is Separator.COMMA else ";", lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for day in _days(rooms, site, first_day, last_day):
        writer.writerow([_cell(value) for value in _row(day)])
    headers = {"Content-Disposition": f'attachment; filename="{site}_{first_day}_{last_day}.csv"'}
    return Response((_BOM if bom else "") + table.getvalue(), headers=headers, media_type="text/csv; charset=utf-8")


def _span(first: str | None, last: str | None, now_ms: int) -> tuple[str, str]:
    last_day = date.fromisoformat(day_of(now_ms)) if last is None else times.civil_day(last, "to")
    first_day = last_day - timedelta(days=DAYS_DEFAULT - 1) if first is None else times.civil_day(first, "from")
    if first_day > last_day:
        raise Problem(400, "empty-span", "from must not lie after to", instead=f"from={last_day}&to={first_day}")
    if (last_day - first_day).days >= DAYS_MAX:
        begins = last_day - timedelta(days=DAYS_MAX - 1)
        detail = f"at most {DAYS_MAX} days are given at once"
        raise Problem(400, "too-much", detail, instead=f"from={begins}&to={last_day}")
    return first_day.isoformat(), last_day.isoformat()


def _days(rooms: Rooms, site: str, first: str, last: str) -> list[SiteDay]:
    with rooms.store.read() as connection:
        known_site(connection, site)
        return store_days.between(connection, site, first, last)


def figures_of(day: SiteDay) -> DayFigures | None:
    """A day's figures; None while they are of another version and wait to be computed again."""
    try:
        return DayFigures.from_json(day.figures)
    except ValueError:
        return None


def _answer(day: SiteDay) -> DayAnswer:
    found = figures_of(day)
    if found is None:
        return DayAnswer(day=day.day, computed_ms=day.computed_ms, figures=None)
    # What the box holds, was given out or handed over stays inside: it tells a thief when to come.
    money = MoneyAnswer(**{name: getattr(found.income, name) for name in MoneyAnswer.model_fields})
    own = {name: getattr(found, name) for name in FiguresAnswer.model_fields if name != "income"}
    return DayAnswer(day=day.day, computed_ms=day.computed_ms, figures=FiguresAnswer(**own, income=money))


def _row(day: SiteDay) -> list[str | int | None]:
    row: list[str | int | None] = [day.day, day.cur, day.income_minor]
    found = figures_of(day)
    if found is None:
        uptimes = (None, day.uptime_permille, day.link_permille)
        return [*row, None, day.pv_energy_wh, day.load_energy_wh, *uptimes, None, day.coverage_permille, ""]
    reasons = " ".join(f"{each.code}:{each.subject.replace(' ', '.')}={each.amount}" for each in found.reasons)
    row += [found.income.sales, found.solar.energy_wh, found.load.energy_wh]
    row += [found.power.permille, found.agent.permille, found.link.permille]
    return [*row, found.battery.min_mv, found.coverage_permille, reasons]


def _cell(value: str | int | None) -> str | int | None:
    """Text that a spreadsheet would take for a formula is made text again; numbers are numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value
