"""Ledger sections to their end: records judged, placed, parked, disputed, written.

`records` judges one record alone, `chain` gives it its place, `effects` draws what follows from it, `oddities` says
what is strange about it, `ledger_rows` makes its row. Here their answers are written, under the lock of the log's row.
"""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass

from ingest.chain import Book, Outcome, Placed
from ingest.effects import declare_loss, take_effects
from ingest.ledger_rows import parked_of, record_of
from ingest.oddities import Standing, Tariffs, judge_presses
from ingest.records import Checked, Refusal, Sender, check, digest_of, loss_of
from ingest.times import boot_of
from ingest.work import Reply, Work
from kiosk.ledger.types import text_of
from kiosk.wire.frame import Header
from kiosk.wire.records import SignedRecord, decode_ledger_section
from store import boots, ledger_aside, ledger_logs, ledger_records
from store.ledger_aside import Disputed, Gap, Parked
from store.ledger_logs import Log
from store.ledger_records import Record

COPIES_UNTIL_PASSED = 3
"""In so many frames the same wrong bytes must come before their place is passed."""
PARKED_MAX = 1_024
"""Records of a log that wait; at most 4 MiB."""
DISPUTED_MAX, DISPUTED_MAX_BYTES = 4_096, 4 * 2**20
"""Disputed records of a site that are kept."""

_ODD = ("break", "fork")
"""Marks that have a counter of their own."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Bytes and the place in a log that their section claims for them."""

    log: str
    seq: int
    signed: SignedRecord


class Ledger:
    """All logs that this transaction touches."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._books: dict[str, Book] = {}
        self._tariffs: dict[str, Tariffs] = {}

    def take_section(self, header: Header, reply: Reply, body: bytes) -> None:
        """Records of one log, each judged apart. Raises WireError where they cannot even be told apart."""
        section = decode_ledger_section(body)
        reply.logs[section.log] = None
        book = self._book(section.log)
        if book is not None:
            book.load(max(section.first_seq - 1, 1), section.first_seq + len(section.records))
        for offset, signed in enumerate(section.records):
            self._take(header, reply, section.log, section.first_seq + offset, signed)
        for touched in list(self._books.values()):
            if touched.row.site == header.site:
                self._drain(touched, header, reply)

    def save(self) -> None:
        """Write the records that have got their places, and the heads that have moved."""
        for _, book in sorted(self._books.items()):
            self._write(book)
            for number in sorted(book.changed):
                ledger_logs.save_branch(self._work.connection, book.branches[number])
            if book.changed:
                ledger_logs.change_log(self._work.connection, book.row)
            book.changed.clear()

    def _book(self, log: str) -> Book | None:
        """A log that has rows, locked from here on."""
        if log not in self._books:
            row = ledger_logs.lock_log(self._work.connection, log)
            if row is None:
                return None
            self._books[log] = self._open(row)
        return self._books[log]

    def _begin(self, header: Header, log: str) -> Book:
        """A log, begun if need be."""
        known = self._book(log)
        if known is None:
            row = Log(log, header.site, header.device, "", "", forked=False, opened_ms=self._work.now_ms)
            known = self._books[log] = self._open(ledger_logs.open_log(self._work.connection, row))
        return known

    def _open(self, row: Log) -> Book:
        connection, site = self._work.connection, self._work.site(row.site)
        branches = {branch.branch: branch for branch in ledger_logs.branches(connection, row.log)}
        gaps, keys = ledger_aside.gaps(connection, row.log), ledger_logs.keys_of(connection, row.log)
        return Book(connection, row, "" if site is None else site.act_hash, branches, gaps, keys)

    def _take(self, header: Header, reply: Reply, log: str, seq: int, signed: SignedRecord) -> None:
        book = self._book(log)
        judged = check(self._sender(header.site, log), seq, signed)
        if isinstance(judged, Checked) and book is not None and book.row.site != header.site:
            judged = Refusal(f"log {log} belongs to another site", security=True)
        if isinstance(judged, Checked) and not judged.verified and self._is_due(book, seq):
            judged = Refusal(f"nobody knows key {signed.key_id}", security=True)
        if isinstance(judged, Refusal):
            self._dispute(header, reply, Claim(log, seq, signed), judged)
        elif judged.verified:
            self._place(self._begin(header, log), header, reply, judged)
        else:
            reply.urgent = True
            self._park(self._begin(header, log), judged)

    def _is_due(self, book: Book | None, seq: int) -> bool:
        """Whether a record can be judged now; further on, a KEY_ROTATE may still come that brings its key."""
        return seq == 1 if book is None else seq <= book.head + 1 or seq == book.expected

    def _sender(self, site: str, log: str) -> Sender:
        book = self._book(log)
        return Sender(site, log, self._work.keys(site), () if book is None else book.keys)

    def _place(self, book: Book, header: Header, reply: Reply, checked: Checked) -> Outcome:
        """Give a record its place and draw what follows from it."""
        if checked.seq <= book.head and book.fresh:
            self._write(book)
        outcome = book.place(checked)
        if outcome is Outcome.STORED:
            self._stored(book, reply, book.fresh[-1])
        elif outcome is Outcome.REPEATED:
            self._work.tally.add("record_repeated")
            reply.urgent = True
        elif outcome is Outcome.EARLY:
            self._park(book, checked)
            reply.urgent = True
        else:
            refusal = Refusal("one branch of the log too many", security=True)
            self._dispute(header, reply, Claim(book.row.log, checked.seq, checked.signed), refusal)
        return outcome

    def _stored(self, book: Book, reply: Reply, placed: Placed) -> None:
        work, fields, site = self._work, placed.checked.fields, book.row.site
        if not book.row.cur:
            book.row = book.row._replace(cur=text_of(fields, "cur"))
        take_effects(work, book, placed, self._book)
        if placed.checked.t == "TARIFF" and site in self._tariffs:
            self._tariffs[site].add(fields)
        if fields.get("tar") and placed.checked.t != "TARIFF" and not self._tariffs_of(book).agree(placed.checked):
            placed.marks.add("tariff")
        work.tally.add("records")
        for mark in _ODD:
            if mark in placed.marks:
                work.tally.add(f"record_{mark}")
        if placed.marks.difference(_ODD):
            work.tally.add("record_odd")
        reply.urgent = reply.urgent or bool(placed.marks)

    def _tariffs_of(self, book: Book) -> Tariffs:
        site = book.row.site
        if site not in self._tariffs:
            tariffs = self._tariffs[site] = Tariffs(self._work.connection, site)
            for each in self._books.values():
                for placed in each.fresh:
                    if placed.checked.t == "TARIFF" and each.row.site == site:
                        tariffs.add(placed.checked.fields)
        return self._tariffs[site]

    def _park(self, book: Book, checked: Checked) -> None:
        """Let a record wait. Where there is no room the furthest gives way; a LOSS is read even then."""
        if checked.verified and checked.t == "LOSS":
            declare_loss(self._work, checked, self._book(loss_of(checked)[0]))
        waiting = self._waiting(book)
        if len(waiting) >= PARKED_MAX:
            self._work.tally.add("record_parking_full")
            if checked.seq >= waiting[-1]:
                return
            for furthest in ledger_aside.parked(self._work.connection, book.row.log, waiting[-1], waiting[-1]):
                ledger_aside.unpark(self._work.connection, furthest.log, furthest.seq, furthest.hash)
            waiting.pop()
        ledger_aside.park(self._work.connection, [parked_of(book.row, checked, self._work.now_ms)])
        if checked.seq not in waiting:
            insort(waiting, checked.seq)
            self._work.tally.add("record_parked")

    def _waiting(self, book: Book) -> list[int]:
        """Numbers of the parked records, rising, each once."""
        if book.waiting is None:
            book.waiting = sorted(set(ledger_aside.parked_seqs(self._work.connection, book.row.log)))
        return book.waiting

    def _drain(self, book: Book, header: Header, reply: Reply) -> None:
        """Place what has waited, as far as it goes now."""
        while book.moved:
            book.moved = False
            for seq in list(self._waiting(book)):
                if seq <= book.head or seq in (book.head + 1, book.expected):
                    self._unpark(book, header, reply, seq)

    def _unpark(self, book: Book, header: Header, reply: Reply, seq: int) -> None:
        """Try the parked records of one number, first the one that follows the head."""
        connection = self._work.connection
        main = book.branches.get(ledger_logs.MAIN)
        waiting = [self._judged(header, parked) for parked in ledger_aside.parked(connection, book.row.log, seq, seq)]
        waiting.sort(key=lambda each: isinstance(each[1], Checked) and main is not None and each[1].prev != main.hash)
        left = len(waiting)
        for claim, judged, digest in waiting:
            if isinstance(judged, Refusal):
                self._dispute(header, reply, claim, judged)
            elif self._place(book, header, reply, judged) is Outcome.EARLY:
                continue
            ledger_aside.unpark(connection, claim.log, seq, digest)
            left -= 1
        if not left:
            self._waiting(book).remove(seq)

    def _judged(self, header: Header, parked: Parked) -> tuple[Claim, Checked | Refusal, str]:
        """A parked record once more: its key may have become known, or have ended."""
        claim = Claim(parked.log, parked.seq, SignedRecord(parked.payload, parked.signature, parked.key_id))
        sender = self._sender(header.site, parked.log)
        judged = check(sender, parked.seq, claim.signed, was_verified=parked.verified)
        if isinstance(judged, Checked) and not judged.verified:
            judged = Refusal(f"nobody knows key {parked.key_id}", security=True)
        return claim, judged, parked.hash

    def _dispute(self, header: Header, reply: Reply, claim: Claim, refusal: Refusal) -> None:
        """Keep bytes that are no record; after enough copies their place becomes a hole that the head may pass."""
        work, log, seq, signed = self._work, claim.log, claim.seq, claim.signed
        work.tally.add("record_disputed")
        reply.urgent = True
        if refusal.security:
            work.tally.add("security_events")
        digest = digest_of(log, seq, signed)
        if not ledger_aside.is_disputed(work.connection, digest):
            kept, octets = ledger_aside.disputed_size(work.connection, header.site)
            if kept >= DISPUTED_MAX or octets + len(signed.payload) > DISPUTED_MAX_BYTES:
                work.tally.add("record_disputes_full")
                return
        said = (header.site, log, seq, signed.payload, signed.signature, signed.key_id)
        row = Disputed(0, *said, refusal.reason[:200], refusal.security, 1, work.now_ms, work.now_ms)
        copies = ledger_aside.dispute(work.connection, row, digest, f"{header.boot}:{header.counter}")
        if copies < COPIES_UNTIL_PASSED:
            return
        book = self._begin(header, log)
        if book.row.site == header.site and seq > book.head and all(not a <= seq <= b for a, b in book.spans):
            book.open_gap(Gap(log, seq, seq, "disputed", 0, 0, 0, work.now_ms))
            work.tally.add("holes_passed")

    def _write(self, book: Book) -> None:
        """Store the records that have got their places, with what is odd about them."""
        if not book.fresh:
            return
        standings = judge_presses(self._work.connection, book.row.site, book.fresh)
        records = [self._record(book, standing) for standing in standings]
        ledger_records.add_records(self._work.connection, records)
        self._work.mark_dirty(book.row.site, {record.day for record in records if record.day is not None})
        book.fresh.clear()

    def _record(self, book: Book, standing: Standing) -> Record:
        checked = standing.placed.checked
        life = boot_of(self._work, book.row.site, checked.boot)
        utc_ms, day = boots.date_of(checked.mono_ms, None if life is None else life.offset_ms)
        return record_of(book.row, standing, utc_ms, day, self._work.now_ms)
