"""One site's page put together: state, money, battery, sun, the three uptimes, what is missing. Knows no store."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from api.pages import formats, missing, site_battery, site_money, site_sun, states, svg
from api.pages.missing import Line
from api.pages.render import technique_link
from api.pages.site_battery import BatteryPart
from api.pages.site_facts import SiteFacts
from api.pages.site_money import MoneyPart
from api.pages.site_sun import SunPart
from api.pages.states import StateWords
from api.pages.texts import text


@dataclass(frozen=True, slots=True)
class Uptime:
    """One of the three, as a line and a strip of days."""

    name: str
    what: str
    share: str
    strip: Markup


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the template puts in place."""

    place: str
    news: str
    state: StateWords
    money: MoneyPart
    battery: BatteryPart
    sun: SunPart
    uptimes: list[Uptime]
    first_day: str
    last_day: str
    missing: list[Line]
    missing_more: str
    missing_none: str
    api: str
    technique: str


def draw(language: str, facts: SiteFacts) -> Drawn:
    """The page in a language."""
    card = facts.page.card
    lines, more = missing.lines(language, [figures for _, figures in facts.recent_days() if figures])
    return Drawn(
        place=f"{text(language, f'kind_{card.site_kind}')}, {card.commune}",
        news=news(language, card.last_heard_ms, facts.now_ms),
        state=states.in_words(language, card.standing, facts.now_ms),
        money=site_money.draw(language, facts),
        battery=site_battery.draw(language, facts),
        sun=site_sun.draw(language, facts),
        uptimes=_uptimes(language, facts),
        first_day=formats.day_short(language, facts.recent_days()[0][0]),
        last_day=formats.day_short(language, facts.recent_days()[-1][0]),
        missing=lines,
        missing_none=text(language, "missing_none" if facts.page.days else "missing_nothing_yet"),
        missing_more=text(language, "missing_more", n=more) if more else "",
        api=f"/api/v1/sites/{card.code}",
        technique=technique_link(language, card.code),
    )


def news(language: str, last_heard_ms: int | None, now_ms: int) -> str:
    """When the site was heard last."""
    if last_heard_ms is None:
        return text(language, "never_heard")
    return text(language, "last_news", age=formats.age(language, now_ms - last_heard_ms))


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
            text(language, f"uptime_{name}"),
            formats.share(language, means[name]),
            svg.strip(shares[name], text(language, "strip", name=text(language, name))),
        )
        for name in shares
    ]
