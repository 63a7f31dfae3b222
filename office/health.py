"""Tells every five minutes how ingest, office and each site stand, for boards: ages, sizes, counters. No verdict."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from kiosk.time import DAY_MS
from store import blocks, counters, days, health, letters, status
from store.engine import Store
from store.readings.health_projection import EVERY_MS, HealthProjection

DIRTY_DAYS_MAX = 1_000


class Health:
    """Called at every turn of the office; writes when five minutes are over. May raise as the projection does."""

    def __init__(self, store: Store, projection: HealthProjection, clock: Callable[[], int]) -> None:
        self._store = store
        self._projection = projection
        self._clock = clock
        self._told_ms = -1

    def run_once(self) -> bool:
        """Tell it if it has not been told yet; whether it was."""
        now_ms = self._clock()
        at_ms = now_ms - now_ms % EVERY_MS
        if at_ms == self._told_ms:
            return False
        with self._store.read() as connection:
            server, sites = _server(connection), _sites(connection, now_ms)
        self._projection.write(at_ms, server, sites)
        self._told_ms = at_ms
        return True


def _server(connection: Connection) -> dict[str, int]:
    return {
        **counters.snapshot(connection),
        "dirty_days": len(days.dirty_days(connection, DIRTY_DAYS_MAX)),
        "dead_letters": letters.count(connection),
    }


def _sites(connection: Connection, now_ms: int) -> dict[str, dict[str, int | None]]:
    """Ages in seconds of the server's clock; what a site said of itself is of its newest header."""
    answered = health.answered_ms(connection)
    octets = health.octets_by_site(connection, now_ms - now_ms % DAY_MS, now_ms + 1)
    waiting = health.waiting_blocks(connection)
    return {
        each.site: {
            "arrival_age_s": _age_s(each.arrival_ms, now_ms),
            "header_age_s": _age_s(each.header_ms, now_ms),
            "acknowledgement_age_s": _age_s(answered.get((each.site, each.dev)), now_ms),
            "rows_waiting": each.rows_waiting,
            "oldest_age_s": each.oldest_age_s,
            "rows_dropped": each.rows_dropped,
            "cadence_s": each.cadence_s,
            "boot_number": each.boot_number,
            "received_today_bytes": octets.get(each.site, 0),
            "blocks_without_schema": waiting.get((each.site, blocks.PARKED), 0),
            "blocks_without_date": waiting.get((each.site, blocks.UNDATED), 0),
        }
        for each in status.all_statuses(connection)
    }


def _age_s(at_ms: int | None, now_ms: int) -> int | None:
    return None if at_ms is None else max(0, now_ms - at_ms) // 1000
