"""What follows from a stored record: keys that begin or end, clocks, lives of the agent, holes that are declared."""

from __future__ import annotations

from collections.abc import Callable

from ingest import holes, times
from ingest.chain import Book, Placed
from ingest.records import Checked, loss_of
from ingest.work import Work
from kiosk.ledger.signing import key_id as id_of_key
from kiosk.ledger.types import number_of, text_of
from kiosk.time import TimeFix
from store import ledger_logs, sites
from store.errors import StoreError
from store.ledger_aside import Gap, parked_seqs
from store.ledger_logs import LogKey

UNCERTAINTY_MIN_MS = 1_000
"""A record states its clock's uncertainty in whole seconds."""

FindBook = Callable[[str], Book | None]


def take_effects(work: Work, book: Book, placed: Placed, find: FindBook) -> None:
    """Draw the consequences of a record that has got its place."""
    _take_clock(work, placed.checked)
    special = _SPECIAL.get(placed.checked.t)
    if special is not None:
        special(work, book, placed, find)


def declare_loss(work: Work, checked: Checked, book: Book | None) -> None:
    """Open the hole that a LOSS declares, where nothing has come: the head may pass it. `book` is the log it names."""
    log, first, last = loss_of(checked)
    if book is None or book.row.site != checked.fields["site"]:
        return
    if log == checked.fields["log"]:
        last = min(last, checked.seq - 1)
    first = max(first, book.head + 1)
    if last < first:
        return
    here = [seq for seq in parked_seqs(work.connection, log) if first <= seq <= last]
    fields = checked.fields
    lost_in, lost_out, lost_cash = (number_of(fields, name) for name in ("lost_in", "lost_out", "lost_cash"))
    for start, end in holes.without((first, last), [*book.spans, *holes.single(here)]):
        book.open_gap(Gap(log, start, end, "loss", lost_in, lost_out, lost_cash, work.now_ms))
        lost_in = lost_out = lost_cash = 0
        work.tally.add("holes_passed")


def _take_clock(work: Work, checked: Checked) -> None:
    """A record is a witness of its boot: when it lived, and what its clock believed."""
    if checked.mono_ms > times.MONO_MAX_MS:
        return
    fields = checked.fields
    site, number = text_of(fields, "site"), checked.boot_number
    times.seen(work, site, checked.boot, number, (checked.mono_ms, checked.mono_ms))
    source = text_of(fields, "clk")
    if source != "none":
        uncertainty_ms = max(number_of(fields, "unc") * 1000, UNCERTAINTY_MIN_MS)
        fix = TimeFix(checked.boot, checked.mono_ms, number_of(fields, "wall"), source, uncertainty_ms)
        times.offer_fix(work, site, number, fix)


def _take_boot(work: Work, _book: Book, placed: Placed, _find: FindBook) -> None:
    fields = placed.checked.fields
    last_boot, last_mono = text_of(fields, "last_boot"), number_of(fields, "last_mono")
    if last_boot and last_mono <= times.MONO_MAX_MS:
        times.seen(work, text_of(fields, "site"), last_boot, 0, (last_mono, last_mono))


def _take_time_fix(work: Work, _book: Book, placed: Placed, _find: FindBook) -> None:
    fields = placed.checked.fields
    boot, source = text_of(fields, "fix_boot"), text_of(fields, "fix_src")
    mono_ms, utc_ms, uncertainty_ms = (number_of(fields, name) for name in ("fix_mono", "fix_utc", "fix_unc"))
    number = placed.checked.boot_number if boot == placed.checked.boot else 0
    times.offer_fix(work, text_of(fields, "site"), number, TimeFix(boot, mono_ms, utc_ms, source, uncertainty_ms))


def _take_loss(work: Work, _book: Book, placed: Placed, find: FindBook) -> None:
    declare_loss(work, placed.checked, find(loss_of(placed.checked)[0]))


def _take_genesis(work: Work, book: Book, placed: Placed, _find: FindBook) -> None:
    """A log begins: its first key, and the log that it continues."""
    fields, key_id = placed.checked.fields, placed.checked.signed.key_id
    if placed.branch != ledger_logs.MAIN:
        return
    book.row = book.row._replace(old_log=text_of(fields, "old_log"))
    later = [key.from_seq for key in book.keys if key.key_id != key_id]
    _keep_key(work, book, LogKey(book.row.log, key_id, 1, min(later) - 1 if later else None))
    if work.keys(book.row.site)[key_id].retired_ms is not None:
        placed.marks.add("key")


def _take_rotation(work: Work, book: Book, placed: Placed, _find: FindBook) -> None:
    """Another key from the next record on. A key that already serves another device is not taken: `key` marks it."""
    checked = placed.checked
    site, dev, new_pub = book.row.site, text_of(checked.fields, "dev"), text_of(checked.fields, "new_pub")
    try:
        sites.add_device_key(work.connection, site, dev, new_pub, now_ms=work.now_ms, source="rotate")
    except StoreError:
        placed.marks.add("key")
        work.tally.add("security_events")
        return
    old = checked.signed.key_id
    sites.retire_key(work.connection, old, work.now_ms)
    work.forget_keys(site)
    began = [key.from_seq for key in book.keys if key.key_id == old]
    _keep_key(work, book, LogKey(book.row.log, old, max(began, default=1), checked.seq))
    _keep_key(work, book, LogKey(book.row.log, id_of_key(new_pub), checked.seq + 1, None))


def _keep_key(work: Work, book: Book, key: LogKey) -> None:
    ledger_logs.save_key(work.connection, key)
    same = (key.key_id, key.from_seq)
    book.keys = [*(known for known in book.keys if (known.key_id, known.from_seq) != same), key]


_SPECIAL: dict[str, Callable[[Work, Book, Placed, FindBook], None]] = {
    "GENESIS": _take_genesis,
    "BOOT": _take_boot,
    "TIME_FIX": _take_time_fix,
    "LOSS": _take_loss,
    "KEY_ROTATE": _take_rotation,
}
