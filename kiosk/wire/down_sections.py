"""The sections of a message to a device (docs/wire.md section 6). Knows not the message, nor what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from kiosk.errors import WireError
from kiosk.wire import schema
from kiosk.wire.elements import VARINT_LIMIT, Reader, Writer
from kiosk.wire.frame import BOOT_BYTES, HASH_BYTES, LOG_BYTES
from kiosk.wire.ranges import RANGES_MAX, Range
from kiosk.wire.request import NONCE_BYTES

DISPUTED_MAX = 64
SCHEMAS_WANTED_MAX = 16
PUBLIC_KEY_BYTES = 32
NO_HASH = "0" * 64

_FORK = 1


class ReadingsAck(NamedTuple):
    """Rows that are done: those up to `upto`, the ranges above it, and those refused for good."""

    upto: int
    ranges: tuple[Range, ...] = ()
    """(first, count), rising, apart from each other and from `upto`."""
    refused: tuple[Range, ...] = ()
    """(first, count): arrived intact, cannot be decoded, kept at the server as a dead letter."""


class LedgerAck(NamedTuple):
    """How one branch of one log stands at the server."""

    log: str
    upto: int
    hash: str
    """Hash of record `upto`; NO_HASH if `upto` is 0."""
    sum_in: int
    sum_out: int
    box: int
    branch: int = 0
    witnessed: int = 0
    """Up to which record the edge may say that somebody else has seen it."""
    send_from: int = 0
    """0 = nothing asked."""
    disputed: tuple[int, ...] = ()
    """Records kept aside until a person decides."""
    fork: bool = False


@dataclass(frozen=True, slots=True)
class TimeAnswer:
    """UTC at the instant of answering; nonce, boot and time are those of the request."""

    nonce: str
    boot: str
    mono_ms: int
    utc_ms: int


@dataclass(frozen=True, slots=True)
class SchemasWanted:
    """Schemas that readings refer to and the server does not have."""

    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keys:
    """The server's public keys, in hexadecimal."""

    current: str
    next: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a backlog may come."""

    frames_in_flight: int
    least_ms: int
    """Between frames."""


@dataclass(frozen=True, slots=True)
class Live:
    """Rows are wanted at once for a while."""

    seconds: int
    row_ms: int
    """Between rows."""


DownSection = ReadingsAck | LedgerAck | TimeAnswer | SchemasWanted | Keys | Pace | Live


def write_section(section: DownSection) -> tuple[int, bytes]:
    """Kind and body."""
    writer = Writer()
    match section:
        case ReadingsAck():
            return 1, _write_readings(writer, section)
        case LedgerAck():
            return 2, _write_ledger(writer, section)
        case TimeAnswer():
            writer.hex(section.nonce, NONCE_BYTES)
            writer.hex(section.boot, BOOT_BYTES)
            writer.varint(section.mono_ms)
            writer.varint(section.utc_ms, 1)
            return 3, writer.octets()
        case SchemasWanted():
            writer.varint(len(section.hashes), 0, SCHEMAS_WANTED_MAX)
            for wanted in section.hashes:
                writer.hex(wanted, schema.HASH_BYTES)
            return 4, writer.octets()
        case Keys():
            writer.hex(section.current, PUBLIC_KEY_BYTES)
            writer.hex(section.next, PUBLIC_KEY_BYTES)
            return 5, writer.octets()
        case Pace():
            writer.varint(section.frames_in_flight, 1)
            writer.varint(section.least_ms)
            return 6, writer.octets()
        case Live():
            writer.varint(section.seconds)
            writer.varint(section.row_ms)
            return 7, writer.octets()


def read_section(kind: int, body: bytes) -> DownSection | None:
    """The section, or None for a kind that a later version added."""
    read = _READERS.get(kind)
    if read is None:
        return None
    reader = Reader(body)
    section = read(reader)
    reader.end()
    return section


def _write_readings(writer: Writer, ack: ReadingsAck) -> bytes:
    writer.varint(ack.upto)
    writer.varint(len(ack.ranges), 0, RANGES_MAX)
    after = ack.upto + 1
    for first, count in ack.ranges:
        writer.varint(first - after, 1)
        writer.varint(count, 1, VARINT_LIMIT - first)
        after = first + count
    writer.varint(len(ack.refused), 0, RANGES_MAX)
    for first, count in ack.refused:
        writer.varint(first, 1)
        writer.varint(count, 1, VARINT_LIMIT - first)
    return writer.octets()


def _read_readings(reader: Reader) -> ReadingsAck:
    upto = reader.varint()
    after = upto + 1
    ranges: list[Range] = []
    for _ in range(reader.count(0, RANGES_MAX, 2)):
        first = after + reader.varint(1)
        count = reader.varint(1, VARINT_LIMIT - first)
        ranges.append((first, count))
        after = first + count
    refused: list[Range] = []
    for _ in range(reader.count(0, RANGES_MAX, 2)):
        first = reader.varint(1)
        refused.append((first, reader.varint(1, VARINT_LIMIT - first)))
    return ReadingsAck(upto, tuple(ranges), tuple(refused))


def _check_ledger(ack: LedgerAck) -> LedgerAck:
    if (ack.upto == 0) != (ack.hash == NO_HASH):
        raise WireError("the hash is zeros if, and only if, upto is 0")
    return ack


def _write_ledger(writer: Writer, ack: LedgerAck) -> bytes:
    _check_ledger(ack)
    writer.hex(ack.log, LOG_BYTES)
    writer.u8(ack.branch)
    writer.varint(ack.upto)
    writer.hex(ack.hash, HASH_BYTES)
    writer.varint(ack.sum_in)
    writer.varint(ack.sum_out)
    writer.zigzag(ack.box)
    writer.varint(ack.witnessed)
    writer.varint(ack.send_from)
    writer.varint(len(ack.disputed), 0, DISPUTED_MAX)
    for seq in ack.disputed:
        writer.varint(seq, 1)
    writer.u8(_FORK if ack.fork else 0)
    return writer.octets()


def _read_ledger(reader: Reader) -> LedgerAck:
    log, branch, upto, digest = reader.hex(LOG_BYTES), reader.u8(), reader.varint(), reader.hex(HASH_BYTES)
    sum_in, sum_out, box = reader.varint(), reader.varint(), reader.zigzag()
    witnessed, send_from = reader.varint(), reader.varint()
    disputed = tuple(reader.varint(1) for _ in range(reader.count(0, DISPUTED_MAX)))
    fork = bool(reader.u8() & _FORK)
    ack = LedgerAck(log, upto, digest, sum_in, sum_out, box, branch, witnessed, send_from, disputed, fork)
    return _check_ledger(ack)


def _read_time(reader: Reader) -> TimeAnswer:
    return TimeAnswer(reader.hex(NONCE_BYTES), reader.hex(BOOT_BYTES), reader.varint(), reader.varint(1))


def _read_wanted(reader: Reader) -> SchemasWanted:
    count = reader.count(0, SCHEMAS_WANTED_MAX, schema.HASH_BYTES)
    return SchemasWanted(tuple(reader.hex(schema.HASH_BYTES) for _ in range(count)))


def _read_keys(reader: Reader) -> Keys:
    return Keys(reader.hex(PUBLIC_KEY_BYTES), reader.hex(PUBLIC_KEY_BYTES))


def _read_pace(reader: Reader) -> Pace:
    return Pace(reader.varint(1), reader.varint())


def _read_live(reader: Reader) -> Live:
    return Live(reader.varint(), reader.varint())


_READERS: dict[int, Callable[[Reader], DownSection]] = {
    1: _read_readings,
    2: _read_ledger,
    3: _read_time,
    4: _read_wanted,
    5: _read_keys,
    6: _read_pace,
    7: _read_live,
}
