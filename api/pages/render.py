"""Templates to HTML. Everything a page needs is inside it: one request, no script, no picture fetched apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from api.pages import formats
from api.pages.texts import LANGUAGES, text
from api.policy import NOT_KEPT

_TEMPLATES = Path(__file__).parent / "templates"

CACHE = "private, max-age=60"
"""A page is a minute old at most; going back and forth costs a phone nothing."""

_COLOUR = re.compile(r"--([\w-]+):(#\w+)")
_COLOURED = re.compile(r"([a-z-]+):var\(--([\w-]+)\)")

_WITH_CHARTS = "technique.html"

_ERROR_TEXTS = {404: "error_404", 422: "error_404", 400: "error_400", 503: "error_503"}


def language_of(path: str) -> str:
    """`en` under /en, French everywhere else."""
    return "en" if path == "/en" or path.startswith("/en/") else "fr"


def home_of(language: str) -> str:
    """The list of sites in a language."""
    return "/en" if language == "en" else "/"


def site_link(language: str, code: str) -> str:
    """A site's page in a language."""
    return f"{'/en' if language == 'en' else ''}/sites/{code}"


def technique_link(language: str, code: str = "") -> str:
    """The technician's page of a site, or of all sites, in a language."""
    if not code:
        return f"{'/en' if language == 'en' else ''}/technique"
    return f"{site_link(language, code)}/technique"


def other_path(path: str) -> str:
    """The same page in the other language."""
    if language_of(path) == "en":
        return path.removeprefix("/en") or "/"
    return f"/en{path}".rstrip("/")


def page(
    request: Request, template: str, facts: Mapping[str, object], *, now_ms: int, status: int = 200
) -> HTMLResponse:
    """One page in the language of its path."""
    path = request.url.path
    language = language_of(path)
    other = LANGUAGES[1 - LANGUAGES.index(language)]
    html = (
        _environment()
        .get_template(template)
        .render(
            facts,
            language=language,
            other_language=other,
            other=other_path(path),
            address=str(request.url),
            style=_style(template),
            made=formats.moment(language, now_ms),
            t=lambda key, **given: text(language, key, **given),
        )
    )
    return HTMLResponse(html, status, {"Cache-Control": CACHE if status == 200 else NOT_KEPT})


def error_page(request: Request, status: int, now_ms: int) -> HTMLResponse:
    """What a person reads instead of a page."""
    language = language_of(request.url.path)
    title = text(language, _ERROR_TEXTS.get(status, "error_500"))
    facts = {"title": title, "home": home_of(language)}
    return page(request, "problem.html", facts, now_ms=now_ms, status=status)


def _unit_small(shown: str) -> Markup:
    """An amount or a quantity with its unit in smaller letters, so that the number can be large on a phone."""
    whole, space, unit = shown.partition(formats.NO_BREAK)
    return escape(whole) + (Markup("<small>") + space + unit + Markup("</small>") if unit else "")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["unit_small"] = _unit_small
    return made


@cache
def _style(template: str) -> Markup:
    sheets = ("style.css", "technique.css") if template == _WITH_CHARTS else ("style.css",)
    whole = "".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in sheets).replace("\n", "")
    return Markup(_with_plain_colours(whole))  # noqa: S704 our own file


def _with_plain_colours(sheet: str) -> str:
    """Each colour by name also as it is, before it: a browser of 2015 knows no custom properties and takes that one."""
    named = dict(_COLOUR.findall(sheet[: sheet.index("}")]))
    return _COLOURED.sub(lambda found: f"{found[1]}:{named[found[2]]};{found[0]}", sheet)
