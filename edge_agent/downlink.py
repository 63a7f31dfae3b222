"""Messages from the server: whose they are, whether they are new, and what each section does here.

Knows no link: bytes are given to it. Nothing in a message is believed before its signature is verified by a key that
commissioning or an accepted message named; one that is refused is counted and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from edge_agent.outbox.boots import Boots
from edge_agent.outbox.database import Database, StorageFull
from edge_agent.outbox.outbox import Outbox
from edge_agent.publisher import Publisher
from edge_agent.till import opening
from edge_agent.till.till import Till
from edge_agent.time_source import TimeKeeper
from kiosk.errors import WireError
from kiosk.ledger.signing import DOWN_PREFIX, key_id, verify_bytes
from kiosk.time import DAY_MS
from kiosk.wire.down import (
    DownMessage,
    Keys,
    LedgerAck,
    Live,
    Pace,
    ReadingsAck,
    SchemasWanted,
    TimeAnswer,
    decode_down,
)


@dataclass(slots=True)
class DownCounts:
    """What became of messages, in this life."""

    accepted: int = 0
    unreadable: int = 0
    forged: int = 0
    foreign: int = 0
    """For another site or device."""
    old: int = 0
    """Epoch or counter not above the last one."""
    refused_rows: int = 0
    """Rows that the server cannot decode: it keeps them as dead letters."""
    late_times: int = 0
    """Answers to no open question of this life."""


@dataclass(slots=True)
class _After:
    """What is done once the message's marks are on the disk."""

    new_log: tuple[str, int, str] | None = None
    send_from: list[tuple[str, int]] = field(default_factory=list)


class Downlink:
    """The receiving side of one device."""

    def __init__(
        self, site: str, dev: str, *, ingest_keys: tuple[str, str], database: Database, outbox: Outbox, boots: Boots,
        till: Till, keeper: TimeKeeper, publisher: Publisher, live: Callable[[Live], None],
    ) -> None:  # fmt: skip
        """`ingest_keys`: current and next public key as commissioning told them."""
        self._site, self._dev = site, dev
        self._database = database
        self._outbox = outbox
        self._boots = boots
        self._till = till
        self._keeper = keeper
        self._publisher = publisher
        self._live = live
        epoch, counter, current, following = database.row("SELECT epoch, counter, ingest_key, ingest_next FROM state")
        self._newest = (epoch, counter)
        self._keys = (current, following) if current else ingest_keys
        self.counts = DownCounts()

    def take(self, octets: bytes, now_ms: int) -> bool:
        """Judge one message and do what it says; False if it was refused."""
        message = self._judged(octets)
        if message is None:
            return False
        after = _After()
        try:
            self._store(message, now_ms, after)
        except StorageFull:
            # Nothing was taken; the server says it again. The reserve makes room for that.
            self._database.release_ballast()
            self._outbox.reload()
            self._till.book.reload()
            self._publisher.forget_marks()
            return False
        self._newest = (message.epoch, message.counter)
        self.counts.accepted += 1
        for section in message.sections:
            self._obey(section, now_ms)
        if after.new_log is not None:
            self._till.begin_new_log(*after.new_log)
            self._publisher.ask_now(with_rows=False)
        for log, seq in after.send_from:
            self._publisher.take_send_from(log, seq, now_ms)
        return True

    def _store(self, message: DownMessage, now_ms: int, after: _After) -> None:
        """Marks, deletions and the message's number in one transaction."""
        new_epoch = self._newest[0] != 0 and message.epoch > self._newest[0]
        keys = next(((each.current, each.next) for each in message.sections if isinstance(each, Keys)), self._keys)
        with self._database.transaction():
            if new_epoch:
                self._start_epoch()
            for section in message.sections:
                self._mark(section, message, now_ms, new_epoch, after)
            self._publisher.settled(now_ms)
            self._database.write(
                "UPDATE state SET epoch = ?, counter = ?, ingest_key = ?, ingest_next = ?",
                (message.epoch, message.counter, *keys),
            )
        self._keys = keys

    def _judged(self, octets: bytes) -> DownMessage | None:
        try:
            message, signed = decode_down(octets)
        except WireError:
            self.counts.unreadable += 1
            return None
        public_hex = next((key for key in self._keys if key and key_id(key) == signed.key_id), None)
        if public_hex is None or not verify_bytes(public_hex, DOWN_PREFIX, signed.signed_bytes, signed.signature):
            self.counts.forged += 1
            return None
        if (message.site, message.device) != (self._site, self._dev):
            self.counts.foreign += 1
            return None
        if (message.epoch, message.counter) <= self._newest:
            self.counts.old += 1
            return None
        return message

    def _start_epoch(self) -> None:
        """The server was restored from a backup: it is believed in what it says now, not in what it said before."""
        self._outbox.reset_marks()
        self._boots.tell_again()
        self._database.write("UPDATE schema SET told = 0")
        self._publisher.forget_marks()

    def _mark(self, section: object, message: DownMessage, now_ms: int, new_epoch: bool, after: _After) -> None:
        """What must be on the disk together with the message's number."""
        match section:
            case ReadingsAck() if message.stream == self._outbox.stream:
                self._take_readings(section)
            case LedgerAck():
                self._take_ledger(section, now_ms, new_epoch, after)
            case SchemasWanted():
                for schema_hash in section.hashes:
                    self._outbox.mark_schema(schema_hash, told=False)
            case _:
                pass

    def _obey(self, section: object, now_ms: int) -> None:
        """What needs no place in that transaction."""
        match section:
            case SchemasWanted():
                self._publisher.take_schemas_wanted(section.hashes)
            case TimeAnswer():
                fix = self._keeper.answered(section, now_ms)
                if fix is None:
                    self.counts.late_times += 1
                elif self._keeper.offer(fix):
                    self._till.time_fix(fix)
            case Pace():
                self._publisher.take_pace(section)
            case Live():
                self._live(section)
            case _:
                pass

    def _take_readings(self, ack: ReadingsAck) -> None:
        ranges = [*ack.ranges, *ack.refused]
        if max([ack.upto, *(first + count - 1 for first, count in ranges)]) > self._outbox.head:
            # Rows that this outbox never wrote: another one has lived in this stream.
            self._outbox.begin_stream()
            self._publisher.forget_marks()
            return
        self.counts.refused_rows += sum(
            count for first, count in ack.refused if not self._outbox.done.covers(first, count)
        )
        if ack.upto:
            ranges.insert(0, (1, ack.upto))
        self._outbox.acknowledge(ranges)

    def _take_ledger(self, ack: LedgerAck, now_ms: int, new_epoch: bool, after: _After) -> None:
        book = self._till.book
        known = book.logs.get(ack.log)
        if known is None:
            return
        ours = ack.upto == 0 or book.hash_at(ack.log, ack.upto) == ack.hash
        if not known.closed and (ack.fork or not ours):
            after.new_log = (opening.FORK if ack.fork else opening.SERVER, ack.upto, ack.hash if ack.upto else "")
        if not ours:
            return
        utc_ms = self._keeper.trusted_utc_ms(now_ms)
        acked = ack.upto if new_epoch else max(known.acked, ack.upto)
        if (acked, ack.witnessed) != (known.acked, known.witnessed):
            book.acknowledge(ack.log, acked, ack.witnessed, None if utc_ms is None else utc_ms // DAY_MS)
        book.dispute(ack.log, [seq for seq in ack.disputed if seq <= known.head_seq])
        if 0 < ack.send_from <= known.head_seq:
            after.send_from.append((ack.log, ack.send_from))
