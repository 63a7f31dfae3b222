"""A kiosk for tests, written apart from edge_agent: signed chains and frames made with kiosk's own encoders."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from hashlib import sha256

from kiosk.ledger import act
from kiosk.ledger import format as ledger_format
from kiosk.ledger.chain import Head, advance, continuation
from kiosk.ledger.signing import SigningKey
from kiosk.reading import Flag, Row
from kiosk.time import TimeFix
from kiosk.wire import frame, topics
from kiosk.wire.block import Block, encode_block
from kiosk.wire.boots import BootState, encode_boots
from kiosk.wire.frame import ClockState, Header, LedgerHead, Section
from kiosk.wire.records import SignedRecord, encode_ledger_section
from kiosk.wire.request import TimeRequest, encode_time_request
from kiosk.wire.schema import DeviceSchema, Schema

NOON = 1_790_000_000_000
"""2026-09-21, some minutes after two in the afternoon UTC."""
MINUTE = 60_000
SCHEMA = Schema(
    (
        DeviceSchema("mppt", "victron-vedirect", "HQ1", ("battery_voltage_v", "pv_power_w", "pv_energy_total_wh")),
        DeviceSchema("agent", "linux", "", ("link_latency_ms",)),
    )
)


def hexadecimal(text: str, digits: int) -> str:
    """Random enough, and the same in every run."""
    return sha256(text.encode()).hexdigest()[:digits]


@dataclass
class Kiosk:
    """One device of one site, with an open log; its fields may be bent by a test."""

    site: str = "damane"
    name: str = "kiosk"
    cur: str = "XOF"
    boot_number: int = 1
    mono_ms: int = 1_000_000
    utc_ms: int = NOON
    clock: str = "ntp"
    counter: int = 0
    ingest_keys: tuple[str, str] = ("00" * 32, "00" * 32)
    """What its act says the server signs with, now and next."""
    key: SigningKey = field(init=False)
    log: str = field(init=False)
    head: Head = field(init=False)
    records: list[SignedRecord] = field(default_factory=list)
    presses: int = 0

    def __post_init__(self) -> None:
        self.key = SigningKey.from_private_bytes(bytes.fromhex(hexadecimal(self.site + self.name, 64)))
        self.log = hexadecimal(self.name + "log", 32)
        self.head = Head.empty(self.log, self.cur, act.act_hash(self.act()), site=self.site, dev=self.dev)

    @property
    def dev(self) -> str:
        return hexadecimal(self.site + self.name + "dev", 16)

    @property
    def stream(self) -> str:
        return hexadecimal(self.name + "stream", 32)

    @property
    def boot(self) -> str:
        return hexadecimal(f"{self.name}boot{self.boot_number}", 16)

    def act(self) -> bytes:
        fields: dict[str, str | int] = {
            "v": 1,
            "kind": "act",
            "site": self.site,
            "name": "École",
            "commune": "Kaya",
            "site_kind": "school",
            "issued": NOON,
            "dev": self.dev,
            "cur": self.cur,
            "pub": self.key.public_hex,
            "ingest_key": self.ingest_keys[0],
            "ingest_next": self.ingest_keys[1],
        }
        return act.encode(fields)

    # --- ledger ------------------------------------------------------------------------------------------------------

    def record(self, t: str, as_: str = "", **own: str | int) -> SignedRecord:
        """The next record of the log; sealed by the device's key."""
        self.mono_ms += 1_000
        self.utc_ms += 1_000
        self.presses += 1
        fields: dict[str, str | int] = ledger_format.blank(t, as_) | {
            "id": hexadecimal(f"{self.name}press{self.presses}", 32),
            "boot": self.boot,
            "bn": self.boot_number,
            "mono": self.mono_ms,
            "wall": self.utc_ms if self.clock != "none" else 0,
            "clk": self.clock,
        }
        fields |= own
        fields |= continuation(self.head, int(fields["amt"]), int(fields["cash"])) | {
            name: own[name] for name in own if name in ("prev", "seq", "sum_in", "sum_out", "box", "log", "site", "dev")
        }
        return self.sign(ledger_format.encode(fields))

    def sign(self, payload: bytes) -> SignedRecord:
        """Sign a payload and let the log go on from it."""
        self.head = advance(self.head, ledger_format.parse(payload), payload)
        signed = SignedRecord(payload, self.key.sign(payload), self.key.key_id)
        self.records.append(signed)
        return signed

    def genesis(self, **own: str | int) -> SignedRecord:
        return self.record("GENESIS", "", **({"act": self.head.hash, "pub": self.key.public_hex} | own))

    def tariff(self) -> SignedRecord:
        return self.record("TARIFF", tar=1, prices="lamp:50;phone:100")

    def sale(self, amount: int = 100, **own: str | int) -> SignedRecord:
        said: dict[str, str | int] = {"svc": "phone", "qty": max(amount // 100, 1), "amt": amount, "cash": amount}
        return self.record("SALE", "", **(said | {"pay": "cash"} | own))

    def open_books(self, sales: int) -> list[SignedRecord]:
        """GENESIS, a tariff and some sales."""
        self.genesis()
        self.tariff()
        for _ in range(sales):
            self.sale(tar=1)
        return self.records

    def ledger_section(self, first: int = 1, last: int | None = None) -> Section:
        """Records `first` to `last` as the log has them."""
        return self.section_of(self.records[first - 1 : last], first)

    def section_of(self, records: Sequence[SignedRecord], first: int) -> Section:
        return Section(frame.KIND_LEDGER, encode_ledger_section(records, self.log, first))

    def clone(self, presses: int = 1_000) -> Kiosk:
        """The same card in another machine: same keys and log, from here on another history."""
        other = copy(self)
        other.records = list(self.records)
        other.presses = self.presses + presses
        return other

    # --- rows --------------------------------------------------------------------------------------------------------

    def rows(self, first: int, count: int, flags: dict[int, tuple[Flag, ...]] | None = None) -> tuple[Row, ...]:
        """Site-minutes; row n lies n minutes after the start of monotonic time."""
        return tuple(
            Row(
                number,
                number * MINUTE,
                (1250 + number % 7, 100 * (number % 50), 5000 + number, None if number % 3 else number),
                (flags or {}).get(number, ()),
            )
            for number in range(first, first + count)
        )

    def block(self, first: int, count: int, schema: Schema = SCHEMA, **changes: object) -> Section:
        """A block of rows of the boot of now."""
        rows = self.rows(first, count, changes.get("flags"))  # type: ignore[arg-type]
        made = Block(first, self.boot, self.boot_number, schema.hash, rows)
        return Section(frame.KIND_BLOCK, encode_block(made, len(schema.columns)))

    def schema_section(self, schema: Schema = SCHEMA) -> Section:
        return Section(frame.KIND_SCHEMA, schema.canonical)

    def boots_section(self, *states: BootState) -> Section:
        return Section(frame.KIND_BOOTS, encode_boots(states))

    def boot_state(self, number: int, first: int, last: int, fix: tuple[int, int, str, int] | None = None) -> BootState:
        boot = hexadecimal(f"{self.name}boot{number}", 16)
        return BootState(boot, number, first, last, None if fix is None else TimeFix(boot, *fix))

    def time_request(self, nonce: str = "0123456789abcdef") -> Section:
        return Section(frame.KIND_TIME_REQUEST, encode_time_request(TimeRequest(nonce, self.boot, self.mono_ms)))

    # --- frames ------------------------------------------------------------------------------------------------------

    def header(self, **changes: object) -> Header:
        """The next header."""
        self.counter += 1
        known = self.clock != "none"
        clock = ClockState(self.clock, self.utc_ms, 50) if known else ClockState()
        head = self.head
        ledger = LedgerHead(self.log, head.seq, head.hash, head.cur, head.sum_in, head.sum_out, head.box)
        made = Header(
            site=self.site,
            device=self.dev,
            stream=self.stream,
            boot=self.boot,
            boot_number=self.boot_number,
            counter=self.counter,
            mono_ms=self.mono_ms,
            clock=clock,
            lowest_kept=1,
            head=1,
            rows_waiting=0,
            oldest_age_s=0,
            rows_dropped=0,
            cadence_s=900,
            ledger=ledger if head.seq else None,
        )
        if "lowest_kept" in changes:
            changes = {"head": changes["lowest_kept"]} | changes
        return made._replace(**changes)  # type: ignore[arg-type]

    def frame(self, *sections: Section, **changes: object) -> bytes:
        return frame.encode_frame(self.header(**changes), sections)

    @property
    def topic(self) -> str:
        return topics.up(self.site)

    def restart(self, mono_ms: int = 500_000, clock: str = "ntp") -> None:
        """Another life of the agent."""
        self.boot_number += 1
        self.counter = 0
        self.mono_ms = mono_ms
        self.clock = clock


def damaged(payload: bytes, section: int = -1) -> bytes:
    """A frame with a byte of its last section changed: the header stays intact, the section's CRC does not fit."""
    return payload[:section] + bytes((payload[section] ^ 0xFF,)) + payload[section:][1:]
