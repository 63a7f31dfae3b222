"""Times and spans as people and programs write them in a query. Strict: what is not understood is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

from api.errors import Problem
from kiosk.time import DAY_MS, day_of, day_start_ms
from store.boots import plausible_utc

INSTANT = r"^(\d{12,13}|\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?)$"
"""UTC milliseconds; a civil day; or day and time with their offset."""
DAY = r"^\d{4}-\d{2}-\d{2}$"
INTERVAL = r"^[1-9]\d{0,5}[smhd]$"
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": DAY_MS}


def instant_ms(written: str, name: str) -> int:
    """UTC milliseconds. Raises Problem (400) for a date that is in no calendar, or not of this project's time."""
    try:
        if written.isdigit():
            at_ms = int(written)
        elif len(written) == 10:
            at_ms = day_start_ms(written)
        else:
            at_ms = round(datetime.fromisoformat(written).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Problem(400, "no-such-time", f"{name}: '{written}' is in no calendar") from error
    if not plausible_utc(at_ms):
        raise Problem(400, "no-such-time", f"{name}: only times from 2020-01-01 to 2099-12-31 can be asked for")
    return at_ms


def civil_day(written: str, name: str) -> date:
    """A day of the sites' calendar, which is UTC. Raises Problem (400)."""
    return date.fromisoformat(day_of(instant_ms(written, name)))


def span_ms(start: str | None, end: str | None, now_ms: int, default_ms: int) -> tuple[int, int]:
    """[start, end), by default the last `default_ms` until now. Raises Problem (400) where it ends before it starts."""
    end_ms = now_ms if end is None else instant_ms(end, "end")
    start_ms = end_ms - default_ms if start is None else instant_ms(start, "start")
    if start_ms >= end_ms:
        raise Problem(400, "empty-span", "start must lie before end", instead="start and end exchanged")
    return start_ms, end_ms


def interval_ms(written: str) -> int:
    """`15m` as milliseconds."""
    return int(written[:-1]) * _UNIT_MS[written[-1]]


def interval_word(wanted_ms: int) -> str:
    """The shortest usual interval that is not shorter than this."""
    ladder = ("1m", "5m", "15m", "1h", "3h", "6h", "12h", "1d", "7d", "30d", "365d")
    return next((word for word in ladder if interval_ms(word) >= wanted_ms), ladder[-1])


def iso(utc_ms: int) -> str:
    """RFC 3339 in UTC, to the second."""
    return datetime.fromtimestamp(utc_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
