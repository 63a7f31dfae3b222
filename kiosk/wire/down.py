"""Messages from the server to one device, signed over the whole. Holds no key: the caller signs and verifies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from kiosk.errors import WireError
from kiosk.wire.down_sections import (
    NO_HASH,
    DownSection,
    Keys,
    LedgerAck,
    Live,
    Pace,
    ReadingsAck,
    SchemasWanted,
    TimeAnswer,
    read_section,
    write_section,
)
from kiosk.wire.elements import Reader, Writer
from kiosk.wire.frame import DEVICE_BYTES, SECTIONS_MAX, STREAM_BYTES
from kiosk.wire.topics import check_site

__all__ = [
    "NO_HASH",
    "NO_STREAM",
    "DownMessage",
    "DownSection",
    "Keys",
    "LedgerAck",
    "Live",
    "Pace",
    "Purpose",
    "ReadingsAck",
    "SchemasWanted",
    "SignedPart",
    "TimeAnswer",
    "decode_down",
    "encode_down",
]

VERSION = 1
DOWN_MAX_BYTES = 8192
NO_STREAM = "0" * 32
"""The server knows no stream of this device."""

KEY_ID_BYTES = 8
SIGNATURE_BYTES = 64

_SECTION_MIN_BYTES = 2


class Purpose(IntEnum):
    """What a message is for."""

    ACKNOWLEDGEMENT = 1
    SETTINGS = 2


@dataclass(frozen=True, slots=True)
class DownMessage:
    """What the server says to one device; newer than another if (epoch, counter) is greater."""

    purpose: Purpose
    site: str
    device: str
    stream: str
    """NO_STREAM if none is known."""
    epoch: int
    counter: int
    sections: tuple[DownSection, ...]


@dataclass(frozen=True, slots=True)
class SignedPart:
    """What the caller must verify first: `verify_bytes(public_hex, DOWN_PREFIX, signed_bytes, signature)`."""

    key_id: str
    signature: bytes
    signed_bytes: bytes
    """Version and body, without the prefix."""


def encode_down(message: DownMessage, sign: Callable[[bytes], bytes], key_id: str) -> bytes:
    """The message's bytes. WireError above 8 KiB.

    `sign` is given version and body and gives the 64 bytes of a signature over DOWN_PREFIX and them:
    `partial(key.sign_bytes, DOWN_PREFIX)` with both from kiosk.ledger.signing.
    """
    writer = Writer()
    writer.u8(VERSION)
    writer.u8(Purpose(message.purpose))
    writer.text(check_site(message.site))
    writer.hex(message.device, DEVICE_BYTES)
    writer.hex(message.stream, STREAM_BYTES)
    writer.varint(message.epoch)
    writer.varint(message.counter)
    _write_sections(writer, message.sections)
    signature = sign(writer.octets())
    if len(signature) != SIGNATURE_BYTES:
        raise WireError(f"a signature of {len(signature)} bytes is not Ed25519")
    writer.hex(key_id, KEY_ID_BYTES)
    writer.put(signature)
    if len(writer) > DOWN_MAX_BYTES:
        raise WireError(f"a message of {len(writer)} bytes is above {DOWN_MAX_BYTES}: send fewer sections")
    return writer.octets()


def decode_down(octets: bytes) -> tuple[DownMessage, SignedPart]:
    """Take a message apart; nothing in it is to be believed before the signature is verified."""
    tail = KEY_ID_BYTES + SIGNATURE_BYTES
    if not tail < len(octets) <= DOWN_MAX_BYTES:
        raise WireError(f"a message of {len(octets)} bytes is not between {tail + 1} and {DOWN_MAX_BYTES}")
    signed = octets[:-tail]
    part = SignedPart(octets[-tail:-SIGNATURE_BYTES].hex(), octets[-SIGNATURE_BYTES:], signed)
    reader = Reader(signed)
    version, purpose = reader.u8(), reader.u8()
    if version != VERSION or purpose not in list(Purpose):
        raise WireError(f"message version {version} with purpose {purpose} is not known")
    site, device, stream = check_site(reader.text()), reader.hex(DEVICE_BYTES), reader.hex(STREAM_BYTES)
    epoch, counter = reader.varint(), reader.varint()
    sections = _read_sections(reader)
    reader.end()
    return DownMessage(Purpose(purpose), site, device, stream, epoch, counter, sections), part


def _write_sections(writer: Writer, sections: Sequence[DownSection]) -> None:
    writer.varint(len(sections), 0, SECTIONS_MAX)
    for section in sections:
        kind, body = write_section(section)
        writer.u8(kind)
        writer.varint(len(body))
        writer.put(body)


def _read_sections(reader: Reader) -> tuple[DownSection, ...]:
    sections: list[DownSection] = []
    for _ in range(reader.count(0, SECTIONS_MAX, _SECTION_MIN_BYTES)):
        kind = reader.u8()
        section = read_section(kind, reader.take(reader.varint(0, DOWN_MAX_BYTES)))
        if section is not None:
            sections.append(section)
    return tuple(sections)
