"""The ledger section: signed records so that the exact bytes come out at the other end. Judges no record.

A record that follows the one before it travels without the members that can be worked out; in coding 3 what is left
is written by a table of the types. Anything else, damaged payloads among it, travels as it is: what is wrong with it is
for the ledger to say, not for the road.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.errors import LedgerError, WireError
from kiosk.ledger.canonical import SIZE_MAX as PAYLOAD_MAX_BYTES
from kiosk.ledger.canonical import Value, dump, load
from kiosk.ledger.chain import Head, advance, continuation
from kiosk.ledger.types import number_of, text_of
from kiosk.wire.elements import PLAIN_MAX_BYTES, VARINT_LIMIT, Reader, Writer, deflate, inflate
from kiosk.wire.frame import FRAME_MAX_BYTES, LOG_BYTES
from kiosk.wire.members import Expected, fits, read_members, write_members

RECORDS_MAX = 512
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 8

PLAIN, DEFLATE, TABLE = 0, 1, 3
"""Codings of a section."""
_FULL, _FOLLOWING = 0, 1
_RECORD_MIN_BYTES = SIGNATURE_BYTES
_AS_IT_IS = 0
_DERIVED = frozenset(continuation(Head.empty("", "", ""), 0, 0))
"""What a record says because it follows another."""

Members = dict[str, Value] | None


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """A payload as it was signed; neither is checked here."""

    payload: bytes
    signature: bytes
    key_id: str


@dataclass(frozen=True, slots=True)
class LedgerSection:
    """Records `first_seq`, `first_seq + 1` and so on of one log, as the sender says."""

    log: str
    first_seq: int
    records: tuple[SignedRecord, ...]


def encode_ledger_section(
    records: Sequence[SignedRecord], log: str, first_seq: int, coding: int | None = None
) -> bytes:
    """The section's body in the smallest coding, or in the one asked for. All records are signed by one key."""
    if not 1 <= len(records) <= RECORDS_MAX or len({record.key_id for record in records}) != 1:
        raise WireError(f"a ledger section has 1 to {RECORDS_MAX} records of one key: start a new one at another key")
    writer = Writer()
    writer.hex(log, LOG_BYTES)
    writer.hex(records[0].key_id, KEY_ID_BYTES)
    writer.varint(first_seq, 1, VARINT_LIMIT - len(records))
    writer.varint(len(records))
    signatures = Writer()
    for record in records:
        if len(record.signature) != SIGNATURE_BYTES:
            raise WireError(f"a signature of {len(record.signature)} bytes is not Ed25519")
        signatures.put(record.signature)
    chosen, size, body = _smallest(records, log, first_seq, coding)
    writer.u8(chosen)
    writer.put(size)
    writer.put(signatures.octets())
    writer.put(body)
    return writer.octets()


def _smallest(
    records: Sequence[SignedRecord], log: str, first_seq: int, coding: int | None
) -> tuple[int, bytes, bytes]:
    """Coding, what stands before the signatures, and what stands behind them."""
    ways: list[tuple[int, bytes, bytes]] = []
    if coding != TABLE:
        plain = _write_plain(records)
        size = Writer()
        size.varint(len(plain), 0, PLAIN_MAX_BYTES)
        ways = [(PLAIN, b"", plain), (DEFLATE, size.octets(), deflate(plain))]
    if coding in (None, TABLE):
        table = _write_table(records, log, first_seq)
        # Whatever the table cannot give back exactly goes the other way: money waits for no cleverness.
        if coding == TABLE or _gives_back(table, records, log, first_seq):
            ways.append((TABLE, b"", table))
    ways = [way for way in ways if coding in (None, way[0])]
    if not ways:
        raise WireError(f"ledger coding {coding} is not known")
    return min(ways, key=lambda way: len(way[1]) + len(way[2]))


def decode_ledger_section(body: bytes) -> LedgerSection:
    """The records with their exact payloads; whether these are valid is for the ledger to say."""
    if len(body) > FRAME_MAX_BYTES:
        raise WireError(f"a ledger section of {len(body)} bytes is larger than a frame")
    reader = Reader(body)
    log, key_id, first_seq = reader.hex(LOG_BYTES), reader.hex(KEY_ID_BYTES), reader.varint(1)
    count = reader.count(1, min(RECORDS_MAX, VARINT_LIMIT - first_seq), _RECORD_MIN_BYTES)
    coding = reader.u8()
    if coding not in (PLAIN, DEFLATE, TABLE):
        raise WireError(f"ledger coding {coding} is not known")
    size = reader.varint(0, PLAIN_MAX_BYTES) if coding == DEFLATE else 0
    signatures = [reader.take(SIGNATURE_BYTES) for _ in range(count)]
    rest = inflate(reader.rest(), size) if coding == DEFLATE else reader.rest()
    payloads = _read_table(rest, count, log, first_seq) if coding == TABLE else _read_plain(Reader(rest), count)
    records = (SignedRecord(payload, sign, key_id) for payload, sign in zip(payloads, signatures, strict=True))
    return LedgerSection(log, first_seq, tuple(records))


def _write_table(records: Sequence[SignedRecord], log: str, first_seq: int) -> bytes:
    writer, expected = Writer(), Expected(log)
    head: Head | None = None
    for seq, record in enumerate(records, first_seq):
        members = _members(record.payload)
        if members is None or not fits(members):
            writer.u8(_AS_IT_IS)
            writer.varint(len(record.payload), 0, PAYLOAD_MAX_BYTES)
            writer.put(record.payload)
        else:
            write_members(writer, members, _derived(members, head), seq, expected)
            expected.take(members)
        head = _head(members, record.payload)
    return writer.octets()


def _read_table(octets: bytes, count: int, log: str, first_seq: int) -> list[bytes]:
    reader, expected = Reader(octets), Expected(log)
    payloads: list[bytes] = []
    head: Head | None = None
    for seq in range(first_seq, first_seq + count):
        form = reader.u8()
        if form == _AS_IT_IS:
            payloads.append(reader.take(reader.varint(0, PAYLOAD_MAX_BYTES)))
            members = _members(payloads[-1])
        else:
            own = read_members(reader, form, _DERIVED, seq, expected)
            members, payload = _rebuild(own, head) if form & 1 else (own, _dumped(own))
            payloads.append(payload)
            expected.take(members)
        head = _head(members, payloads[-1])
    reader.end()
    if sum(map(len, payloads)) > PLAIN_MAX_BYTES:
        raise WireError(f"the records of a section are more than {PLAIN_MAX_BYTES} bytes")
    return payloads


def _gives_back(table: bytes, records: Sequence[SignedRecord], log: str, first_seq: int) -> bool:
    try:
        return _read_table(table, len(records), log, first_seq) == [record.payload for record in records]
    except WireError:
        return False


def _derived(members: dict[str, Value], head: Head | None) -> dict[str, Value]:
    """The members that follow from `head`, or none of them where one does not."""
    if head is None:
        return {}
    follow = continuation(head, number_of(members, "amt"), number_of(members, "cash"))
    return follow if all(members[name] == value for name, value in follow.items()) else {}


def _write_plain(records: Sequence[SignedRecord]) -> bytes:
    writer = Writer()
    head: Head | None = None
    for record in records:
        if len(record.payload) > PAYLOAD_MAX_BYTES:
            raise WireError(f"a payload of {len(record.payload)} bytes is above {PAYLOAD_MAX_BYTES}")
        members = _members(record.payload)
        short = _shorten(members, head, record.payload)
        sent = record.payload if short is None else short
        writer.u8(_FULL if short is None else _FOLLOWING)
        writer.varint(len(sent))
        writer.put(sent)
        head = _head(members, record.payload)
    return writer.octets()


def _read_plain(reader: Reader, count: int) -> list[bytes]:
    payloads: list[bytes] = []
    head: Head | None = None
    for at in range(count):
        form = reader.u8()
        sent = reader.take(reader.varint(0, PAYLOAD_MAX_BYTES))
        members = _members(sent)
        if form == _FULL:
            payloads.append(sent)
        elif form == _FOLLOWING:
            members, payload = _rebuild(members, head)
            payloads.append(payload)
        else:
            raise WireError(f"form {form} of record {at} of the section is not known")
        head = _head(members, payloads[-1])
    reader.end()
    return payloads


def _members(payload: bytes) -> Members:
    """None where the payload is not canonical JSON: then it travels in full, and so does the record after it."""
    try:
        return load(payload)
    except LedgerError:
        return None


def _head(members: Members, payload: bytes) -> Head | None:
    """What the next record has to follow; None where the payload does not say."""
    if members is None:
        return None
    texts = [members.get(name) for name in ("log", "cur", "site", "dev")]
    numbers = [members.get(name) for name in ("seq", "sum_in", "sum_out", "box")]
    if not all(type(text) is str for text in texts) or not all(type(number) is int for number in numbers):
        return None
    blank = Head.empty(text_of(members, "log"), text_of(members, "cur"), "")
    return advance(blank, members, payload)


def _shorten(members: Members, head: Head | None, payload: bytes) -> bytes | None:
    """The payload without what follows from `head`, or None where rebuilding would not give it back."""
    if members is None or head is None:
        return None
    own = {name: value for name, value in members.items() if name not in _DERIVED}
    try:
        return dump(own) if _rebuild(own, head)[1] == payload else None
    except WireError:
        return None


def _rebuild(own: Members, head: Head | None) -> tuple[dict[str, Value], bytes]:
    """The record that follows `head`, from what it does not share with it."""
    if own is None or head is None or not own.keys().isdisjoint(_DERIVED):
        raise WireError(
            "a shortened record is not canonical, or has nothing to follow, or says what is to be worked out"
        )
    amt, cash = own.get("amt"), own.get("cash")
    if not isinstance(amt, int) or not isinstance(cash, int):
        raise WireError("a shortened record cannot be rebuilt without integers amt and cash")
    members = own | continuation(head, amt, cash)
    return members, _dumped(members)


def _dumped(members: dict[str, Value]) -> bytes:
    try:
        return dump(members)
    except LedgerError as error:
        raise WireError(f"a shortened record cannot be rebuilt: {error}") from None
