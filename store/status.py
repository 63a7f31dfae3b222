"""How each site stands by its own newest words, when it was heard, and what was last said to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from kiosk.wire.frame import Header
from store.lookup import Named
from store.schema import arrival, down_state, site_status
from store.upsert import add_up, upsert

SLOT_MS = 900_000
"""Arrivals are counted by quarters of an hour of the server's clock."""

_AS_IN_HEADER = (
    "stream",
    "boot",
    "boot_number",
    "counter",
    "mono_ms",
    "lowest_kept",
    "head",
    "rows_waiting",
    "oldest_age_s",
    "rows_dropped",
    "cadence_s",
)

_ORDER = (site_status.c.site, site_status.c.stream, site_status.c.boot_number, site_status.c.counter)
_NAMED = Named(select(*_ORDER), site_status.c.site)
_DOWN_KEY = (down_state.c.site, down_state.c.dev)
_NAMED_DOWNS = Named(select(down_state).order_by(*_DOWN_KEY).with_for_update(of=down_state), *_DOWN_KEY)


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """The newest header of a site and when the site was heard; None where nothing was said yet."""

    site: str
    dev: str
    online: bool | None
    """By the retained status; the broker notices a lost link late."""
    online_changed_ms: int | None
    arrival_ms: int | None
    """When the last frame came, whatever it held."""
    header_ms: int | None
    """When the header below came."""
    stream: str | None
    boot: str | None
    boot_number: int | None
    counter: int | None
    mono_ms: int | None
    clock_source: str | None
    clock_utc_ms: int | None
    clock_uncertainty_ms: int | None
    lowest_kept: int | None
    head: int | None
    rows_waiting: int | None
    oldest_age_s: int | None
    rows_dropped: int | None
    cadence_s: int | None
    log: str | None
    log_seq: int | None
    log_hash: str | None
    cur: str | None
    sum_in: int | None
    sum_out: int | None
    box: int | None


class LastHeader(NamedTuple):
    """What tells whether another header is newer than a site's newest."""

    stream: str | None
    boot_number: int | None
    counter: int | None


class DownState(NamedTuple):
    """The last message to a device."""

    epoch: int
    counter: int
    sent_ms: int
    boot: str
    """The life of the agent that it answered."""


def get(connection: Connection, site: str) -> SiteStatus | None:
    """How one site stands."""
    row = connection.execute(select(site_status).where(site_status.c.site == site)).one_or_none()
    return None if row is None else SiteStatus(*row)


def last_headers(connection: Connection, sites: Sequence[str]) -> dict[str, LastHeader]:
    """The newest header of those of these sites that were ever heard."""
    return {site: LastHeader(*said) for site, *said in _NAMED.rows(connection, [(site,) for site in sites])}


def all_statuses(connection: Connection) -> list[SiteStatus]:
    """How every site stands that was ever heard, by site."""
    return [SiteStatus(*row) for row in connection.execute(select(site_status).order_by(site_status.c.site))]


def save_headers(connection: Connection, headers: Iterable[Header], now_ms: int) -> None:
    """Keep the newest header of each site."""
    upsert(connection, site_status, *(_row(header, now_ms) for header in headers))


def _row(header: Header, now_ms: int) -> dict[str, Any]:
    ledger = header.ledger
    return {
        "site": header.site,
        "dev": header.device,
        "arrival_ms": now_ms,
        "header_ms": now_ms,
        "clock_source": header.clock.source,
        "clock_utc_ms": header.clock.utc_ms,
        "clock_uncertainty_ms": header.clock.uncertainty_ms,
        "log": None if ledger is None else ledger.log,
        "log_seq": None if ledger is None else ledger.seq,
        "log_hash": None if ledger is None else ledger.hash,
        "cur": None if ledger is None else ledger.currency,
        "sum_in": None if ledger is None else ledger.sum_in,
        "sum_out": None if ledger is None else ledger.sum_out,
        "box": None if ledger is None else ledger.box,
    } | {name: getattr(header, name) for name in _AS_IN_HEADER}


def note_arrivals(
    connection: Connection,
    arrived: Mapping[tuple[str, str], tuple[int, int]],
    now_ms: int,
    saved: Mapping[str, Header] | None = None,
) -> None:
    """Count what came now: (site, device) -> frames, and how many bytes they were.

    `saved` are the headers, by site, that `save_headers` has kept at this same instant: they say the rest already.
    """
    slot_ms = now_ms - now_ms % SLOT_MS
    counted: dict[str, dict[str, str | int]] = {}
    for (site, _), (frames, octets) in sorted(arrived.items()):
        known = counted.setdefault(site, {"site": site, "slot_ms": slot_ms, "frames": 0, "octets": 0})
        known |= {"frames": int(known["frames"]) + frames, "octets": int(known["octets"]) + octets}
    add_up(connection, arrival, list(counted.values()), ("frames", "octets"))
    kept = {site: header.device for site, header in (saved or {}).items()}
    last = dict(sorted(arrived))
    rows = [{"site": site, "dev": dev, "arrival_ms": now_ms} for site, dev in last.items() if kept.get(site) != dev]
    upsert(connection, site_status, *rows)


def note_online(connection: Connection, site: str, dev: str, now_ms: int, *, online: bool) -> None:
    """Keep what the status topic says."""
    upsert(connection, site_status, {"site": site, "dev": dev, "online": online, "online_changed_ms": now_ms})


def arrivals(connection: Connection, site: str, start_ms: int, end_ms: int) -> Mapping[int, int]:
    """Start of each quarter of an hour in [start, end) in which frames came, and how many."""
    table = arrival.c
    query = select(table.slot_ms, table.frames).where(table.site == site, table.slot_ms >= start_ms)
    rows = connection.execute(query.where(table.slot_ms < end_ms).order_by(table.slot_ms))
    return {row.slot_ms: row.frames for row in rows}


def octets_received(connection: Connection, site: str, start_ms: int, end_ms: int) -> int:
    """Bytes of the frames that came in [start, end), headers of MQTT and TLS not counted."""
    table = arrival.c
    query = select(table.octets).where(table.site == site, table.slot_ms >= start_ms, table.slot_ms < end_ms)
    return sum(connection.scalars(query))


def downs(connection: Connection, devices: Sequence[tuple[str, str]]) -> dict[tuple[str, str], DownState]:
    """What was last said to devices, by (site, device); locked in one order, so that workers never wait in a ring."""
    return {(site, dev): DownState(*said) for site, dev, *said in _NAMED_DOWNS.rows(connection, devices)}


def save_downs(connection: Connection, states: Mapping[tuple[str, str], DownState]) -> None:
    """Keep what is said to devices, in the transaction of what is acknowledged."""
    rows = [{"site": site, "dev": dev} | state._asdict() for (site, dev), state in sorted(states.items())]
    upsert(connection, down_state, *rows)
