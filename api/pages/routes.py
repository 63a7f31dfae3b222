"""The pages' addresses: sites, one site, and the technician's, in French, and the same under `/en`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from api.deps import Rooms, RoomsHere
from api.pages import (
    render,
    site_facts,
    site_page,
    sites_page,
    static_files,
    technique_facts,
    technique_list,
    technique_page,
)
from api.pages.texts import text
from api.policy import WITH_SCRIPT

router = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/en")
def sites(request: Request, rooms: RoomsHere) -> HTMLResponse:
    """Every site on one page."""
    language = render.language_of(request.url.path)
    facts = sites_page.gather(rooms)
    tallies, listed, drawn_map = sites_page.draw(language, facts)
    shown = {
        "title": text(language, "sites_title"),
        "home": "",
        "tallies": tallies,
        "sites": listed,
        "map": drawn_map,
        "technique": render.technique_link(language),
    }
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


@router.get("/technique")
@router.get("/en/technique")
def tour(request: Request, rooms: RoomsHere) -> HTMLResponse:
    """Every site as a technician plans a tour."""
    language = render.language_of(request.url.path)
    facts = sites_page.gather(rooms)
    shown = {
        "title": text(language, "tour_title"),
        "home": render.home_of(language),
        "stops": technique_list.draw(language, facts),
    }
    return render.page(request, "technique_list.html", shown, now_ms=facts.now_ms)


@router.get("/sites/{code}/technique")
@router.get("/en/sites/{code}/technique")
def technique(
    request: Request, rooms: RoomsHere, code: str, days: Annotated[str, Query(pattern="^(7|30|90)$")] = "7"
) -> HTMLResponse:
    """One site over weeks; the only page with a script, and complete without it."""
    language = render.language_of(request.url.path)
    span = next(each for each in technique_facts.SPANS if str(each) == days)
    facts = technique_facts.gather(rooms, code, span)
    if facts is None:
        raise HTTPException(404)
    shown = {
        "title": facts.page.card.name,
        "home": render.technique_link(language),
        "home_name": text(language, "tour"),
        "page": technique_page.draw(language, facts),
        "script": static_files.address_of("technique.js"),
        "zoom": technique_page.zoom(language, facts),
    }
    answer = render.page(request, "technique.html", shown, now_ms=facts.now_ms)
    answer.headers["Content-Security-Policy"] = WITH_SCRIPT
    return answer


def page_of_error(request: Request, status: int) -> HTMLResponse:
    """What a person reads instead of a page."""
    rooms: Rooms = request.app.state.rooms
    return render.error_page(request, status, rooms.clock())
