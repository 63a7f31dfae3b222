"""A site's money over days and months, and how complete its ledger is here. Integers; judges no record."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from kiosk.time import day_of, day_start_ms
from store import ledger_aside, ledger_logs, ledger_records
from store.status import SiteStatus


@dataclass(frozen=True, slots=True)
class Period:
    """Income recorded from one day to another, both included; minor units."""

    first: str
    last: str
    net_minor: int
    """Sum of every counting record's effect on income."""
    sales: int
    """Those taken over from the paper notebook too."""


@dataclass(frozen=True, slots=True)
class Money:
    """What the ledger says of a site's income, by the day on which it happened as the best clock tells."""

    currency: str
    today: Period
    month: Period
    """From the first of the month to today."""
    last_month: Period
    undated_records: int
    """Counting records with money whose boot has met no clock: they are in no period yet."""
    undated_minor: int
    box_minor: int | None
    """In the box after the newest record here; None before the first."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """How far the server's copy of the ledger reaches, by the newest head that the kiosk has told."""

    log: str | None
    """The log of that head; None while the kiosk has told none."""
    complete_to: int
    """Every record of this log up to this number is here or explained."""
    told_to: int
    """The kiosk's newest record when it last spoke."""
    told_ms: int | None
    """When it told so."""
    at_kiosk: int
    """Records that are still at the kiosk."""
    at_kiosk_in_minor: int
    """Sum of the positive effects on income of these."""
    at_kiosk_out_minor: int
    """Sum of the negative ones, as a positive number."""
    box_told_minor: int | None
    """What must be in the box by the kiosk's newest record."""
    lost_records: int
    """Numbers of this log that will never come: declared lost, or disputed."""
    forked: bool


def money(connection: Connection, site: str, currency: str, today: str) -> Money:
    """The site's income as of `today` (YYYY-MM-DD)."""
    month_first = f"{today[:7]}-01"
    last_of_last = day_of(day_start_ms(month_first) - 1)
    waiting = [each for each in ledger_records.undated(connection, site) if each.counts and each.amt]
    return Money(
        currency=currency,
        today=_period(connection, site, currency, today, today),
        month=_period(connection, site, currency, month_first, today),
        last_month=_period(connection, site, currency, f"{last_of_last[:7]}-01", last_of_last),
        undated_records=len(waiting),
        undated_minor=sum(each.amt for each in waiting),
        box_minor=_box(connection, site),
    )


def completeness(connection: Connection, told: SiteStatus | None) -> Completeness:
    """The kiosk's head against the server's."""
    if told is None or told.log is None:
        return Completeness(None, 0, 0, None, 0, 0, 0, None, 0, forked=False)
    main = next(iter(ledger_logs.branches(connection, told.log)), None)
    seq, sum_in, sum_out = (main.seq, main.sum_in, main.sum_out) if main else (0, 0, 0)
    told_seq = told.log_seq or 0
    behind = told_seq > seq
    logs = ledger_logs.logs_of(connection, told.site)
    holes = ledger_aside.gaps(connection, told.log)
    return Completeness(
        log=told.log,
        complete_to=seq,
        told_to=told_seq,
        told_ms=told.header_ms,
        at_kiosk=told_seq - seq if behind else 0,
        at_kiosk_in_minor=(told.sum_in or 0) - sum_in if behind else 0,
        at_kiosk_out_minor=(told.sum_out or 0) - sum_out if behind else 0,
        box_told_minor=told.box,
        lost_records=sum(hole.to_seq - hole.from_seq + 1 for hole in holes),
        forked=any(log.forked for log in logs if log.log == told.log),
    )


def _period(connection: Connection, site: str, currency: str, first: str, last: str) -> Period:
    rows = [row for row in ledger_records.sums(connection, site, first, last) if row.cur == currency]
    # Of the types that the notebook can stand for, only a sale names a service.
    sales = sum(row.records for row in rows if row.t == "SALE" or (row.t == "FALLBACK" and row.svc))
    return Period(first, last, sum(row.amt for row in rows), sales)


def _box(connection: Connection, site: str) -> int | None:
    """Of the log that the server met last and has records of."""
    for log in reversed(ledger_logs.logs_of(connection, site)):
        for main in ledger_logs.branches(connection, log.log)[:1]:
            return main.box
    return None
