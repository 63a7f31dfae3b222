"""Ingest without a broker, and short words for what a test asks of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from ingest import counters
from ingest.acknowledger import Outgoing, Policy
from ingest.handler import Handler, Message
from ingest.keys import open_keys
from kiosk.ledger.signing import DOWN_PREFIX, verify_bytes
from kiosk.wire.down import DownMessage, decode_down
from kiosk.wire.down_sections import DownSection, LedgerAck, ReadingsAck
from kiosk.wire.records import SignedRecord
from store import ledger_aside, ledger_records, letters, sites
from store.engine import Store
from store.ledger_aside import Disputed, Gap
from store.ledger_records import Record
from store.letters import Letter
from store.migrate import upgrade
from store.readings.base import Series
from store.readings.sql import SqlReadings
from tests.ingest.writer import NOON, Kiosk


@cache
def _empty_database() -> bytes:
    """What the migrations make, made once."""
    with TemporaryDirectory() as folder:
        upgrade(f"sqlite:///{folder}/empty.db")
        return Path(folder, "empty.db").read_bytes()


Kind = TypeVar("Kind", bound=DownSection)


class Server:
    """Store, readings and handler; every frame is answered unless a policy is given."""

    def __init__(self, folder: Path, policy: Policy | None = None, url: str = "") -> None:
        """`url` names a database with tables; without it a SQLite file is made in the folder."""
        self.url = url or f"sqlite:///{folder / 'kayasol.db'}"
        if not url:
            (folder / "kayasol.db").write_bytes(_empty_database())
        self.folder = folder
        self.policy = policy or Policy(calm_ms=0)
        self.now_ms = NOON + 3_600_000
        self.open()

    def open(self) -> None:
        """As after a start of the process."""
        self.store = Store.open(self.url)
        self.readings = SqlReadings(self.store)
        self.keys = open_keys(self.folder)
        self.handler = Handler(self.store, self.readings, self.keys, lambda: self.now_ms, policy=self.policy)

    def close(self) -> None:
        self.store.close()

    def register(self, kiosk: Kiosk) -> Kiosk:
        with self.store.write() as connection:
            sites.add_site(connection, kiosk.act(), self.now_ms)
        return kiosk

    def send(self, kiosk: Kiosk, *payloads: bytes) -> list[DownMessage]:
        """Hand frames over one by one; the answers, with their signatures checked."""
        return [self.open_answer(each) for payload in payloads for each in self.handler.handle(kiosk.topic, payload)]

    def send_together(self, kiosk: Kiosk, *payloads: bytes) -> list[DownMessage]:
        """Hand frames over in one transaction."""
        batch = [Message(kiosk.topic, payload) for payload in payloads]
        return [self.open_answer(each) for each in self.handler.handle_batch(batch)]

    def open_answer(self, outgoing: Outgoing) -> DownMessage:
        message, part = decode_down(outgoing.payload)
        assert part.key_id == self.keys.current.key_id
        assert verify_bytes(self.keys.current.public_hex, DOWN_PREFIX, part.signed_bytes, part.signature)
        return message

    def count(self, outcome: str) -> int:
        with self.store.read() as connection:
            return counters.snapshot(connection)[outcome]

    def records(self, log: str) -> list[Record]:
        with self.store.read() as connection:
            return ledger_records.of_log(connection, log, limit=100_000)

    def gaps(self, log: str) -> list[Gap]:
        with self.store.read() as connection:
            return ledger_aside.gaps(connection, log)

    def parked(self, log: str) -> list[int]:
        with self.store.read() as connection:
            return ledger_aside.parked_seqs(connection, log)

    def disputed(self, site: str) -> list[Disputed]:
        with self.store.read() as connection:
            return ledger_aside.disputed(connection, site)

    def letters(self) -> list[Letter]:
        with self.store.read() as connection:
            return letters.newest(connection, 1000)

    def volts(self, site: str = "damane") -> Series:
        return self.readings.series(site, "mppt", "battery_voltage_v", 0, 2**60)


def readings_ack(message: DownMessage) -> ReadingsAck:
    return only(message, ReadingsAck)


def ledger_ack(message: DownMessage) -> LedgerAck:
    return only(message, LedgerAck)


def send_records(server: Server, kiosk: Kiosk, *records: SignedRecord, first: int) -> LedgerAck:
    (message,) = server.send(kiosk, kiosk.frame(kiosk.section_of(records, first)))
    return ledger_ack(message)


def only(message: DownMessage, kind: type[Kind]) -> Kind:
    found = [section for section in message.sections if isinstance(section, kind)]
    assert len(found) == 1, message
    return found[0]
