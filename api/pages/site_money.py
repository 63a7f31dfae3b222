"""Income on a site's page: today, this month against the last one, the month by day and by service, what is missing.

Words and drawings only: amounts come from the ledger's sums, whole minor units.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from api.pages import formats, svg_days, takings
from api.pages.known import amount_of
from api.pages.site_facts import SiteFacts
from api.pages.texts import named, text
from kiosk.time import day_of
from office.money import Period

_LEVELS = 4
WEEKDAYS = 7


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of a month's table; `kind` is its style class, empty for a day that is not there or to come."""

    day: str = ""
    kind: str = ""
    shown: str = ""
    """The amount without its currency, or the sign of what is the matter."""
    said: str = ""
    """What the sign means, for those who hear the page or point at it."""


@dataclass(frozen=True, slots=True)
class Month:
    """One month as weeks from Monday on."""

    title: str
    weekdays: list[str]
    weeks: list[list[Cell]]


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One service of this month."""

    name: str
    sales: str
    amount: str


@dataclass(frozen=True, slots=True)
class MoneyPart:
    """What the template puts in place."""

    known: bool
    today: str
    sales: str
    known_to: str
    month_name: str
    month: str
    last_month: str
    last_month_same: str
    compared: Markup
    complete: str
    notes: list[str]
    this_calendar: Month
    last_calendar: Month
    services_title: str
    services: list[ServiceLine]


def draw(language: str, facts: SiteFacts) -> MoneyPart:
    """Everything about money."""
    money, took = facts.page.card.money, facts.takings
    today = day_of(facts.now_ms)
    same = formats.amount(language, took.last_month_same_minor, money.currency)
    comparable = bool(money.month.net_minor and money.last_month.net_minor)
    return MoneyPart(
        known=amount_of(money.today, facts.known_ms) is not None,
        today=income(language, money.today, money.currency, facts.known_ms),
        sales=_sales(language, money.today, facts.known_ms),
        known_to=""
        if facts.known_ms is None
        else text(language, "known_to", when=formats.moment(language, facts.known_ms)),
        month_name=month(language, facts.known_ms, facts.now_ms),
        month=income(language, money.month, money.currency, facts.known_ms),
        last_month=income(language, money.last_month, money.currency, facts.known_ms),
        last_month_same=text(language, "last_month_same", amount=same) if comparable else "",
        compared=_compared(language, facts) if comparable else Markup(""),
        complete=_complete(language, facts),
        notes=_notes(language, facts),
        this_calendar=_calendar(language, facts, f"{today[:7]}-01"),
        last_calendar=_calendar(language, facts, takings.last_month_first(today)),
        services_title=text(language, "by_service", currency=formats.currency_sign(facts.page.card.money.currency)),
        services=_services(language, facts),
    )


def income(language: str, period: Period, currency: str, known_ms: int | None) -> str:
    """A period's income, or that nobody knows it here yet."""
    found = amount_of(period, known_ms)
    return text(language, "unknown") if found is None else formats.amount(language, found, currency)


def month(language: str, known_ms: int | None, now_ms: int) -> str:
    """ "This month", with the day up to which it is known where that is not today."""
    if known_ms is None or day_of(known_ms) >= day_of(now_ms) or day_of(known_ms)[:7] != day_of(now_ms)[:7]:
        return text(language, "this_month")
    return text(language, "this_month_to", day=formats.day_short(language, day_of(known_ms)))


def day_known(facts: SiteFacts, day: str) -> tuple[int | None, bool]:
    """A day's income and whether it may still grow; None where none came and the kiosk has not told of the day."""
    known_day = "" if facts.known_ms is None else day_of(facts.known_ms)
    amount = facts.takings.by_day.get(day, 0)
    return (None if not amount and day > known_day else amount), day >= known_day


def _sales(language: str, period: Period, known_ms: int | None) -> str:
    if amount_of(period, known_ms) is None:
        return ""
    if not period.sales:
        return text(language, "sales_none")
    return text(language, "sales_one" if period.sales == 1 else "sales_many", n=formats.number(language, period.sales))


def _compared(language: str, facts: SiteFacts) -> Markup:
    money = facts.page.card.money
    values = (money.month.net_minor, money.last_month.net_minor, facts.takings.last_month_same_minor)
    return svg_days.against(*values, text(language, "compared"))


def _complete(language: str, facts: SiteFacts) -> str:
    complete = facts.page.card.completeness
    if complete.log is None or not complete.complete_to:
        return text(language, "no_records")
    return text(language, "complete_upto", seq=formats.number(language, complete.complete_to))


def _notes(language: str, facts: SiteFacts) -> list[str]:
    """What is not in the sums, and why."""
    complete, money = facts.page.card.completeness, facts.page.card.money
    notes = []
    if complete.at_kiosk:
        net = complete.at_kiosk_in_minor - complete.at_kiosk_out_minor
        waiting = {
            "n": formats.number(language, complete.at_kiosk),
            "amount": formats.amount(language, net, money.currency),
        }
        notes.append(text(language, "still_there_one" if complete.at_kiosk == 1 else "still_there", **waiting))
    elif complete.log is not None and complete.told_ms is not None:
        notes.append(text(language, "nothing_there", when=formats.moment(language, complete.told_ms)))
    if money.undated_records:
        amount = formats.amount(language, money.undated_minor, money.currency)
        notes.append(text(language, "undated_money", n=formats.number(language, money.undated_records), amount=amount))
    if complete.lost_records:
        notes.append(text(language, "lost_records", n=formats.number(language, complete.lost_records)))
    if complete.forked:
        notes.append(text(language, "forked"))
    return notes


def _calendar(language: str, facts: SiteFacts, first: str) -> Month:
    days = takings.days_of_month(first)
    currency = facts.page.card.money.currency
    unit = formats.currency_sign(currency)
    cells = [Cell()] * date.fromisoformat(first).weekday() + [_cell(language, facts, day) for day in days]
    cells += [Cell()] * (-len(cells) % WEEKDAYS)
    # The first of June 2026 was a Monday.
    names = [formats.weekday(language, f"2026-06-0{number}") for number in range(1, WEEKDAYS + 1)]
    title = text(language, "calendar_of", month=formats.month_long(language, first), currency=unit)
    return Month(title, names, [cells[at : at + WEEKDAYS] for at in range(0, len(cells), WEEKDAYS)])


def _cell(language: str, facts: SiteFacts, day: str) -> Cell:
    label = str(int(day[8:]))
    opened = min([*(each.day for each in facts.page.days), *facts.takings.by_day], default=day)
    if day > day_of(facts.now_ms) or day < opened:
        return Cell(label)
    amount, growing = day_known(facts, day)
    if amount is None:
        return Cell(label, "u", text(language, "unknown_sign"), text(language, "calendar_unknown"))
    if not amount and _was_off(facts, day):
        return Cell(label, "o", "✕", text(language, "calendar_off"))
    level = _level(amount, max(facts.takings.by_day.values(), default=0))
    shown = formats.plain_amount(language, amount, facts.page.card.money.currency)
    said = text(language, "calendar_part") if growing else ""
    return Cell(f"{label}…" if growing else label, f"{level}{' p' if growing else ''}", shown, said)


def _was_off(facts: SiteFacts, day: str) -> bool:
    """Whether the kiosk is known to have been off all day."""
    figures = next((each for each in facts.page.days if each.day == day), None)
    return figures is not None and figures.agent.down_ms > 0 and not (figures.agent.up_ms or figures.agent.unknown_ms)


def _level(amount: int, highest: int) -> str:
    return "z" if amount <= 0 else f"l{min(_LEVELS, 1 + amount * _LEVELS // max(highest + 1, 1))}"


def _services(language: str, facts: SiteFacts) -> list[ServiceLine]:
    currency, took = facts.page.card.money.currency, facts.takings
    lines = [
        ServiceLine(
            named(language, "service", each.code),
            formats.number(language, each.sales),
            formats.plain_amount(language, each.amount_minor, currency),
        )
        for each in took.services
    ]
    if took.taken_back_minor:
        back = formats.plain_amount(language, took.taken_back_minor, currency)
        lines.append(ServiceLine(text(language, "taken_back"), "", back))
    if len(lines) > 1:
        whole = formats.plain_amount(language, facts.page.card.money.month.net_minor, currency)
        lines.append(ServiceLine(text(language, "total"), "", whole))
    return lines
