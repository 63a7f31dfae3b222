"""Which log the till goes on with at a start: the one it had, or a new one that names why and what was before.

Knows the machine's serial numbers only as hashes. A new log is opened at once and explained later: selling goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edge_agent.clock import Machine
from edge_agent.till.book import Book, Log, Written
from kiosk.errors import LedgerError
from kiosk.ledger.chain import Head, advance, follows, totals_of
from kiosk.ledger.format import parse
from kiosk.ledger.totals import Totals

TAIL_RECORDS = 200
"""So many of the newest records are verified at each start: chain and signature."""

CARD, BOARD, KEY, TAIL, SERVER, FORK, CURRENCY, STORE = (
    "card-changed", "board-changed", "key-changed", "tail-unreadable", "head-unknown", "forked", "currency-changed",
    "store-unreadable",
)  # fmt: skip
"""Why a log was closed."""


@dataclass(frozen=True, slots=True)
class Tail:
    """The newest records of a log, verified."""

    head: Head | None
    """The last record up to which chain and signatures hold; None if there is none."""
    broken_from: int
    """First seq that does not hold, 0 if all do."""


def verify_tail(book: Book, log: Log) -> Tail:
    """Read the newest records back. An unreadable one in between is passed if the next ones hold together again."""
    first = max(1, log.head_seq - TAIL_RECORDS + 1)
    head: Head | None = None
    good: Head | None = None
    broken_from = 0
    for seq, record in book.stored(log.log, first, TAIL_RECORDS):
        try:
            fields = parse(record.payload)
        except LedgerError:
            broken_from, head = broken_from or seq, None
            continue
        placed = fields["seq"] == seq and fields["log"] == log.log and book.is_intact(log.log, record)
        if not placed or (head is not None and follows(head, fields) is not None):
            broken_from, head = broken_from or seq, None
            continue
        site, dev = str(fields["site"]), str(fields["dev"])
        if head is None:
            head = Head(log.log, seq, "", str(fields["cur"]), 0, 0, 0, site, dev)
        head = good = advance(head, fields, record.payload)
    if good is not None and good.seq == log.head_seq:
        broken_from = 0
    return Tail(good, broken_from)


def reason_for_new_log(book: Book, log: Log, machine: Machine, currency: str) -> str:
    """Why the log cannot go on with this machine and key; "" if it can."""
    genesis = book.genesis(log.log)
    if genesis is None:
        return TAIL
    fields = genesis.fields
    if fields["card"] and machine.card and fields["card"] != machine.card:
        return CARD
    if fields["board"] and machine.board and fields["board"] != machine.board:
        return BOARD
    if fields["pub"] != book.public_hex:
        return KEY
    return CURRENCY if fields["cur"] != currency else ""


@dataclass(frozen=True, slots=True)
class Seen:
    """How the server says it knows a log."""

    seq: int
    hash: str


def genesis_fields(
    blank: Callable[[str], dict[str, str | int]], act_hash: str, public_hex: str, machine: Machine, coins: int
) -> dict[str, str | int]:
    """The first record of a device that has never had a log; `coins` were counted at commissioning."""
    return blank("GENESIS") | {
        "act": act_hash, "pub": public_hex, "card": machine.card, "board": machine.board, "cash": coins,
    }  # fmt: skip


def successor_fields(first: dict[str, str | int], old: Head, seen: Seen, why: str) -> dict[str, str | int]:
    """GENESIS of a log that takes over from `old`: both heads, its totals, its cash box."""
    return first | {
        "old_log": old.log, "old_seq": old.seq, "old_hash": old.hash if old.seq else "",
        "seen_seq": seen.seq, "seen_hash": seen.hash,
        "old_in": old.sum_in, "old_out": old.sum_out, "old_box": old.box, "cash": old.box, "why": why,
    }  # fmt: skip


def lost_totals(before: Written | None, after: Written | None) -> Totals:
    """What unreadable records between two readable ones did, as far as the neighbours' totals tell."""
    if before is None or after is None:
        return Totals()
    start, end = totals_of(before.fields), totals_of(after.fields)
    amt, cash = int(after.fields["amt"]), int(after.fields["cash"])
    return Totals(
        max(0, end.sum_in - max(amt, 0) - start.sum_in),
        max(0, end.sum_out - max(-amt, 0) - start.sum_out),
        end.box - cash - start.box,
    )
