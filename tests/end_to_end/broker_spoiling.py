"""What a faulty memory or a stranger could make of a frame: one section damaged, one signature wrong, another topic."""

from __future__ import annotations

from dataclasses import replace

from kiosk.wire import topics
from kiosk.wire.frame import KIND_LEDGER, Section, decode_frame, encode_frame
from kiosk.wire.records import SignedRecord, decode_ledger_section, encode_ledger_section


def damaged(payload: bytes, kind: int) -> bytes:
    """The frame with a byte of each section of a kind changed, so that their CRC does not fit."""
    sections = decode_frame(payload).sections
    at = len(payload) - sum(len(section.body) for section in sections)
    octets = bytearray(payload)
    for section in sections:
        if section.kind == kind:
            octets[at + len(section.body) // 2] ^= 0xFF
        at += len(section.body)
    return bytes(octets)


def with_broken_signature(payload: bytes, seq: int) -> bytes:
    """The frame with another signature at one record; every CRC fits."""
    frame = decode_frame(payload)
    sections = []
    for section in frame.sections:
        body = section.body
        if section.kind == KIND_LEDGER:
            said = decode_ledger_section(body)
            records = [
                _forged(record) if number == seq else record
                for number, record in enumerate(said.records, said.first_seq)
            ]
            body = encode_ledger_section(records, said.log, said.first_seq)
        sections.append(Section(section.kind, body))
    return encode_frame(frame.header, sections)


def of_another_partition(topic: str) -> str:
    """The topic with a partition that is not its site's."""
    first, partition, site, channel = topic.split("/")
    return "/".join((first, str((int(partition) + 1) % topics.PARTITIONS), site, channel))


def _forged(record: SignedRecord) -> SignedRecord:
    return replace(record, signature=record.signature[:-1] + bytes([record.signature[-1] ^ 1]))
