"""All sites as a technician plans a tour: worst first, each with what to look at. Facts in, sentences out."""

from __future__ import annotations

from dataclasses import dataclass

from api.pages import advice, formats, states
from api.pages.advice import Finding
from api.pages.render import technique_link
from api.pages.site_page import news
from api.pages.sites_page import SitesFacts, in_need_first
from api.pages.states import StateWords
from api.pages.texts import text
from office.overview import SitePage


@dataclass(frozen=True, slots=True)
class Stop:
    """One site of the tour."""

    link: str
    name: str
    place: str
    state: StateWords
    findings: list[Finding]
    uptimes: list[tuple[str, str]]


def draw(language: str, facts: SitesFacts) -> list[Stop]:
    """Worst state first; among equal states, the site with more to look at."""
    stops = [_stop(language, facts, page) for page in in_need_first(facts.pages)]
    order = [stop.state.level for stop in stops]
    return sorted(stops, key=lambda stop: (order.index(stop.state.level), -len(stop.findings)))


def _stop(language: str, facts: SitesFacts, page: SitePage) -> Stop:
    card = page.card
    told = card.uptimes
    shares = {"power": told.power_permille, "agent": told.agent_permille, "link": told.link_permille}
    return Stop(
        link=technique_link(language, card.code),
        name=card.name,
        place=f"{card.commune}. {news(language, card.last_heard_ms, facts.now_ms)}",
        state=states.in_words(language, card.standing, facts.now_ms),
        findings=advice.findings(language, page),
        uptimes=[(text(language, name), formats.share(language, share)) for name, share in shares.items()],
    )
