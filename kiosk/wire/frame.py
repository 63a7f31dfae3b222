"""Frames: a header that says how the edge stands, and sections judged one by one. Knows no section's inside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from kiosk.errors import WireError
from kiosk.time import SOURCES
from kiosk.wire.elements import Reader, Writer, crc32
from kiosk.wire.topics import check_site

VERSION: Final = 1
FRAME_MAX_BYTES: Final = 65_536
SECTIONS_MAX: Final = 64

KIND_LEDGER: Final = 1
KIND_SCHEMA: Final = 2
KIND_BOOTS: Final = 3
KIND_BLOCK: Final = 4
KIND_TIME_REQUEST: Final = 5

DEVICE_BYTES: Final = 8
STREAM_BYTES: Final = 16
BOOT_BYTES: Final = 8
LOG_BYTES: Final = 16
HASH_BYTES: Final = 32

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_SECTION_ENTRY_MIN_BYTES: Final = 6


class ClockState(NamedTuple):
    """What the sender believes of UTC at the instant of sending."""

    source: str = "none"
    """One of kiosk.time.SOURCES; with "none" the other two are 0."""
    utc_ms: int = 0
    uncertainty_ms: int = 0


class LedgerHead(NamedTuple):
    """The newest record of the edge's log, and the totals it carries."""

    log: str
    seq: int
    hash: str
    currency: str
    sum_in: int
    """Minor units."""
    sum_out: int
    """Minor units, as a positive number."""
    box: int
    """What must be in the cash box, minor units, signed."""


class Header(NamedTuple):
    """How the edge stands at the instant of sending."""

    site: str
    device: str
    stream: str
    boot: str
    boot_number: int
    counter: int
    """Frame counter, from 1 in each boot."""
    mono_ms: int
    clock: ClockState
    lowest_kept: int
    """Lowest row number still kept or ever to come; head + 1 if none is kept."""
    head: int
    """Highest row number given so far, 0 = none."""
    rows_waiting: int
    oldest_age_s: int
    """Age of the oldest waiting row, 0 if unknown."""
    rows_dropped: int
    """For want of space, in this stream."""
    cadence_s: int
    """How often this site means to be heard."""
    ledger: LedgerHead | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One thing to send; `kind` is one of the KIND_ constants."""

    kind: int
    body: bytes


class ReceivedSection(NamedTuple):
    """One thing received, to be judged alone."""

    kind: int
    body: bytes
    intact: bool
    """Whether the CRC is right; if not, nothing in the body may be believed and it will be sent again."""


class Frame(NamedTuple):
    """A frame whose header is intact."""

    header: Header
    sections: tuple[ReceivedSection, ...]


def encode_frame(header: Header, sections: Sequence[Section]) -> bytes:
    """The frame's bytes; WireError if they are more than 65,536: send fewer sections."""
    inner = Writer()
    _write_header(inner, header)
    inner.varint(len(sections), 0, SECTIONS_MAX)
    for section in sections:
        inner.u8(section.kind)
        inner.varint(len(section.body))
        inner.u32(crc32(section.body))
    frame = Writer()
    frame.u8(VERSION)
    frame.u16(len(inner))
    frame.put(inner.octets())
    frame.u32(crc32(frame.octets()))
    for section in sections:
        frame.put(section.body)
    if len(frame) > FRAME_MAX_BYTES:
        raise WireError(f"a frame of {len(frame)} bytes is above {FRAME_MAX_BYTES}: send fewer sections in one frame")
    return frame.octets()


def decode_frame(octets: bytes) -> Frame:
    """Take a frame apart; WireError refuses it whole, a damaged section is only marked."""
    if len(octets) > FRAME_MAX_BYTES:
        raise WireError(f"a frame of {len(octets)} bytes is above {FRAME_MAX_BYTES}")
    reader = Reader(octets)
    version = reader.u8()
    if version != VERSION:
        raise WireError(f"frame version {version} is not known; this program reads version {VERSION}")
    inner = Reader(reader.take(reader.u16()))
    if crc32(octets[: reader.at]) != reader.u32():
        raise WireError("the frame's header is damaged")
    header = _read_header(inner)
    table = [
        (inner.u8(), inner.varint(0, FRAME_MAX_BYTES), inner.u32())
        for _ in range(inner.count(0, SECTIONS_MAX, _SECTION_ENTRY_MIN_BYTES))
    ]
    inner.end()
    announced = sum([length for _, length, _ in table])
    if announced != reader.remaining:
        raise WireError(f"the sections announced are {announced} bytes, those that came {reader.remaining}")
    sections: list[ReceivedSection] = []
    for kind, length, crc in table:
        body = reader.take(length)
        sections.append(ReceivedSection(kind, body, crc32(body) == crc))
    return Frame(header, tuple(sections))


def write_clock(writer: Writer, clock: ClockState) -> None:
    """Clock source, UTC and uncertainty of a header."""
    if clock.source not in SOURCES:
        raise WireError(f"{clock.source!r} is not a clock source: {' '.join(SOURCES)}")
    _check_clock(clock)
    writer.u8(SOURCES.index(clock.source))
    writer.varint(clock.utc_ms)
    writer.varint(clock.uncertainty_ms)


def read_source(reader: Reader) -> str:
    """A clock source by its code."""
    code = reader.u8()
    if code >= len(SOURCES):
        raise WireError(f"clock source {code} is not known")
    return SOURCES[code]


def _check_clock(clock: ClockState) -> None:
    if (clock.source == "none") != (clock.utc_ms == 0) or (clock.source == "none" and clock.uncertainty_ms):
        raise WireError("UTC and uncertainty are 0 without a clock source, and UTC is not 0 with one")


def _check_rows(lowest_kept: int, head: int) -> None:
    if not 1 <= lowest_kept <= head + 1:
        raise WireError(f"lowest kept row {lowest_kept} is not between 1 and head + 1 = {head + 1}")


def _write_header(writer: Writer, header: Header) -> None:
    writer.text(check_site(header.site))
    writer.hex(header.device, DEVICE_BYTES)
    writer.hex(header.stream, STREAM_BYTES)
    writer.hex(header.boot, BOOT_BYTES)
    writer.varint(header.boot_number, 1)
    writer.varint(header.counter, 1)
    writer.varint(header.mono_ms)
    write_clock(writer, header.clock)
    _check_rows(header.lowest_kept, header.head)
    for number in (header.lowest_kept, header.head, header.rows_waiting, header.oldest_age_s):
        writer.varint(number)
    writer.varint(header.rows_dropped)
    writer.varint(header.cadence_s)
    writer.u8(0 if header.ledger is None else 1)
    if header.ledger is not None:
        _write_ledger_head(writer, header.ledger)


def _read_header(reader: Reader) -> Header:
    site = check_site(reader.text())
    device, stream, boot = reader.hex(DEVICE_BYTES), reader.hex(STREAM_BYTES), reader.hex(BOOT_BYTES)
    boot_number, counter, mono_ms = reader.varint(1), reader.varint(1), reader.varint()
    clock = ClockState(read_source(reader), reader.varint(), reader.varint())
    _check_clock(clock)
    lowest_kept, head, waiting = reader.varint(), reader.varint(), reader.varint()
    age, dropped, cadence = reader.varint(), reader.varint(), reader.varint()
    _check_rows(lowest_kept, head)
    heads = reader.u8()
    if heads > 1:
        raise WireError(f"{heads} ledger heads in a header that has one at most")
    ledger = _read_ledger_head(reader) if heads else None
    return Header(
        site, device, stream, boot, boot_number, counter, mono_ms, clock,
        lowest_kept, head, waiting, age, dropped, cadence, ledger,
    )  # fmt: skip


def _write_ledger_head(writer: Writer, ledger: LedgerHead) -> None:
    if not _CURRENCY.fullmatch(ledger.currency):
        raise WireError(f"{ledger.currency!r} is not a currency code of three letters")
    writer.hex(ledger.log, LOG_BYTES)
    writer.varint(ledger.seq, 1)
    writer.hex(ledger.hash, HASH_BYTES)
    writer.put(ledger.currency.encode("ascii"))
    writer.varint(ledger.sum_in)
    writer.varint(ledger.sum_out)
    writer.zigzag(ledger.box)


def _read_ledger_head(reader: Reader) -> LedgerHead:
    log, seq, digest = reader.hex(LOG_BYTES), reader.varint(1), reader.hex(HASH_BYTES)
    currency = reader.take(3).decode("ascii", "replace")
    if not _CURRENCY.fullmatch(currency):
        raise WireError("the currency of a ledger head is not three letters")
    return LedgerHead(log, seq, digest, currency, reader.varint(), reader.varint(), reader.zigzag())
