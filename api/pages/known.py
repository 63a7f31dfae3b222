"""Up to when a site's income is known here, so that money which is still at the kiosk never looks like no money."""

from __future__ import annotations

from sqlalchemy import Connection

from kiosk.time import day_of
from office.money import Completeness, Period
from store import ledger_records


def known_to_ms(connection: Connection, complete: Completeness) -> int | None:
    """UTC ms of the kiosk's last word if nothing waits there, else of its last record that is here; None: never."""
    if complete.log is None:
        return None
    if not complete.at_kiosk:
        return complete.told_ms
    last = ledger_records.record(connection, complete.log, complete.complete_to)
    return None if last is None else last.utc_ms


def amount_of(period: Period, known_ms: int | None) -> int | None:
    """The period's income; None where none came and the kiosk has not yet told of the period."""
    told = known_ms is not None and day_of(known_ms) >= period.first
    return period.net_minor if told or period.net_minor else None
