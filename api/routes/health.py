"""GET /api/v1/health and /metrics: whether the server itself is well, for a person and for Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from api import examples
from api.deps import Rooms, RoomsHere
from api.openapi import example
from api.policy import NOT_KEPT
from api.schemas import HealthAnswer
from store import counters, days, letters, migrate, status
from store.errors import VersionError

router = APIRouter(tags=["server"])
metrics_router = APIRouter(tags=["server"])

DIRTY_DAYS_MAX = 1000
_NO_STORE = {"Cache-Control": NOT_KEPT}


@dataclass(frozen=True, slots=True)
class Condition:
    """What the server knows of itself."""

    arrivals_ms: dict[str, int]
    """Site -> when it was heard last."""
    counts: dict[str, int]
    dirty_days: int
    dead_letters: int


@router.get(
    "/health",
    responses={
        200: example(examples.HEALTHY),
        503: {"model": HealthAnswer, "description": "Broken", **example(examples.BROKEN)},
    },
)
def health(rooms: RoomsHere, response: Response) -> HealthAnswer:
    """200 while the database can be read and has this program's tables, else 503 with what to do."""
    response.headers.update(_NO_STORE)
    try:
        found = condition(rooms)
    except VersionError as error:
        broken = str(error)
    except SQLAlchemyError:
        broken = "the database cannot be read: look at the disk and at the server's log"
    else:
        last_ms = max(found.arrivals_ms.values(), default=None)
        return HealthAnswer(
            status="ok",
            database="ok",
            last_arrival_ms=last_ms,
            last_arrival_age_s=None if last_ms is None else max(0, rooms.clock() - last_ms) // 1000,
            dirty_days=found.dirty_days,
            dead_letters=found.dead_letters,
        )
    response.status_code = 503
    return HealthAnswer(status="broken", database=broken)


@metrics_router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Prometheus text format", **example(examples.METRICS, "text/plain")}},
)
def metrics(rooms: RoomsHere) -> Response:
    """Counters since the database was made, and how the server stands now."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(condition(rooms)))
    return Response(generate_latest(registry), headers={**_NO_STORE, "Content-Type": CONTENT_TYPE_LATEST})


def condition(rooms: Rooms) -> Condition:
    """Everything at one instant. Raises VersionError for a database of another version, SQLAlchemyError for none."""
    with rooms.store.read() as connection:
        migrate.check(connection)
        heard = {each.site: each.arrival_ms for each in status.all_statuses(connection)}
        return Condition(
            arrivals_ms={site: at_ms for site, at_ms in heard.items() if at_ms is not None},
            counts=counters.snapshot(connection),
            dirty_days=len(days.dirty_days(connection, DIRTY_DAYS_MAX)),
            dead_letters=letters.count(connection),
        )


class _Snapshot(Collector):
    """The condition in Prometheus' terms; the counters are kept in the database, so a restart loses none."""

    def __init__(self, found: Condition) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        for name, value in self._found.counts.items():
            safe = re.sub(r"[^a-z0-9_]", "_", name.lower())
            yield CounterMetricFamily(f"kayasol_{safe}", "Counted by ingest and office.", value=value)
        yield GaugeMetricFamily("kayasol_dirty_days", "Days that wait for their figures.", self._found.dirty_days)
        yield GaugeMetricFamily("kayasol_dead_letters", "Letters that wait for a person.", self._found.dead_letters)
        heard = GaugeMetricFamily("kayasol_last_arrival_seconds", "When a site was heard last.", labels=["site"])
        for site, at_ms in self._found.arrivals_ms.items():
            heard.add_metric([site], at_ms / 1000)
        yield heard
