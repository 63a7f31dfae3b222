"""Hashes, heads and what follows what in a log (docs/ledger-format.md, section 4). Knows no signature and no store."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.ledger.canonical import Value
from kiosk.ledger.merkle import leaf_hash
from kiosk.ledger.totals import Totals, after
from kiosk.ledger.types import VERSION, Fields, number_of, text_of

_MAY_BE_UNKNOWN = ("site", "dev")
"""What a head that came from elsewhere may not say; it is then not compared."""


def record_hash(payload: bytes) -> str:
    """SHA-256(0x00 || payload) as 64 hex characters; also the record's leaf in a Merkle tree."""
    return leaf_hash(payload).hex()


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log stands: its newest record, or its beginning."""

    log: str
    seq: int
    """0 before the first record."""
    hash: str
    """Of the newest record; before the first, of the site's act."""
    cur: str
    sum_in: int
    sum_out: int
    box: int
    site: str = field(default="", compare=False)
    """Site code; "" in a head that came without it, and then not compared."""
    dev: str = field(default="", compare=False)
    """Device id; "" in a head that came without it, and then not compared."""

    @classmethod
    def empty(cls, log: str, cur: str, act_hash: str, *, site: str = "", dev: str = "") -> Head:
        """The head of a log that has no record yet."""
        return cls(log, 0, act_hash, cur, 0, 0, 0, site, dev)

    @property
    def totals(self) -> Totals:
        """The sums up to and with the newest record."""
        return Totals(self.sum_in, self.sum_out, self.box)


def totals_of(fields: Fields) -> Totals:
    """The sums that a record states."""
    return Totals(number_of(fields, "sum_in"), number_of(fields, "sum_out"), number_of(fields, "box"))


def continuation(head: Head, amt: int, cash: int) -> dict[str, Value]:
    """What a record with these effects says because it follows `head`: v site dev log cur seq prev and the totals."""
    totals = after(head.totals, amt, cash)
    return {
        "v": VERSION,
        "site": head.site,
        "dev": head.dev,
        "log": head.log,
        "cur": head.cur,
        "seq": head.seq + 1,
        "prev": head.hash,
        "sum_in": totals.sum_in,
        "sum_out": totals.sum_out,
        "box": totals.box,
    }


def follows(head: Head, fields: Fields) -> str | None:
    """None if the record is the next one after `head`; else what does not fit.

    The first of: log, site, dev, cur, seq, prev, totals.
    """
    must = continuation(head, number_of(fields, "amt"), number_of(fields, "cash"))
    for name in ("log", "site", "dev", "cur", "seq", "prev"):
        if fields[name] != must[name] and (must[name] or name not in _MAY_BE_UNKNOWN):
            return name
    if totals_of(fields) != Totals(number_of(must, "sum_in"), number_of(must, "sum_out"), number_of(must, "box")):
        return "totals"
    return None


def advance(head: Head, fields: Fields, payload: bytes) -> Head:
    """The head once this record stands at the end, whether or not it follows: totals as the record states them."""
    totals = totals_of(fields)
    return Head(
        log=head.log,
        seq=number_of(fields, "seq"),
        hash=record_hash(payload),
        cur=head.cur,
        sum_in=totals.sum_in,
        sum_out=totals.sum_out,
        box=totals.box,
        site=text_of(fields, "site"),
        dev=text_of(fields, "dev"),
    )
