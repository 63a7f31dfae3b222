"""What is kept of a judged record: its row in the book, or the row in which it waits for those before it.

Its exact bytes, and columns that are derived from them. Judges nothing, writes nothing.
"""

from __future__ import annotations

from ingest.oddities import Standing
from ingest.records import Checked
from kiosk.ledger.chain import totals_of
from kiosk.ledger.types import number_of, text_of
from store.ledger_aside import Parked
from store.ledger_logs import Log
from store.ledger_records import Record


def record_of(row: Log, standing: Standing, utc_ms: int | None, day: str | None, now_ms: int) -> Record:
    """A record in its place; `utc_ms` and `day` by its boot's best fix, None while there is none."""
    checked = standing.placed.checked
    fields, signed, totals = checked.fields, checked.signed, totals_of(checked.fields)
    return Record(
        log=row.log,
        branch=standing.placed.branch,
        seq=checked.seq,
        hash=checked.hash,
        payload=signed.payload,
        signature=signed.signature,
        key_id=signed.key_id,
        site=row.site,
        t=checked.t,
        press_id=checked.press_id,
        boot=checked.boot,
        boot_number=checked.boot_number,
        mono_ms=checked.mono_ms,
        cur=text_of(fields, "cur"),
        amt=number_of(fields, "amt"),
        pay=text_of(fields, "pay"),
        cash=number_of(fields, "cash"),
        sum_in=totals.sum_in,
        sum_out=totals.sum_out,
        box=totals.box,
        svc=text_of(fields, "svc") if "svc" in fields else "",
        op=text_of(fields, "op"),
        ref_log=text_of(fields, "ref_log"),
        ref=number_of(fields, "ref"),
        utc_ms=utc_ms,
        day=day,
        counts=standing.counts,
        marks=standing.marks,
        arrived_ms=now_ms,
    )


def parked_of(row: Log, checked: Checked, now_ms: int) -> Parked:
    """A record that waits for one before it."""
    fields, signed, totals = checked.fields, checked.signed, totals_of(checked.fields)
    return Parked(
        log=row.log,
        seq=checked.seq,
        hash=checked.hash,
        payload=signed.payload,
        signature=signed.signature,
        key_id=signed.key_id,
        verified=checked.verified,
        amt=number_of(fields, "amt"),
        cash=number_of(fields, "cash"),
        sum_in=totals.sum_in,
        sum_out=totals.sum_out,
        box=totals.box,
        arrived_ms=now_ms,
    )
