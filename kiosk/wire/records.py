"""The ledger section: signed records so that the exact bytes come out at the other end. Judges no record.

A record that follows the one before it travels without the members that can be worked out (form 1). Anything else,
damaged payloads among it, travels as it is (form 0): what is wrong with it is for the ledger to say, not for the road.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kiosk.errors import WireError
from kiosk.wire.elements import PLAIN_MAX_BYTES, VARINT_LIMIT, Reader, Writer, deflate, inflate
from kiosk.wire.frame import FRAME_MAX_BYTES, LOG_BYTES

RECORDS_MAX = 512
PAYLOAD_MAX_BYTES = 4096
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 8

_PLAIN, _DEFLATE = 0, 1
_FULL, _FOLLOWING = 0, 1
_RECORD_MIN_BYTES = SIGNATURE_BYTES
_DERIVED = ("v", "site", "dev", "log", "cur", "seq", "prev", "sum_in", "sum_out", "box")
_INHERITED = ("v", "site", "dev", "log", "cur")


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


def encode_ledger_section(records: Sequence[SignedRecord], log: str, first_seq: int) -> bytes:
    """The section's body, plain or deflated, whichever is smaller. All records are signed by one key."""
    if not 1 <= len(records) <= RECORDS_MAX or len({record.key_id for record in records}) != 1:
        raise WireError(f"a ledger section has 1 to {RECORDS_MAX} records of one key: start a new one at another key")
    plain = _write_plain(records)
    writer = Writer()
    writer.hex(log, LOG_BYTES)
    writer.hex(records[0].key_id, KEY_ID_BYTES)
    writer.varint(first_seq, 1, VARINT_LIMIT - len(records))
    writer.varint(len(records))
    size = Writer()
    size.varint(len(plain), 0, PLAIN_MAX_BYTES)
    packed = deflate(plain)
    deflated = len(packed) + len(size) < len(plain)
    writer.u8(_DEFLATE if deflated else _PLAIN)
    if deflated:
        writer.put(size.octets())
    for record in records:
        if len(record.signature) != SIGNATURE_BYTES:
            raise WireError(f"a signature of {len(record.signature)} bytes is not Ed25519")
        writer.put(record.signature)
    writer.put(packed if deflated else plain)
    return writer.octets()


def decode_ledger_section(body: bytes) -> LedgerSection:
    """The records with their exact payloads; whether these are valid is for the ledger to say."""
    if len(body) > FRAME_MAX_BYTES:
        raise WireError(f"a ledger section of {len(body)} bytes is larger than a frame")
    reader = Reader(body)
    log, key_id, first_seq = reader.hex(LOG_BYTES), reader.hex(KEY_ID_BYTES), reader.varint(1)
    count = reader.count(1, min(RECORDS_MAX, VARINT_LIMIT - first_seq), _RECORD_MIN_BYTES)
    coding = reader.u8()
    if coding not in (_PLAIN, _DEFLATE):
        raise WireError(f"ledger coding {coding} is not known")
    size = reader.varint(0, PLAIN_MAX_BYTES) if coding == _DEFLATE else 0
    signatures = [reader.take(SIGNATURE_BYTES) for _ in range(count)]
    plain = inflate(reader.rest(), size) if coding == _DEFLATE else reader.rest()
    payloads = _read_plain(Reader(plain), count)
    records = (SignedRecord(payload, sign, key_id) for payload, sign in zip(payloads, signatures, strict=True))
    return LedgerSection(log, first_seq, tuple(records))


def _write_plain(records: Sequence[SignedRecord]) -> bytes:
    writer = Writer()
    before: bytes | None = None
    for record in records:
        if len(record.payload) > PAYLOAD_MAX_BYTES:
            raise WireError(f"a payload of {len(record.payload)} bytes is above {PAYLOAD_MAX_BYTES}")
        short = None if before is None else _shorten(record.payload, before)
        sent = record.payload if short is None else short
        writer.u8(_FULL if short is None else _FOLLOWING)
        writer.varint(len(sent))
        writer.put(sent)
        before = record.payload
    return writer.octets()


def _read_plain(reader: Reader, count: int) -> list[bytes]:
    payloads: list[bytes] = []
    for _ in range(count):
        form = reader.u8()
        sent = reader.take(reader.varint(0, PAYLOAD_MAX_BYTES))
        if form == _FULL:
            payloads.append(sent)
        elif form == _FOLLOWING and payloads:
            payloads.append(_rebuild(sent, payloads[-1]))
        else:
            raise WireError(f"form {form} of a record is not known, or the first record of a section is not in full")
    reader.end()
    return payloads


def _shorten(payload: bytes, before: bytes) -> bytes | None:
    """The payload without what follows from the one before, or None where rebuilding would not give it back."""
    try:
        members = _parse(payload)
        short = _encode({name: value for name, value in members.items() if name not in _DERIVED})
        return short if _rebuild(short, before) == payload else None
    except WireError:
        return None


def _rebuild(short: bytes, before: bytes) -> bytes:
    """The payload of a record that follows `before`, from what it does not share with it."""
    last, own = _parse(before), _parse(short)
    if not own.keys().isdisjoint(_DERIVED):
        raise WireError("a shortened record holds a member that is to be worked out")
    try:
        own.update({name: last[name] for name in _INHERITED})
        amount, cash = _integer(own, "amt"), _integer(own, "cash")
        own["seq"] = _integer(last, "seq") + 1
        own["prev"] = hashlib.sha256(b"\x00" + before).hexdigest()
        own["sum_in"] = _integer(last, "sum_in") + max(amount, 0)
        own["sum_out"] = _integer(last, "sum_out") + max(-amount, 0)
        own["box"] = _integer(last, "box") + cash
    except KeyError as error:
        raise WireError(f"a shortened record cannot be rebuilt: {error} is missing") from None
    payload = _encode(own)
    if len(payload) > PAYLOAD_MAX_BYTES:
        raise WireError(f"a rebuilt payload of {len(payload)} bytes is above {PAYLOAD_MAX_BYTES}")
    return payload


def _integer(members: dict[str, Any], name: str) -> int:
    value = members[name]
    if type(value) is not int:
        raise WireError(f"a shortened record cannot be rebuilt: {name} is not an integer")
    return value


def _parse(payload: bytes) -> dict[str, Any]:
    try:
        members = json.loads(payload)
    except (ValueError, RecursionError):
        raise WireError("a payload is not JSON") from None
    if not isinstance(members, dict) or _encode(members) != payload:
        raise WireError("a payload is not a canonical JSON object")
    return members


def _encode(members: dict[str, Any]) -> bytes:
    try:
        return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise WireError("a payload holds what UTF-8 cannot") from None
