"""What goes into a SEAL: the records since the last one, the interval, the days without power. Signs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.till.book import Book, Log
from kiosk.errors import LedgerError
from kiosk.ledger.chain import record_hash
from kiosk.ledger.format import format_list, parse
from kiosk.ledger.seal import seal_root, seal_sums
from kiosk.ledger.types import ZERO_HASH
from kiosk.time import DAY_MS, day_of
from kiosk.wire.boots import BootState

SEAL_EVERY_MS = DAY_MS
"""Of uptime."""
_OFF_DAYS_MAX = 200
"""What a payload has room for; the newest are named, the interval tells the rest."""


@dataclass(frozen=True, slots=True)
class Interval:
    """What a seal says of time: UTC milliseconds, 0 = unknown."""

    start: int
    end: int
    off: str
    """Days without power."""


def days_without_power(boots: Sequence[BootState], start: int, end: int) -> str:
    """The civil days strictly inside (start, end) in which no life of the agent is known.

    "" where a life in between never met a clock: it may have been on any of those days.
    """
    if not start or not end or any(state.fix is None for state in boots):
        return ""
    lit: set[str] = set()
    for state in boots:
        assert state.fix is not None  # noqa: S101 - asked above
        at, last = state.fix.utc_at(state.first_mono_ms), state.fix.utc_at(state.last_mono_ms)
        while at < last:
            lit.add(day_of(at))
            at += DAY_MS
        lit.add(day_of(last))
    inside = [day_of(at) for at in range((start // DAY_MS + 1) * DAY_MS, end // DAY_MS * DAY_MS, DAY_MS)]
    dark = [day.replace("-", "") for day in inside if day not in lit]
    return format_list((day,) for day in dark[-_OFF_DAYS_MAX:])


def seal_fields(book: Book, log: Log, interval: Interval) -> dict[str, str | int]:
    """The own fields of the seal from the last one, which it seals, to now. Its sums lack unreadable records."""
    previous = book.newest_of(log.log, ("SEAL",))
    first = 1 if previous is None else previous.seq
    payloads = book.between(log.log, first, log.head_seq)
    records = []
    for payload in payloads:
        try:
            records.append(parse(payload))
        except LedgerError:
            continue
    return {
        "num": 1 if previous is None else int(previous.fields["num"]) + 1,
        "first": first,
        "last": log.head_seq,
        "sums": seal_sums(records),
        "start": interval.start,
        "end": interval.end,
        "off": interval.off,
        "root": seal_root(payloads),
        "prev_seal": ZERO_HASH if previous is None else record_hash(previous.payload),
    }
