"""GET /sites/{site}/ledger: the signed records, exactly as the kiosk wrote them, page by page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from api import examples
from api.deps import RoomsHere, SiteCode, known_site
from api.errors import Problem
from api.openapi import REFUSALS, example
from api.schemas import BranchAnswer, GapAnswer, KeyAnswer, LedgerAnswer, RecordAnswer
from store import ledger_aside, ledger_logs, ledger_records, sites
from store.ledger_records import Record

router = APIRouter(tags=["ledger"])

RECORDS_MAX = 500


@router.get("/sites/{site}/ledger", responses={200: example(examples.LEDGER), **REFUSALS})
def ledger(
    rooms: RoomsHere,
    site: SiteCode,
    log: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="Without: the open log.")] = None,
    after: Annotated[int, Query(ge=0, le=2**53, description="Records after this seq.")] = 0,
    limit: Annotated[int, Query(ge=1, le=RECORDS_MAX)] = 100,
) -> LedgerAnswer:
    """Records by seq. A signature proves what the kiosk recorded; it does not prove that every charge was recorded."""
    with rooms.store.read() as connection:
        known_site(connection, site)
        logs = [each.log for each in ledger_logs.logs_of(connection, site)]
        if log is not None and log not in logs:
            detail = f"'{site}' has no log {log}"
            raise Problem(404, "unknown-log", detail, instead=f"/api/v1/sites/{site}/ledger")
        acts = [octets.decode() for octets in sites.acts_of(connection, site)]
        chosen = log or (logs[-1] if logs else None)
        if chosen is None:
            return LedgerAnswer(
                site=site, log=None, logs=[], acts=acts, keys=[], branches=[], gaps=[], records=[], next_after=None
            )
        records, next_after = page(connection, chosen, after, limit)
        return LedgerAnswer(
            site=site,
            log=chosen,
            logs=logs,
            acts=acts,
            keys=_keys(connection, site, chosen),
            branches=[BranchAnswer.model_validate(each) for each in ledger_logs.branches(connection, chosen)],
            gaps=[GapAnswer.model_validate(each) for each in ledger_aside.gaps(connection, chosen)],
            records=[_answer(each) for each in records],
            next_after=next_after,
        )


def page(connection: Connection, log: str, after: int, limit: int) -> tuple[list[Record], int | None]:
    """The next records and where to go on. All branches of a seq are on one page: `after` could not part them."""
    asked = limit + 1
    while True:
        found = ledger_records.of_log(connection, log, after_seq=after, limit=asked)
        if len(found) < asked:
            return found, None
        whole = [record for record in found if record.seq < found[-1].seq]
        if whole:
            return whole, whole[-1].seq
        asked *= 2


def _keys(connection: Connection, site: str, log: str) -> list[KeyAnswer]:
    public = {key.key_id: key.public_key for key in sites.keys_of(connection, site)}
    return [
        KeyAnswer(key_id=key.key_id, public_key=public[key.key_id], from_seq=key.from_seq, until_seq=key.until_seq)
        for key in ledger_logs.keys_of(connection, log)
        if key.key_id in public
    ]


def _answer(record: Record) -> RecordAnswer:
    return RecordAnswer(
        seq=record.seq,
        branch=record.branch,
        hash=record.hash,
        payload=record.payload.decode(),
        signature=record.signature.hex(),
        key_id=record.key_id,
        day=record.day,
        utc_ms=record.utc_ms,
        counts=record.counts,
        marks=record.marks.split(),
        arrived_ms=record.arrived_ms,
    )
