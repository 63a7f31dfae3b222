"""Puts the HTTP side together: routes, errors, guard, compression. Holds no rule and no query."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import GZipMiddleware

from api import openapi
from api.deps import Rooms
from api.errors import add_handlers
from api.guard import Guard
from api.pages import routes as pages
from api.pages import static_files
from api.routes import days, health, latest, ledger, series, sites
from api.schemas import ProblemAnswer
from store.engine import READERS_MAX, Store
from store.readings.base import ReadingsStore

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")

GZIP_LEVEL = 9
"""The pages are small and the links slow: 1 ms of the server saves a phone on 2G a tenth of a second."""


def create_app(
    *,
    store: Store,
    readings: ReadingsStore,
    clock: Callable[[], int],
    version: str = "0",
    hosts: Sequence[str] = LOOPBACK_NAMES,
) -> FastAPI:
    """The application; `clock` gives UTC milliseconds, `hosts` are the names under which it may be asked."""

    @asynccontextmanager
    async def threads(_app: FastAPI) -> AsyncIterator[None]:
        # A thread more than there are readers would only wait for one, and may hold what the other waits for.
        anyio.to_thread.current_default_thread_limiter().total_tokens = READERS_MAX
        yield

    app = FastAPI(
        title="Kayasol",
        version=version,
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=threads,
        responses={},
    )
    app.state.rooms = Rooms(store, readings, clock)
    api = APIRouter(prefix="/api/v1")
    for subject in (sites, latest, series, days, ledger, health):
        api.include_router(subject.router)
    app.include_router(api)
    app.include_router(health.metrics_router)
    app.include_router(pages.router)
    app.include_router(static_files.router)
    add_handlers(app, pages.page_of_error)
    app.add_middleware(GZipMiddleware, minimum_size=500, compresslevel=GZIP_LEVEL)
    app.add_middleware(Guard, hosts=hosts)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Let the description name the shape of refusals in place of the framework's own."""
    plain = app.openapi

    def described() -> dict[str, object]:
        if app.openapi_schema is None:
            schema = plain()
            shapes = schema.setdefault("components", {}).setdefault("schemas", {})
            shapes[ProblemAnswer.__name__] = ProblemAnswer.model_json_schema()
            shapes.pop("HTTPValidationError", None)
            shapes.pop("ValidationError", None)
        return app.openapi_schema or {}

    app.openapi = described  # type: ignore[method-assign] # the framework's documented way
