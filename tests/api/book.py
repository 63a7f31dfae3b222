"""A kiosk's ledger for tests: records that are really numbered, chained and signed, and stored as ingest does."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from kiosk.ledger import act, canonical, chain
from kiosk.ledger import format as record_format
from kiosk.ledger.chain import Head
from kiosk.ledger.signing import SigningKey
from kiosk.ledger.types import number_of, text_of
from kiosk.time import day_of
from kiosk.wire.frame import LedgerHead
from store import ledger_logs, ledger_records, sites
from store.ledger_logs import Branch, Log, LogKey
from store.ledger_records import Record

BOOT = "b0" * 8


def hex_of(word: str, digits: int) -> str:
    """The same id for the same word in every run."""
    return sha256(word.encode()).hexdigest()[:digits]


@dataclass
class Book:
    """Writes records; keeps those that were sent and those that are still at the kiosk apart."""

    site: str
    name: str = "École de Damané"
    commune: str = "Kaya"
    kind: str = "school"
    opened_ms: int = 1_790_000_000_000
    cur: str = "XOF"
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dev = hex_of(f"{self.site} device", 16)
        self.log = hex_of(f"{self.site} log", 32)
        self.key = SigningKey.from_private_bytes(bytes.fromhex(hex_of(f"{self.site} key", 64)))
        fields: dict[str, Any] = {
            "v": 1,
            "kind": "act",
            "site": self.site,
            "name": self.name,
            "commune": self.commune,
            "site_kind": self.kind,
            "dev": self.dev,
            "cur": self.cur,
            "pub": self.key.public_hex,
            "ingest_key": "11" * 32,
            "ingest_next": "22" * 32,
            "issued": self.opened_ms,
        }
        self.act = act.encode(fields)
        self.head = Head.empty(self.log, self.cur, act.act_hash(self.act), site=self.site, dev=self.dev)

    def write(self, t: str, at_ms: int, *, amt: int = 0, cash: int | None = None, **own: Any) -> Record:
        """One more record at the end of the log."""
        cash = amt if cash is None else cash
        fields = record_format.blank(t) | chain.continuation(self.head, amt, cash)
        fields |= {"amt": amt, "cash": cash, "boot": BOOT, "bn": 1, "mono": at_ms - self.opened_ms}
        fields |= {"wall": at_ms, "clk": "server", "unc": 1, "id": hex_of(f"{self.site} {self.head.seq + 1}", 32)}
        fields |= own
        payload = record_format.encode(fields)
        self.head = chain.advance(self.head, fields, payload)
        self.records.append(self._record(fields, payload, at_ms))
        return self.records[-1]

    def open(self) -> None:
        """The first record."""
        act_hash = act.act_hash(self.act)
        self.write("GENESIS", self.opened_ms, act=act_hash, pub=self.key.public_hex, pay="cash")

    def sell(self, at_ms: int, amount: int, svc: str = "phone", pay: str = "cash") -> Record:
        """A sale."""
        cash = amount if pay == "cash" else 0
        return self.write("SALE", at_ms, amt=amount, cash=cash, svc=svc, qty=1, tar=1, pay=pay)

    def void(self, at_ms: int, sale: Record) -> Record:
        """The sale was a mistake."""
        return self.write("VOID", at_ms, amt=-sale.amt, cash=-sale.cash, pay=sale.pay, ref=sale.seq)

    def register(self, connection: Connection, now_ms: int) -> None:
        """Site and key, as `kayasol site add` does."""
        sites.add_site(connection, self.act, now_ms)

    def send(self, connection: Connection, upto: int | None = None) -> None:
        """Store the records up to a number as received, and the head there."""
        ledger_logs.open_log(connection, Log(self.log, self.site, self.dev, self.cur, "", False, self.opened_ms))
        ledger_logs.save_key(connection, LogKey(self.log, self.key.key_id, 1, None))
        sent = self.records[:upto]
        ledger_records.add_records(connection, sent)
        last = sent[-1]
        totals = (last.sum_in, last.sum_out, last.box)
        head = Branch(self.log, 0, "", last.seq, last.hash, *totals, last.boot, last.boot_number, last.mono_ms)
        ledger_logs.save_branch(connection, head)

    def stated_head(self) -> LedgerHead:
        """What the kiosk says of its log in a frame."""
        head = self.head
        return LedgerHead(head.log, head.seq, head.hash, head.cur, head.sum_in, head.sum_out, head.box)

    def _record(self, fields: dict[str, canonical.Value], payload: bytes, at_ms: int) -> Record:
        same = (
            "site",
            "t",
            "boot",
            "cur",
            "pay",
            "op",
            "ref_log",
            "amt",
            "cash",
            "sum_in",
            "sum_out",
            "box",
            "ref",
            "seq",
        )
        columns: dict[str, Any] = {name: fields[name] for name in same}
        return Record(
            log=self.log,
            branch=0,
            hash=chain.record_hash(payload),
            payload=payload,
            signature=self.key.sign(payload),
            key_id=self.key.key_id,
            press_id=text_of(fields, "id"),
            boot_number=number_of(fields, "bn"),
            mono_ms=number_of(fields, "mono"),
            svc=str(fields.get("svc", "")),
            utc_ms=at_ms,
            day=day_of(at_ms),
            counts=fields["t"] != "TEST",
            marks="",
            arrived_ms=at_ms,
            **columns,
        )
