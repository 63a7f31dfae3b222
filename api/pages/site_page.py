"""One site's page: facts in, sentences and drawings out. Knows no store; each figure has its coverage or reason."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from api.pages import formats, missing, states, svg
from api.pages.known import amount_of
from api.pages.missing import Line
from api.pages.site_facts import CURVE_MS, CURVE_STEP_MS, Curve, SiteFacts
from api.pages.states import StateWords
from api.pages.texts import text
from figures.day import DayFigures
from kiosk.time import DAY_MS, day_of
from office.money import Period

_HOUR_MS = 3_600_000
_WHOLE_PERMILLE = 990
"""Above this share a figure is called whole: a restart of the agent is no gap that a reader must know."""


@dataclass(frozen=True, slots=True)
class Uptime:
    """One of the three, as a line and a strip of days."""

    name: str
    share: str
    strip: Markup


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the template puts in place."""

    place: str
    news: str
    state: StateWords
    sales_today: str
    income_known: bool
    income_today: str
    month: str
    income_month: str
    income_last_month: str
    income_chart: Markup
    complete: str
    notes: list[str]
    battery_known: bool
    battery_now: str
    battery_notes: list[str]
    battery_chart: Markup
    sun_now: str
    energy_today: str
    sun_chart: Markup
    uptimes: list[Uptime]
    first_day: str
    last_day: str
    missing: list[Line]
    missing_more: str
    missing_none: str
    api: str


def draw(language: str, facts: SiteFacts) -> Drawn:
    """The page in a language."""
    card = facts.page.card
    volts = states.voltage_v(facts.page.latest)
    fresh = volts[0] if volts and facts.is_fresh(volts[1]) else None
    lines, more = missing.lines(language, [figures for _, figures in facts.recent_days() if figures])
    return Drawn(
        place=f"{text(language, f'kind_{card.site_kind}')}, {card.commune}",
        news=news(language, card.last_heard_ms, facts.now_ms),
        state=states.in_words(language, card.standing, facts.now_ms),
        sales_today=_sales(language, card.money.today, facts.known_ms),
        income_known=amount_of(card.money.today, facts.known_ms) is not None,
        income_today=income(language, card.money.today, card.money.currency, facts.known_ms),
        month=month(language, facts.known_ms, facts.now_ms),
        income_month=income(language, card.money.month, card.money.currency, facts.known_ms),
        income_last_month=income(language, card.money.last_month, card.money.currency, facts.known_ms),
        income_chart=_income_chart(language, facts),
        complete=_complete(language, facts),
        notes=_money_notes(language, facts),
        battery_known=fresh is not None,
        battery_now=_volts(language, fresh),
        battery_notes=_battery_notes(language, facts, volts),
        battery_chart=_battery_chart(language, facts),
        sun_now=_sun_now(language, facts),
        energy_today=_energy_today(language, card.today),
        sun_chart=_sun_chart(language, facts),
        uptimes=_uptimes(language, facts),
        first_day=formats.day_short(language, facts.recent_days()[0][0]),
        last_day=formats.day_short(language, facts.recent_days()[-1][0]),
        missing=lines,
        missing_none=text(language, "missing_none" if facts.page.days else "missing_nothing_yet"),
        missing_more=text(language, "missing_more", n=more) if more else "",
        api=f"/api/v1/sites/{card.code}",
    )


def news(language: str, last_heard_ms: int | None, now_ms: int) -> str:
    """When the site was heard last."""
    if last_heard_ms is None:
        return text(language, "never_heard")
    return text(language, "last_news", age=formats.age(language, now_ms - last_heard_ms))


def income(language: str, period: Period, currency: str, known_ms: int | None) -> str:
    """A period's income, or that nobody knows it here yet."""
    found = amount_of(period, known_ms)
    return text(language, "unknown") if found is None else formats.amount(language, found, currency)


def month(language: str, known_ms: int | None, now_ms: int) -> str:
    """ "This month", with the day up to which it is known where that is not today."""
    if known_ms is None or day_of(known_ms) >= day_of(now_ms) or day_of(known_ms)[:7] != day_of(now_ms)[:7]:
        return text(language, "this_month")
    return text(language, "this_month_to", day=formats.day_short(language, day_of(known_ms)))


# --- money ---------------------------------------------------------------------------------------------------------


def _sales(language: str, period: Period, known_ms: int | None) -> str:
    if amount_of(period, known_ms) is None:
        return ""
    return text(language, "sales_one" if period.sales < 2 else "sales_many", n=formats.number(language, period.sales))


def _income_chart(language: str, facts: SiteFacts) -> Markup:
    bars, best = [], 0
    known_day = None if facts.known_ms is None else day_of(facts.known_ms)
    for day, figures in facts.recent_days():
        amount = figures.income.net_minor if figures else None
        if not amount and (known_day is None or day > known_day):
            amount = None
        bars.append(svg.Bar(_day_number(day), amount, partial=known_day is not None and day >= known_day))
        best = max(best, amount or 0)
    top = text(language, "best_day", amount=formats.amount(language, best, facts.page.card.money.currency))
    return svg.bars(bars, text(language, "income_30"), top)


def _complete(language: str, facts: SiteFacts) -> str:
    complete = facts.page.card.completeness
    if complete.log is None or not complete.complete_to:
        return text(language, "no_records")
    return text(language, "complete_upto", seq=formats.number(language, complete.complete_to))


def _money_notes(language: str, facts: SiteFacts) -> list[str]:
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
        notes.append(text(language, "undated_money", n=money.undated_records, amount=amount))
    if complete.lost_records:
        notes.append(text(language, "lost_records", n=formats.number(language, complete.lost_records)))
    if complete.forked:
        notes.append(text(language, "forked"))
    return notes


# --- battery -------------------------------------------------------------------------------------------------------


def _volts(language: str, volts: float | None) -> str:
    return text(language, "unknown") if volts is None else formats.quantity(language, volts, "V", 1)


def _battery_notes(language: str, facts: SiteFacts, newest: tuple[float, int] | None) -> list[str]:
    today = facts.page.card.today
    if newest is not None and not facts.is_fresh(newest[1]):
        age = formats.age(language, facts.now_ms - newest[1])
        return [text(language, "battery_last", volts=_volts(language, newest[0]), age=age)]
    if today is None or today.battery.min_mv is None or today.battery.min_at_ms is None:
        return []
    low = formats.quantity(language, today.battery.min_mv / 1000, "V", 1)
    notes = [text(language, "day_low", volts=low, time=formats.clock(language, today.battery.min_at_ms))]
    stages = today.battery.stages
    if stages is not None and stages.full is not None:
        notes.append(text(language, "full_yes" if stages.full else "full_no"))
    return notes


def _battery_chart(language: str, facts: SiteFacts) -> Markup:
    curve = facts.volts
    if curve is None or not curve.buckets:
        return Markup("")
    means = {bucket.start_ms: bucket.mean / curve.scale for bucket in curve.buckets}
    points = [
        ((start_ms - curve.start_ms + CURVE_STEP_MS / 2) / CURVE_MS, means.get(start_ms))
        for start_ms in range(curve.start_ms, curve.start_ms + CURVE_MS, CURVE_STEP_MS)
    ]
    low, high = min(*means.values(), facts.cutoff_v) - 0.2, max(means.values()) + 0.3
    cutoff = formats.quantity(language, facts.cutoff_v, "V", 1)
    marks = [(facts.cutoff_v, text(language, "cutoff", volts=cutoff))]
    marks += [
        (float(volt), formats.quantity(language, volt, "V"))
        for volt in range(13, 60)
        if facts.cutoff_v + 1 < volt < high
    ][:2]
    scale = svg.Scale(low, high, tuple(marks))
    return svg.curve(points, scale, text(language, "battery_24"), _hours(curve))


def _hours(curve: Curve) -> list[tuple[float, str]]:
    first = curve.start_ms - curve.start_ms % (6 * _HOUR_MS) + 6 * _HOUR_MS
    ticks = range(first, curve.start_ms + CURVE_MS, 6 * _HOUR_MS)
    return [((tick - curve.start_ms) / CURVE_MS, f"{tick % DAY_MS // _HOUR_MS} h") for tick in ticks]


# --- sun -----------------------------------------------------------------------------------------------------------


def _sun_now(language: str, facts: SiteFacts) -> str:
    if _is_night(facts):
        last = None
        if facts.watts is not None:
            last = next((bucket for bucket in reversed(facts.watts.buckets) if bucket.high > 0), None)
        if last is None or facts.watts is None:
            return text(language, "sun_night_unseen")
        watts = formats.quantity(language, last.mean / facts.watts.scale, "W")
        return text(language, "sun_night", time=formats.clock(language, last.start_ms), watts=watts)
    value = facts.value("pv_power_w")
    if value is None or not facts.is_fresh(value.utc_ms):
        return text(language, "sun_unknown")
    return text(language, "sun_now", watts=formats.quantity(language, value.value / 10**value.decimals, "W"))


def _is_night(facts: SiteFacts) -> bool:
    """By the newest day's sunrise and sunset, moved to today: they change by a minute a day at most."""
    if not facts.page.days:
        return False
    light = facts.page.days[-1].daylight
    moved_ms = facts.now_ms - facts.now_ms % DAY_MS - (light.sunrise_ms - light.sunrise_ms % DAY_MS)
    return not light.sunrise_ms + moved_ms <= facts.now_ms <= light.sunset_ms + moved_ms


def _energy_today(language: str, today: DayFigures | None) -> str:
    if today is None or (today.solar.energy_wh is None and today.load.energy_wh is None):
        return text(language, "energy_unknown")
    solar = formats.energy(language, today.solar.energy_wh)
    load = formats.energy(language, today.load.energy_wh)
    told = text(language, "energy_today", energy=solar, load=load)
    covered = min(today.solar.coverage_permille or 0, today.load.coverage_permille or 0)
    if covered >= _WHOLE_PERMILLE:
        return told
    return f"{told} {text(language, 'measured', share=formats.share(language, covered))}"


def _sun_chart(language: str, facts: SiteFacts) -> Markup:
    bars, best = [], 0
    for day, figures in facts.recent_days():
        energy = figures.solar.energy_wh if figures else None
        whole = figures is not None and (figures.daylight.coverage_permille or 0) >= 900
        bars.append(svg.Bar(_day_number(day), energy, partial=not whole or day == day_of(facts.now_ms)))
        best = max(best, energy or 0)
    top = text(language, "best_day", amount=formats.energy(language, best))
    return svg.bars(bars, text(language, "sun_30"), top)


# --- uptimes -------------------------------------------------------------------------------------------------------


def _uptimes(language: str, facts: SiteFacts) -> list[Uptime]:
    days = facts.recent_days()
    shares = {
        "power": [figures.power.permille if figures else None for _, figures in days],
        "agent": [figures.agent.permille if figures else None for _, figures in days],
        "link": [figures.link.permille if figures else None for _, figures in days],
    }
    card = facts.page.card.uptimes
    means = {"power": card.power_permille, "agent": card.agent_permille, "link": card.link_permille}
    return [
        Uptime(
            text(language, name),
            formats.share(language, means[name]),
            svg.strip(shares[name], text(language, "strip", name=text(language, name))),
        )
        for name in shares
    ]


def _day_number(day: str) -> str:
    return str(int(day[8:]))
