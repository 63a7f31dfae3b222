"""The list of sites: a card each, and a map no finer than the communes. Facts in, sentences and drawings out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from api.deps import Rooms
from api.pages import states, svg
from api.pages.known import known_to_ms
from api.pages.render import site_link
from api.pages.site_page import income, month, news
from api.pages.states import StateWords
from api.pages.texts import text
from office.overview import SiteCard
from store import sites
from store.sites import Place

_WORST_FIRST = ("bad", "warn", "unknown", "ok")


@dataclass(frozen=True, slots=True)
class SitesFacts:
    """All sites as of `now_ms`."""

    now_ms: int
    cards: Sequence[SiteCard]
    known_ms: Mapping[str, int | None]
    """Site -> up to when its income is known."""
    places: Mapping[str, Place]
    """Site -> where its commune is."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One site in the list."""

    link: str
    name: str
    place: str
    state: StateWords
    income_today: str
    month: str
    income_month: str
    news: str


def gather(rooms: Rooms) -> SitesFacts:
    """All reading of the page."""
    now_ms = rooms.clock()
    cards = rooms.overview.sites()
    with rooms.store.read() as connection:
        known_ms = {card.code: known_to_ms(connection, card.completeness) for card in cards}
        places = {site.code: site.place for site in sites.all_sites(connection) if site.place is not None}
    return SitesFacts(now_ms, cards, known_ms, places)


def draw(language: str, facts: SitesFacts) -> tuple[list[Listed], Markup]:
    """The cards, and the map."""
    worst_first = sorted(
        facts.cards, key=lambda card: (_WORST_FIRST.index(states.level_of(card.standing.state)), card.name)
    )
    listed = [_listed(language, facts, card) for card in worst_first]
    return listed, _map(language, facts)


def _listed(language: str, facts: SitesFacts, card: SiteCard) -> Listed:
    known_ms = facts.known_ms[card.code]
    return Listed(
        link=site_link(language, card.code),
        name=card.name,
        place=card.commune,
        state=states.in_words(language, card.standing, facts.now_ms),
        income_today=income(language, card.money.today, card.money.currency, known_ms),
        month=month(language, known_ms, facts.now_ms),
        income_month=income(language, card.money.month, card.money.currency, known_ms),
        news=news(language, card.last_heard_ms, facts.now_ms),
    )


def _map(language: str, facts: SitesFacts) -> Markup:
    places = [
        svg.Place(
            label=card.name,
            lat_deg=facts.places[card.code].latitude,
            lon_deg=facts.places[card.code].longitude,
            state=states.level_of(card.standing.state),
            shape=states.SIGNS[states.level_of(card.standing.state)],
        )
        for card in facts.cards
        if card.code in facts.places
    ]
    return svg.village_map(places, text(language, "map_title"), text(language, "north"))
