"""The signed records of this device on its disk: append, look up, acknowledge. One log is open, older ones are closed.

Knows what follows what, not what an action means: that is till.py. Never deletes a record that the server may lack.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from edge_agent.outbox.database import Database
from edge_agent.till.written import Log, Written, read_record
from kiosk.errors import LedgerError
from kiosk.ledger.canonical import Value
from kiosk.ledger.chain import Head, advance, continuation, record_hash
from kiosk.ledger.format import encode
from kiosk.ledger.signing import SigningKey, verify
from kiosk.wire.records import SignedRecord

__all__ = ["KEEP_DAYS", "Book", "Log", "Written"]

KEEP_DAYS = 400
"""Records stay at least so long after they are acknowledged and witnessed."""

_SELECT = "SELECT payload, signature, key_id FROM ledger_record "


class Book:
    """All logs of one device, and the key that signs them."""

    def __init__(
        self,
        database: Database,
        key: SigningKey,
        *,
        site: str,
        dev: str,
        currency: str,
        make_room: Callable[[], int],
    ) -> None:
        """`make_room` gives up readings for money; it tells how many rows went."""
        self._database = database
        self._key = key
        self._site, self._dev, self._currency = site, dev, currency
        self._make_room = make_room
        self.logs: dict[str, Log] = {}
        """All logs by id, the open one last."""
        self._genesis: dict[str, Written | None] = {}
        self.head: Head | None = None
        """Of the open log; None until `begin_log` or `take_head`."""
        self.reload()

    def reload(self) -> None:
        """Believe the disk again about logs and receipts, after a transaction that did not come about."""
        self.logs.clear()
        for number, log, acked, witnessed, closed in self._database.rows(
            "SELECT number, log, acked, witnessed, closed FROM ledger_log ORDER BY number"
        ):
            (head_seq,) = self._database.row("SELECT COALESCE(MAX(seq), 0) FROM ledger_record WHERE log = ?", (number,))
            self.logs[log] = Log(number, log, acked, witnessed, head_seq, closed)

    @property
    def open_log(self) -> Log | None:
        """The log that new records join."""
        newest = next(reversed(self.logs.values()), None)
        return newest if newest is not None and not newest.closed else None

    @property
    def public_hex(self) -> str:
        """The key that verifies these records."""
        return self._key.public_hex

    def take_head(self, head: Head) -> None:
        """Go on after this record, which was verified."""
        self.head = head

    def begin_log(self, log: str, genesis: Mapping[str, Value], act_hash: str, why_closed: str) -> Written:
        """Close the open log, if there is one, and write the first record of a new one, in one transaction."""
        head = Head.empty(log, self._currency, act_hash, site=self._site, dev=self._dev)
        number = 1 + max((each.number for each in self.logs.values()), default=0)
        also: list[tuple[str, Sequence[object]]] = [
            ("UPDATE ledger_log SET closed = ? WHERE closed = ''", (why_closed,)),
            ("INSERT INTO ledger_log VALUES (?, ?, 0, 0, '')", (number, log)),
        ]
        written = self._append(number, head, genesis, also)
        for name, each in self.logs.items():
            if not each.closed:
                self.logs[name] = replace(each, closed=why_closed)
        self.logs[log] = Log(number, log, 0, 0, 1, "")
        return written

    def append(self, fields: Mapping[str, Value], also: Sequence[tuple[str, Sequence[object]]] = ()) -> Written:
        """Sign and commit the next record; `also` are statements of the same transaction.

        `fields` hold everything but what follows from the head. Raises LedgerError where they are not a record,
        StorageFull where not even giving up readings made room.
        """
        log = self.open_log
        assert log is not None and self.head is not None  # noqa: S101, PT018 - the till opens a log before it sells
        written = self._append(log.number, self.head, fields, also)
        self.logs[log.log] = replace(log, head_seq=written.seq)
        return written

    def by_press(self, press: str) -> Written | None:
        """The record that a press became, in whatever log."""
        row = self._database.row(_SELECT + "WHERE press = ?", (bytes.fromhex(press),))
        return None if row is None else read_record(bytes(row[0]))

    def stored(self, log: str, first: int, most: int) -> list[tuple[int, SignedRecord]]:
        """Records from `first` on as they are kept, readable or not, as (seq, record)."""
        number = self.logs[log].number
        rows = self._database.rows(
            "SELECT seq, payload, signature, key_id FROM ledger_record WHERE log = ? AND seq >= ? ORDER BY seq LIMIT ?",
            (number, first, most),
        )
        return [(seq, SignedRecord(bytes(payload), bytes(sign), key_id)) for seq, payload, sign, key_id in rows]

    def find(self, log: str, seq: int) -> Written | None:
        """One record of a log that is kept here and can be read; None otherwise."""
        if log not in self.logs:
            return None
        row = self._database.row(_SELECT + "WHERE log = ? AND seq = ?", (self.logs[log].number, seq))
        if row is None:
            return None
        try:
            return read_record(bytes(row[0]))
        except LedgerError:
            return None

    def between(self, log: str, first: int, last: int) -> list[bytes]:
        """The payloads of a range, in order."""
        sql = "SELECT payload FROM ledger_record WHERE log = ? AND seq BETWEEN ? AND ? ORDER BY seq"
        return [bytes(payload) for (payload,) in self._database.rows(sql, (self.logs[log].number, first, last))]

    def newest_of(self, log: str, types: Sequence[str]) -> Written | None:
        """The newest record of one of these types, looked for from the head backwards."""
        sql = "SELECT seq, payload FROM ledger_record WHERE log = ? AND seq < ? ORDER BY seq DESC LIMIT 64"
        below = self.logs[log].head_seq + 1
        while rows := self._database.rows(sql, (self.logs[log].number, below)):
            for seq, payload in rows:
                below = seq
                try:
                    written = read_record(bytes(payload))
                except LedgerError:
                    continue
                if written.fields["t"] in types:
                    return written
        return None

    def newest_is_seal(self, log: Log) -> bool:
        """Whether there is nothing to seal."""
        newest = self.find(log.log, log.head_seq)
        return newest is not None and newest.fields["t"] == "SEAL"

    def genesis(self, log: str) -> Written | None:
        """The first record of a log, if it can be read."""
        if log not in self._genesis:
            self._genesis[log] = self.find(log, 1)
        return self._genesis[log]

    def is_intact(self, log: str, record: SignedRecord) -> bool:
        """Whether a stored record still is what was signed, by the key that its log's GENESIS names."""
        genesis = self.genesis(log)
        public_hex = self._key.public_hex if genesis is None else str(genesis.fields["pub"])
        return verify(public_hex, record.payload, record.signature)

    def references(self, log: str, seq: int) -> list[Written]:
        """The records that speak of this one: corrections, settlements, notes."""
        sql = "SELECT by_log, by_seq FROM ledger_reference WHERE log = ? AND seq = ? ORDER BY by_log, by_seq"
        names = {each.number: each.log for each in self.logs.values()}
        found = [
            self.find(names[by_log], by_seq)
            for by_log, by_seq in self._database.rows(sql, (self.logs[log].number, seq))
        ]
        return [each for each in found if each is not None]

    def hash_at(self, log: str, seq: int) -> str | None:
        """The hash of one of our records; None if it is not kept."""
        known = self.logs.get(log)
        if known is None:
            return None
        row = self._database.row("SELECT payload FROM ledger_record WHERE log = ? AND seq = ?", (known.number, seq))
        return None if row is None else record_hash(bytes(row[0]))

    def acknowledge(self, log: str, upto: int, witnessed: int, utc_day: int | None) -> None:
        """The server has this log up to `upto`, in the caller's transaction. `utc_day`: days since 1970, if trusted."""
        known = self.logs[log]
        self._database.write(
            "UPDATE ledger_log SET acked = ?, witnessed = ? WHERE number = ?", (upto, witnessed, known.number)
        )
        if utc_day is not None and upto > known.acked:
            self._database.write(
                "INSERT OR REPLACE INTO ledger_acknowledged VALUES (?, ?, ?)", (known.number, utc_day, upto)
            )
        self.logs[log] = replace(known, acked=upto, witnessed=witnessed)

    def dispute(self, log: str, seqs: Sequence[int]) -> None:
        """Note which records the server keeps aside, in the caller's transaction."""
        number = self.logs[log].number
        for seq in seqs:
            self._database.write("INSERT OR IGNORE INTO ledger_disputed VALUES (?, ?)", (number, seq))

    def disputed(self, log: str) -> list[int]:
        """Records that the server refused until a person decides."""
        sql = "SELECT seq FROM ledger_disputed WHERE log = ? ORDER BY seq"
        return [seq for (seq,) in self._database.rows(sql, (self.logs[log].number,))]

    def is_declared_lost(self, log: str, seq: int) -> bool:
        """Whether a LOSS record speaks of it already."""
        sql = "SELECT 1 FROM ledger_lost WHERE log = ? AND seq = ?"
        return self._database.row(sql, (self.logs[log].number, seq)) is not None

    def prune(self, utc_day: int) -> int:
        """Delete records that were acknowledged 400 days ago, are witnessed, and lie before the last two seals.

        `utc_day` is today, by a clock that is trusted. Tells how many went. GENESIS stays.
        """
        gone = 0
        for log in list(self.logs.values()):
            row = self._database.row(
                "SELECT MAX(upto) FROM ledger_acknowledged WHERE log = ? AND utc_day <= ?",
                (log.number, utc_day - KEEP_DAYS),
            )
            last = min(row[0] or 0, log.witnessed, self._prune_limit(log))
            if last > 1:
                with self._database.transaction():
                    sql = "DELETE FROM ledger_record WHERE log = ? AND seq > 1 AND seq <= ?"
                    gone += self._database.write(sql, (log.number, last))
        return gone

    def _prune_limit(self, log: Log) -> int:
        """What a closed log may lose, and what the open one needs for its next seal."""
        if log.closed:
            return log.head_seq - 1
        seal = self.newest_of(log.log, ("SEAL",))
        return 0 if seal is None else int(seal.fields["first"]) - 1

    def _append(
        self, number: int, head: Head, fields: Mapping[str, Value], also: Sequence[tuple[str, Sequence[object]]]
    ) -> Written:
        record = dict(fields)
        record.update(continuation(head, int(record["amt"]), int(record["cash"])))
        payload = encode(record)
        signature = self._key.sign(payload)
        statements: list[tuple[str, Sequence[object]]] = [
            *also,
            (
                "INSERT INTO ledger_record VALUES (?, ?, ?, ?, ?, ?)",
                (number, record["seq"], bytes.fromhex(str(record["id"])), self._key.key_id, signature, payload),
            ),
        ]
        if record["ref"]:
            meant = self.logs[str(record["ref_log"])].number if record["ref_log"] else number
            sql = "INSERT INTO ledger_reference VALUES (?, ?, ?, ?)"
            statements.append((sql, (meant, record["ref"], number, record["seq"])))
        if record["t"] == "LOSS":
            lost = self.logs[str(record["lost_log"])].number
            statements += [
                ("INSERT OR IGNORE INTO ledger_lost VALUES (?, ?)", (lost, seq))
                for seq in range(int(record["from"]), int(record["to"]) + 1)
            ]
        self._commit(statements)
        self.head = advance(head, record, payload)
        return Written(head.log, int(record["seq"]), payload, record)

    def _commit(self, statements: Sequence[tuple[str, Sequence[object]]]) -> None:
        """Money is written even where readings must go for it."""

        def commit() -> None:
            with self._database.transaction():
                for sql, values in statements:
                    self._database.write(sql, values)

        self._database.with_room(commit, self._make_room)
