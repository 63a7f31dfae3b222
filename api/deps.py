"""What every route is handed: the open stores and the clock. Knows no route.

Routes are plain `def`: reading SQLite blocks, so they run in threads and the event loop stays free for the others.
As many threads as the store has readers, so that nobody waits for a connection that a waiting thread holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Path, Request
from sqlalchemy import Connection

from api.errors import Problem
from office.overview import Overview
from store import sites
from store.engine import Store
from store.readings.base import ReadingsStore
from store.sites import Site


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the routes read from."""

    store: Store
    readings: ReadingsStore
    clock: Callable[[], int]
    """Now, UTC milliseconds."""

    @property
    def overview(self) -> Overview:
        """How sites stand, as the office puts it together."""
        return Overview(self.store, self.readings, self.clock)


async def _rooms(request: Request) -> Rooms:
    return cast(Rooms, request.app.state.rooms)


RoomsHere = Annotated[Rooms, Depends(_rooms)]

SiteCode = Annotated[
    str,
    Path(pattern="^[a-z0-9-]{2,24}$", description="Code of a registered site.", examples=["damane"]),
]


def known_site(connection: Connection, code: str) -> Site:
    """The site. Raises Problem (404) where there is none."""
    found = sites.get(connection, code)
    if found is None:
        raise Problem(404, "unknown-site", f"no site has the code '{code}'", instead="/api/v1/sites")
    return found
