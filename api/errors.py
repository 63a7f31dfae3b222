"""How the server says no: problem+json (RFC 9457) to programs, a sentence to people. Nothing of the inside gets out.

400  understood, but more or other than is given: `instead` is what to ask
404  no such site, series, log or page
413  the request carries a body that nobody reads
422  a parameter is not of its form: `errors` names each
500  our fault: logged here, not explained there
503  the store cannot be read
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from api.policy import headers_for
from store.errors import LimitError, RepairFirst, RetryLater, VersionError

MEDIA_TYPE = "application/problem+json"
FOR_PROGRAMS = ("/api/", "/metrics")

PageOfError = Callable[[Request, int], Response]
"""Draws the page that tells a person of a status."""

_log = logging.getLogger(__name__)


class Problem(Exception):
    """A refusal that the asker can act upon."""

    def __init__(self, status: int, kind: str, detail: str, *, instead: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        """Last part of `type`: stable, for programs."""
        self.detail = detail
        self.instead = instead
        """What to ask: a path or a query."""


def add_handlers(app: FastAPI, page: PageOfError) -> None:
    """Let every error of the app leave it in its form."""

    def answer(request: Request, status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
        if not request.url.path.startswith(FOR_PROGRAMS):
            return page(request, status)
        return Response(body, status, headers, MEDIA_TYPE)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 Starlette hands each handler its own kind
        body = problem(error.status, error.kind, error.detail, instead=error.instead)
        return answer(request, error.status, body)

    async def too_much(request: Request, error: Exception) -> Response:
        return answer(request, 400, problem(400, "too-much", str(error)))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 as above
        status = error.status_code
        return answer(request, status, problem(status, "", str(error.detail)), dict(error.headers or {}))

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 as above
        reasons = [{"where": ".".join(map(str, part["loc"])), "what": part["msg"]} for part in error.errors()]
        return answer(request, 422, problem(422, "malformed", "a parameter is not of its form", errors=reasons))

    async def no_database(request: Request, error: Exception) -> Response:
        _log.error("the store cannot be read: %s", type(error).__name__)
        detail = "the store cannot be read now; try again in a minute"
        return answer(request, 503, problem(503, "no-store", detail), {"Retry-After": "60"})

    async def wrong_version(request: Request, error: Exception) -> Response:
        _log.error("%s", error)
        return answer(request, 503, problem(503, "other-version", str(error)))

    async def our_fault(request: Request, error: Exception) -> Response:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        told = answer(request, 500, problem(500, "our-fault", "the server could not answer; its log says why"))
        # The framework answers this one outside the guard.
        told.headers.update(headers_for(500))
        return told

    app.add_exception_handler(Problem, refused)
    app.add_exception_handler(LimitError, too_much)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, malformed)
    for away in (SQLAlchemyError, RetryLater, RepairFirst):
        app.add_exception_handler(away, no_database)
    app.add_exception_handler(VersionError, wrong_version)
    app.add_exception_handler(Exception, our_fault)


def problem(status: int, kind: str, detail: str, *, instead: str = "", errors: Sequence[Any] = ()) -> bytes:
    """The body of a problem; `kind` "" has no more to tell than its status."""
    body: dict[str, Any] = {
        "type": f"urn:kayasol:problem:{kind}" if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if instead:
        body["instead"] = instead
    if errors:
        body["errors"] = list(errors)
    return json.dumps(body, ensure_ascii=False).encode()
