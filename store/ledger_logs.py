"""Logs, their heads by branch, and the keys that may sign in them. Amounts are minor units.

What moves a head is judged by ingest; the records themselves are in ledger_records.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from store.lookup import Named
from store.schema import ledger_branch, ledger_log, log_key
from store.upsert import insert_new, upsert

MAIN = 0
"""The branch that came first."""

_NAMED = Named(select(ledger_log).order_by(ledger_log.c.log).with_for_update(of=ledger_log), ledger_log.c.log)
_NAMED_BRANCHES = Named(select(ledger_branch).order_by(ledger_branch.c.branch), ledger_branch.c.log)


class Log(NamedTuple):
    """One life of a site's ledger."""

    log: str
    site: str
    dev: str
    cur: str
    """"" until a record of it is stored."""
    old_log: str
    """The log that it continues, by its GENESIS."""
    forked: bool
    opened_ms: int


class Branch(NamedTuple):
    """Where one branch of a log stands: its newest record and the totals stated there."""

    log: str
    branch: int
    name: str
    """Hash of the first record that differs; "" for the main branch."""
    seq: int
    hash: str
    sum_in: int
    sum_out: int
    box: int
    boot: str
    boot_number: int
    mono_ms: int


@dataclass(frozen=True, slots=True)
class LogKey:
    """Which records of a log a key may sign."""

    log: str
    key_id: str
    from_seq: int
    until_seq: int | None


def lock_log(connection: Connection, log: str) -> Log | None:
    """A log; its row is locked until the end of the transaction, so that one worker at a time moves its head."""
    row = connection.execute(select(ledger_log).where(ledger_log.c.log == log).with_for_update()).one_or_none()
    return None if row is None else Log(*row)


def lock_logs(connection: Connection, logs: Iterable[str]) -> dict[str, Log]:
    """Those logs that are known; locked in one order, so that workers never wait in a ring."""
    found = (Log(*row) for row in _NAMED.rows(connection, [(log,) for log in logs]))
    return {each.log: each for each in found}


def open_log(connection: Connection, opened: Log) -> Log:
    """Begin a log with an empty main branch, or give the one that is there; locked."""
    insert_new(connection, ledger_log, [opened._asdict()])
    found = lock_log(connection, opened.log)
    if found is None:
        raise RuntimeError(f"log {opened.log} was just inserted and is not there")
    return found


def change_log(connection: Connection, changed: Log) -> None:
    """Keep what became known of a log."""
    values = {"cur": changed.cur, "old_log": changed.old_log, "forked": changed.forked}
    connection.execute(update(ledger_log).where(ledger_log.c.log == changed.log).values(**values))


def logs_of(connection: Connection, site: str) -> list[Log]:
    """Every log of a site, each after the one it continues, else as the server met them; the last is the open one."""
    query = select(ledger_log).where(ledger_log.c.site == site).order_by(ledger_log.c.opened_ms, ledger_log.c.log)
    known = {row.log: Log(*row) for row in connection.execute(query)}
    ordered: dict[str, Log] = {}
    for log in known.values():
        chain: list[Log] = []
        before: Log | None = log
        while before is not None and before.log not in ordered and before not in chain:
            chain.append(before)
            before = known.get(before.old_log)
        ordered.update((each.log, each) for each in reversed(chain))
    return list(ordered.values())


def branches(connection: Connection, log: str) -> list[Branch]:
    """The heads of a log, main branch first; none before its first record."""
    query = select(ledger_branch).where(ledger_branch.c.log == log).order_by(ledger_branch.c.branch)
    return [Branch(*row) for row in connection.execute(query)]


def branches_of(connection: Connection, logs: Iterable[str]) -> dict[str, list[Branch]]:
    """The same of several logs; a log without a record is absent."""
    heads: dict[str, list[Branch]] = {}
    for row in _NAMED_BRANCHES.rows(connection, [(log,) for log in logs]):
        heads.setdefault(row[0], []).append(Branch(*row))
    return heads


def save_branch(connection: Connection, branch: Branch) -> None:
    """Keep a branch's head."""
    upsert(connection, ledger_branch, branch._asdict())


def keys_of(connection: Connection, log: str) -> list[LogKey]:
    """The keys of a log and the records that each may sign, oldest first."""
    query = select(log_key).where(log_key.c.log == log).order_by(log_key.c.from_seq)
    return [LogKey(*row) for row in connection.execute(query)]


def save_key(connection: Connection, key: LogKey) -> None:
    """Keep what a key may sign in a log."""
    upsert(connection, log_key, {name: getattr(key, name) for name in LogKey.__slots__})
