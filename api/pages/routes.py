"""The pages' addresses: `/` and `/sites/{code}` in French, the same under `/en`. Gathered, drawn, rendered."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse

from api.deps import Rooms, RoomsHere
from api.pages import render, site_facts, site_page, sites_page
from api.pages.texts import text

router = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/en")
def sites(request: Request, rooms: RoomsHere) -> HTMLResponse:
    """Every site on one page."""
    language = render.language_of(request.url.path)
    facts = sites_page.gather(rooms)
    listed, drawn_map = sites_page.draw(language, facts)
    shown = {"title": text(language, "sites_title"), "home": "", "sites": listed, "map": drawn_map}
    return render.page(request, "sites.html", shown, now_ms=facts.now_ms)


@router.get("/sites/{code}")
@router.get("/en/sites/{code}")
def site(request: Request, rooms: RoomsHere, code: str) -> HTMLResponse:
    """One site on one page."""
    language = render.language_of(request.url.path)
    facts = site_facts.gather(rooms, code)
    if facts is None:
        raise HTTPException(404)
    drawn = site_page.draw(language, facts)
    shown = {"title": facts.page.card.name, "home": render.home_of(language), "page": drawn}
    return render.page(request, "site.html", shown, now_ms=facts.now_ms)


def page_of_error(request: Request, status: int) -> HTMLResponse:
    """What a person reads instead of a page."""
    rooms: Rooms = request.app.state.rooms
    return render.error_page(request, status, rooms.clock())
