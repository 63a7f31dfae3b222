"""GET /sites/{site}/latest: the newest value of everything that a site measures."""

from __future__ import annotations

from fastapi import APIRouter

from api import examples, times
from api.deps import RoomsHere, SiteCode, known_site
from api.openapi import REFUSALS, example
from api.schemas import LatestAnswer, ValueAnswer
from kiosk.metric import CATALOGUE

router = APIRouter(tags=["readings"])


@router.get("/sites/{site}/latest", responses={200: example(examples.LATEST), **REFUSALS})
def latest(site: SiteCode, rooms: RoomsHere) -> LatestAnswer:
    """The newest value of each device and metric, however old: look at `age_s`."""
    with rooms.store.read() as connection:
        known_site(connection, site)
    now_ms = rooms.clock()
    found = rooms.readings.latest(site)
    values = [
        ValueAnswer(
            device=device,
            metric=metric,
            unit=unit_of(metric),
            value=newest.value / 10**newest.decimals,
            time_ms=newest.utc_ms,
            time=times.iso(newest.utc_ms),
            age_s=max(0, now_ms - newest.utc_ms) // 1000,
        )
        for (device, metric), newest in sorted(found.items())
    ]
    return LatestAnswer(site=site, now_ms=now_ms, values=values)


def unit_of(metric: str) -> str:
    """The unit of a metric; "" for a state, and for a metric that a newer agent brought."""
    known = CATALOGUE.get(metric)
    return "" if known is None else known.unit
