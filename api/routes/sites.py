"""GET /sites and /sites/{site}: which sites there are and how they stand. The words are those of the pages."""

from __future__ import annotations

from fastapi import APIRouter

from api import examples
from api.deps import Rooms, RoomsHere, SiteCode, known_site
from api.openapi import REFUSALS, example
from api.pages import states
from api.pages.known import amount_of, known_to_ms
from api.schemas import SiteAnswer, SitesAnswer, StateAnswer, UptimesAnswer
from office.overview import SiteCard

router = APIRouter(tags=["sites"])


@router.get("/sites", responses={200: example({"sites": [examples.SITE]}), 503: REFUSALS[503]})
def sites(rooms: RoomsHere) -> SitesAnswer:
    """Every site, by code, with its state and its income as far as it is known here."""
    return SitesAnswer(sites=[_answer(rooms, card) for card in rooms.overview.sites()])


@router.get("/sites/{site}", responses={200: example(examples.SITE), **REFUSALS})
def site(rooms: RoomsHere, site: SiteCode) -> SiteAnswer:
    """One site."""
    with rooms.store.read() as connection:
        known_site(connection, site)
    page = rooms.overview.site(site)
    assert page is not None  # noqa: S101 sites are never removed
    return _answer(rooms, page.card)


def _answer(rooms: Rooms, card: SiteCard) -> SiteAnswer:
    complete, money = card.completeness, card.money
    with rooms.store.read() as connection:
        known_ms = known_to_ms(connection, complete)
    words = states.in_words("fr", card.standing, rooms.clock())
    told = complete.log is not None
    return SiteAnswer(
        code=card.code,
        name=card.name,
        commune=card.commune,
        kind=card.site_kind,
        currency=money.currency,
        state=StateAnswer(
            level=words.level,
            code=card.standing.state.value,
            since_ms=card.standing.since_ms,
            subject=card.standing.subject,
            reason=f"{words.reason} {words.advice}".strip(),
        ),
        last_arrival_ms=card.last_heard_ms,
        income_today_minor=amount_of(money.today, known_ms),
        income_month_minor=amount_of(money.month, known_ms),
        income_last_month_minor=amount_of(money.last_month, known_ms),
        income_known_to_ms=known_ms,
        records_complete_upto=complete.complete_to if told else None,
        records_at_kiosk=complete.at_kiosk if told else None,
        income_at_kiosk_minor=complete.at_kiosk_in_minor - complete.at_kiosk_out_minor if told else None,
        uptimes=UptimesAnswer.model_validate(card.uptimes),
    )
