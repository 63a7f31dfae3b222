"""The list of sites: a card each, and a map no finer than the communes. Facts in, sentences and drawings out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from api.deps import Rooms
from api.pages import states, svg
from api.pages.known import amount_of, known_to_ms
from api.pages.render import site_link, technique_link
from api.pages.site_money import income, month
from api.pages.site_page import news
from api.pages.states import SIGNS, Level, StateWords
from api.pages.texts import text
from kiosk.time import DAY_MS, day_of
from office.overview import SitePage
from store import sites
from store.sites import Place

WORST_FIRST: tuple[Level, ...] = ("bad", "warn", "unknown", "ok")
_DAYS = 14


@dataclass(frozen=True, slots=True)
class SitesFacts:
    """All sites as of `now_ms`."""

    now_ms: int
    pages: Sequence[SitePage]
    known_ms: Mapping[str, int | None]
    """Site -> up to when its income is known."""
    places: Mapping[str, Place]
    """Site -> where its commune is."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One site in the list."""

    link: str
    technique: str
    name: str
    place: str
    state: StateWords
    income_known: bool
    """Of today."""
    income_today: str
    month: str
    income_month: str
    chart: Markup
    news: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many sites are in a state."""

    level: Level
    sign: str
    word: str
    sites: int


def gather(rooms: Rooms) -> SitesFacts:
    """All reading of the page."""
    now_ms = rooms.clock()
    with rooms.store.read() as connection:
        known_sites = sites.all_sites(connection)
    found = [page for site in known_sites if (page := rooms.overview.site(site.code)) is not None]
    with rooms.store.read() as connection:
        known_ms = {page.card.code: known_to_ms(connection, page.card.completeness) for page in found}
    places = {site.code: site.place for site in known_sites if site.place is not None}
    return SitesFacts(now_ms, found, known_ms, places)


def in_need_first(pages: Sequence[SitePage]) -> list[SitePage]:
    """Worst first, by name among equals."""
    return sorted(
        pages, key=lambda page: (WORST_FIRST.index(states.level_of(page.card.standing.state)), page.card.name)
    )


def draw(language: str, facts: SitesFacts) -> tuple[list[Tally], list[Listed], Markup]:
    """How many sites stand how, the cards, and the map."""
    listed = [_listed(language, facts, page) for page in in_need_first(facts.pages)]
    levels = [site.state.level for site in listed]
    tallies = [
        Tally(level, SIGNS[level], text(language, f"state_{level}"), levels.count(level))
        for level in WORST_FIRST
        if level in levels
    ]
    return tallies, listed, _map(language, facts)


def _listed(language: str, facts: SitesFacts, page: SitePage) -> Listed:
    card = page.card
    known_ms = facts.known_ms[card.code]
    return Listed(
        link=site_link(language, card.code),
        technique=technique_link(language, card.code),
        name=card.name,
        place=card.commune,
        state=states.in_words(language, card.standing, facts.now_ms),
        income_known=amount_of(card.money.today, known_ms) is not None,
        income_today=income(language, card.money.today, card.money.currency, known_ms),
        month=month(language, known_ms, facts.now_ms),
        income_month=income(language, card.money.month, card.money.currency, known_ms),
        chart=_income_chart(language, facts, page),
        news=news(language, card.last_heard_ms, facts.now_ms),
    )


def _income_chart(language: str, facts: SitesFacts, page: SitePage) -> Markup:
    known_ms = facts.known_ms[page.card.code]
    if known_ms is None:
        return Markup("")
    known_day, amounts = day_of(known_ms), {each.day: each.income.net_minor for each in page.days}
    bars = []
    for back in reversed(range(_DAYS)):
        day = day_of(facts.now_ms - back * DAY_MS)
        amount = amounts.get(day, 0)
        shown = None if not amount and day > known_day else amount
        bars.append(svg.Bar("", shown, partial=day >= known_day))
    return svg.bars(bars, text(language, "income_14"), "", height=48)


def _map(language: str, facts: SitesFacts) -> Markup:
    cards = [page.card for page in facts.pages if page.card.code in facts.places]
    places = [
        svg.Place(
            label=card.name,
            lat_deg=facts.places[card.code].latitude,
            lon_deg=facts.places[card.code].longitude,
            state=states.level_of(card.standing.state),
            shape=states.SIGNS[states.level_of(card.standing.state)],
        )
        for card in cards
    ]
    return svg.village_map(places, text(language, "map_title"), text(language, "north"))
