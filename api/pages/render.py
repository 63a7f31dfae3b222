"""Templates to HTML. Everything a page needs is inside it: one request, no script, no picture fetched apart."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.pages import formats
from api.pages.texts import LANGUAGES, text
from api.policy import NOT_KEPT

_TEMPLATES = Path(__file__).parent / "templates"

CACHE = "private, max-age=60"
"""A page is a minute old at most; going back and forth costs a phone nothing."""

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
            style=_style(),
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


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


@cache
def _style() -> Markup:
    return Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8").replace("\n", ""))  # noqa: S704 our own file
