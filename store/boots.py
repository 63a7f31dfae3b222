"""Lives of the agents and how they are dated. Which fix is better is said by kiosk.time; here it is only kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from kiosk.time import TimeFix, day_of
from store.lookup import Named
from store.schema import boot, ledger_record
from store.upsert import upsert

EARLIEST_MS = 1_577_836_800_000
"""2020-01-01: nothing that this project measures happened before."""
LATEST_MS = 4_102_444_800_000
"""2100-01-01."""

_KEY = (boot.c.site, boot.c.boot)
_NAMED = Named(select(boot).order_by(*_KEY).with_for_update(of=boot), *_KEY)


class Boot(NamedTuple):
    """One life of a site's agent."""

    site: str
    boot: str
    boot_number: int
    first_mono_ms: int
    last_mono_ms: int
    """The last instant known."""
    fix: TimeFix | None
    """The best statement about its UTC so far."""
    offset_ms: int | None
    """UTC = monotonic + this, as its readings and records are dated now; None: not dated."""
    needs_redating: bool
    """The fix has become better than what its readings are dated by: office rewrites them."""

    @property
    def start_ms(self) -> int | None:
        """UTC of its start, None if it is not dated."""
        return None if self.offset_ms is None else self.first_mono_ms + self.offset_ms

    @property
    def end_ms(self) -> int | None:
        """UTC of its last known instant, None if it is not dated."""
        return None if self.offset_ms is None else self.last_mono_ms + self.offset_ms


@dataclass(frozen=True, slots=True)
class Interval:
    """Between which instants a boot that met no clock must lie; None is open."""

    after_ms: int | None
    before_ms: int | None


def plausible_utc(utc_ms: int) -> bool:
    """Whether an instant can be true at all: nothing is ever dated 1970."""
    return EARLIEST_MS <= utc_ms < LATEST_MS


def date_of(mono_ms: int, offset_ms: int | None) -> tuple[int | None, str | None]:
    """UTC and civil day of an instant of a boot; (None, None) if the boot is not dated or the date cannot be true."""
    if offset_ms is None or not plausible_utc(mono_ms + offset_ms):
        return None, None
    return mono_ms + offset_ms, day_of(mono_ms + offset_ms)


def get(connection: Connection, site: str, boot_id: str) -> Boot | None:
    """One boot; its row stays locked where the database locks rows."""
    query = select(boot).where(boot.c.site == site, boot.c.boot == boot_id).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else _boot(row)


def get_many(connection: Connection, named: Sequence[tuple[str, str]]) -> list[Boot]:
    """Those boots, by (site, boot), that are known; locked in one order, so that workers never wait in a ring."""
    return [_boot(row) for row in _NAMED.rows(connection, named)]


def save(connection: Connection, *states: Boot) -> None:
    """Keep boots as they are known now."""
    upsert(connection, boot, *(_row(state) for state in states))


def _row(state: Boot) -> dict[str, str | int | None]:
    fix = state.fix
    return {
        "site": state.site,
        "boot": state.boot,
        "boot_number": state.boot_number,
        "first_mono_ms": state.first_mono_ms,
        "last_mono_ms": state.last_mono_ms,
        "fix_source": "none" if fix is None else fix.source,
        "fix_mono_ms": None if fix is None else fix.mono_ms,
        "fix_utc_ms": None if fix is None else fix.utc_ms,
        "fix_uncertainty_ms": None if fix is None else fix.uncertainty_ms,
        "offset_ms": state.offset_ms,
        "needs_redating": state.needs_redating,
    }


def of_site(connection: Connection, site: str) -> list[Boot]:
    """Every boot of a site, by number."""
    query = select(boot).where(boot.c.site == site).order_by(boot.c.boot_number, boot.c.boot)
    return [_boot(row) for row in connection.execute(query)]


def between(connection: Connection, site: str, start_ms: int, end_ms: int) -> list[Boot]:
    """The dated boots of which a part lies in [start, end), by start."""
    table = boot.c
    inside = (table.first_mono_ms + table.offset_ms < end_ms, table.last_mono_ms + table.offset_ms >= start_ms)
    query = select(boot).where(table.site == site, table.offset_ms.is_not(None), *inside)
    return sorted((_boot(row) for row in connection.execute(query)), key=lambda each: each.start_ms or 0)


def to_redate(connection: Connection, limit: int) -> list[Boot]:
    """Boots whose readings are dated by a fix that is no longer the best, or wait though the boot is dated."""
    query = select(boot).where(boot.c.needs_redating).order_by(boot.c.site, boot.c.boot_number).limit(limit)
    return [_boot(row) for row in connection.execute(query)]


def interval(connection: Connection, site: str, boot_number: int) -> Interval:
    """Where a boot that met no clock must lie: between the end of the dated boot before it and the next one's start."""
    table = boot.c
    dated = select(boot).where(table.site == site, table.offset_ms.is_not(None))
    before = connection.execute(
        dated.where(table.boot_number < boot_number).order_by(table.boot_number.desc()).limit(1)
    ).one_or_none()
    after = connection.execute(
        dated.where(table.boot_number > boot_number).order_by(table.boot_number).limit(1)
    ).one_or_none()
    return Interval(
        None if before is None else before.last_mono_ms + before.offset_ms,
        None if after is None else after.first_mono_ms + after.offset_ms,
    )


def adopt_fix(connection: Connection, state: Boot) -> tuple[Boot, set[str]]:
    """Date a boot and its ledger records by its best fix; gives the days that gained or lost a record.

    Its readings are the caller's affair: they must not be written under two dates. Raises ValueError without a fix.
    """
    if state.fix is None:
        raise ValueError(f"boot {state.boot} of {state.site} has no fix to be dated by")
    offset_ms = state.fix.utc_ms - state.fix.mono_ms
    dated = state._replace(offset_ms=offset_ms)
    save(connection, dated)
    return dated, date_records(connection, state.site, state.boot, offset_ms)


def date_records(connection: Connection, site: str, boot_id: str, offset_ms: int) -> set[str]:
    """Date the ledger records of a boot; gives the days that gained or lost one."""
    table = ledger_record.c
    query = select(table.log, table.branch, table.seq, table.mono_ms, table.day)
    rows = connection.execute(query.where(table.site == site, table.boot == boot_id)).all()
    changes = [(row, *date_of(row.mono_ms, offset_ms)) for row in rows]
    if changes:
        named = (
            table.log == bindparam("b_log"),
            table.branch == bindparam("b_branch"),
            table.seq == bindparam("b_seq"),
        )
        connection.execute(
            update(ledger_record).where(*named).values(utc_ms=bindparam("b_utc"), day=bindparam("b_day")),
            [
                {"b_log": row.log, "b_branch": row.branch, "b_seq": row.seq, "b_utc": utc_ms, "b_day": day}
                for row, utc_ms, day in changes
            ],
        )
    days = {day for _, _, day in changes} | {row.day for row, _, _ in changes}
    return {day for day in days if day is not None}


def _boot(row: Any) -> Boot:
    fix = None
    if row.fix_source != "none":
        fix = TimeFix(row.boot, row.fix_mono_ms, row.fix_utc_ms, row.fix_source, row.fix_uncertainty_ms)
    span = (row.boot_number, row.first_mono_ms, row.last_mono_ms)
    return Boot(row.site, row.boot, *span, fix, row.offset_ms, row.needs_redating)
