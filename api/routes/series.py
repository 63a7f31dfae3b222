"""GET /sites/{site}/series: one metric over time, raw or by intervals; never more points than a program can want."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api import examples, times
from api.deps import Rooms, RoomsHere, SiteCode, known_site
from api.errors import Problem
from api.openapi import REFUSALS, example
from api.routes.latest import unit_of
from api.schemas import SeriesAnswer
from kiosk.time import DAY_MS
from store.errors import LimitError
from store.readings.base import Channel

router = APIRouter(tags=["readings"])

POINTS_MAX = 20_000
"""Raw values in one answer: two weeks of one a minute."""
INTERVALS_MAX = 5_000

Name = Annotated[str, Query(pattern="^[A-Za-z0-9_.-]{1,40}$", description="As in `latest`.")]
Instant = Annotated[
    str | None,
    Query(
        pattern=times.INSTANT,
        description="UTC milliseconds, YYYY-MM-DD, or RFC 3339 with its offset.",
        examples=["2026-11-22", "2026-11-22T18:00:00Z", "1795392000000"],
    ),
]


@router.get(
    "/sites/{site}/series",
    response_class=Response,
    responses={200: {"model": SeriesAnswer, "description": "Columns", **example(examples.SERIES)}, **REFUSALS},
)
def series(
    rooms: RoomsHere,
    site: SiteCode,
    device: Annotated[Name, Query(examples=["mppt"])],
    metric: Annotated[Name, Query(examples=["battery_voltage_v"])],
    start: Instant = None,
    end: Instant = None,
    interval: Annotated[
        str | None,
        Query(pattern=times.INTERVAL, description="Such as 30s, 15m, 1h, 1d; without: raw values.", examples=["15m"]),
    ] = None,
) -> Response:
    """Values in [start, end), by default the last 24 hours; too long a span is refused with the interval that fits."""
    start_ms, end_ms = times.span_ms(start, end, rooms.clock(), DAY_MS)
    channel = _channel(rooms, site, device, metric)
    if interval is None:
        columns = _raw(rooms, site, channel, start_ms, end_ms)
    else:
        columns = _by_interval(rooms, site, channel, start_ms, end_ms, times.interval_ms(interval))
    head = {"site": site, "device": device, "metric": metric, "unit": unit_of(metric)}
    body = json.dumps({**head, "start_ms": start_ms, "end_ms": end_ms, **columns}, separators=(",", ":"))
    return Response(body, media_type="application/json")


def _channel(rooms: Rooms, site: str, device: str, metric: str) -> Channel:
    with rooms.store.read() as connection:
        known_site(connection, site)
    for channel in rooms.readings.devices(site):
        if (channel.device, channel.metric) == (device, metric):
            return channel
    detail = f"'{site}' has never sent '{metric}' of a device '{device}'"
    raise Problem(404, "unknown-series", detail, instead=f"/api/v1/sites/{site}/latest")


def _raw(rooms: Rooms, site: str, channel: Channel, start_ms: int, end_ms: int) -> dict[str, Any]:
    try:
        found = rooms.readings.series(site, channel.device, channel.metric, start_ms, end_ms, limit=POINTS_MAX)
    except LimitError as error:
        what = f"more than {POINTS_MAX} values: ask for a shorter span, or by interval"
        raise _too_much(what, start_ms, end_ms) from error
    return {"interval_s": None, "times_ms": found.times_ms, "values": _real(found.values, found.decimals)}


def _by_interval(
    rooms: Rooms, site: str, channel: Channel, start_ms: int, end_ms: int, interval_ms: int
) -> dict[str, Any]:
    if -((start_ms - end_ms) // interval_ms) > INTERVALS_MAX:
        what = f"more than {INTERVALS_MAX} intervals: ask for longer ones, or for a shorter span"
        raise _too_much(what, start_ms, end_ms)
    device, metric, decimals = channel.device, channel.metric, channel.decimals
    found = rooms.readings.buckets(site, device, metric, start_ms, end_ms, interval_ms=interval_ms)
    return {
        "interval_s": interval_ms // 1000,
        "times_ms": [bucket.start_ms for bucket in found],
        "means": [round(bucket.mean / 10**decimals, decimals + 2) for bucket in found],
        "lows": _real([bucket.low for bucket in found], decimals),
        "highs": _real([bucket.high for bucket in found], decimals),
        "lasts": _real([bucket.last for bucket in found], decimals),
        "counts": [bucket.count for bucket in found],
    }


def _too_much(what: str, start_ms: int, end_ms: int) -> Problem:
    fits = times.interval_word(-((start_ms - end_ms) // INTERVALS_MAX))
    return Problem(400, "too-much", what, instead=f"interval={fits}")


def _real(values: Sequence[int], decimals: int) -> list[float]:
    scale = 10**decimals
    return [value / scale for value in values]
