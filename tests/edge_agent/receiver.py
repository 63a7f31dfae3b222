"""The far end of the link as the edge sees it: reads every frame with the shared formats and signs receipts.

Not ingest: no store, no rules; strict where the edge must be right, so that a wrong frame fails the test that sent it.
"""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.ledger.chain import record_hash
from kiosk.ledger.format import parse
from kiosk.ledger.signing import DOWN_PREFIX, SigningKey, verify
from kiosk.reading import Row
from kiosk.wire.block import block_head, decode_block, peek_schema
from kiosk.wire.boots import BootState, decode_boots
from kiosk.wire.down import DownMessage, DownSection, LedgerAck, Purpose, ReadingsAck, TimeAnswer, encode_down
from kiosk.wire.frame import (
    KIND_BLOCK,
    KIND_BOOTS,
    KIND_LEDGER,
    KIND_SCHEMA,
    KIND_TIME_REQUEST,
    Header,
    decode_frame,
)
from kiosk.wire.ranges import RangeSet
from kiosk.wire.records import decode_ledger_section
from kiosk.wire.request import TimeRequest, decode_time_request
from kiosk.wire.schema import Schema, parse_schema

NO_HASH = "0" * 64


class Receiver:
    """One site's far end."""

    def __init__(self, key: SigningKey, device_public_hex: str) -> None:
        self.key = key
        self.device_public_hex = device_public_hex
        self.headers: list[Header] = []
        self.sizes: list[int] = []
        self.kinds: list[tuple[int, ...]] = []
        """Section kinds of each frame, in order."""
        self.schemas: dict[str, Schema] = {}
        self.rows: dict[str, dict[int, Row]] = {}
        """stream -> number -> row"""
        self.row_boots: dict[tuple[str, int], str] = {}
        self.have: dict[str, RangeSet] = {}
        self.boots: dict[str, BootState] = {}
        self.records: dict[str, dict[int, bytes]] = {}
        """log -> seq -> payload"""
        self.requests: list[TimeRequest] = []
        self.repeated_rows = 0
        self.epoch, self.counter = 7, 0

    def take(self, payload: bytes) -> Header:
        """Read one frame, strictly."""
        frame = decode_frame(payload)
        header = frame.header
        self.headers.append(header)
        self.sizes.append(len(payload))
        self.kinds.append(tuple(section.kind for section in frame.sections))
        have = self.have.setdefault(header.stream, RangeSet())
        have.raise_upto(header.lowest_kept - 1)
        for section in frame.sections:
            assert section.intact
            match section.kind:
                case kind if kind == KIND_SCHEMA:
                    schema = parse_schema(section.body)
                    self.schemas[schema.hash] = schema
                case kind if kind == KIND_BOOTS:
                    self.boots.update({state.boot: state for state in decode_boots(section.body)})
                case kind if kind == KIND_BLOCK:
                    self._take_block(header, section.body, have)
                case kind if kind == KIND_LEDGER:
                    self._take_records(section.body)
                case kind if kind == KIND_TIME_REQUEST:
                    self.requests.append(decode_time_request(section.body))
                case _:
                    raise AssertionError(section.kind)
        return header

    def readings_ack(self, stream: str) -> ReadingsAck:
        have = self.have[stream]
        return ReadingsAck(have.upto, have.lowest())

    def ledger_acks(self) -> list[LedgerAck]:
        """How each log stands, as far as it has come without a hole."""
        acks = []
        for log, records in self.records.items():
            upto = next(seq for seq in range(1, len(records) + 2) if seq not in records) - 1
            if not upto:
                acks.append(LedgerAck(log, 0, NO_HASH, 0, 0, 0, send_from=1))
                continue
            fields = parse(records[upto])
            send_from = upto + 1 if max(records) > upto else 0
            acks.append(
                LedgerAck(
                    log, upto, record_hash(records[upto]), int(fields["sum_in"]), int(fields["sum_out"]),
                    int(fields["box"]), send_from=send_from,
                )
            )  # fmt: skip
        return acks

    def receipt(self, *more: DownSection) -> bytes:
        """Everything that is known, signed."""
        newest = self.headers[-1]
        return self.message([self.readings_ack(newest.stream), *self.ledger_acks(), *more])

    def time_answer(self, utc_ms: int) -> TimeAnswer:
        request = self.requests[-1]
        return TimeAnswer(request.nonce, request.boot, request.mono_ms, utc_ms)

    def message(
        self, sections: Iterable[DownSection], *, key: SigningKey | None = None, site: str = "", device: str = "",
        stream: str = "", epoch: int | None = None, counter: int | None = None,
    ) -> bytes:  # fmt: skip
        """A down message; left out, everything is right and new."""
        self.counter += 1
        newest = self.headers[-1]
        key = key or self.key
        message = DownMessage(
            Purpose.ACKNOWLEDGEMENT,
            site or newest.site,
            device or newest.device,
            stream or newest.stream,
            self.epoch if epoch is None else epoch,
            self.counter if counter is None else counter,
            tuple(sections),
        )
        return encode_down(message, lambda signed: key.sign_bytes(DOWN_PREFIX, signed), key.key_id)

    def _take_block(self, header: Header, body: bytes, have: RangeSet) -> None:
        schema = self.schemas[peek_schema(body)]
        head = block_head(body)
        block = decode_block(body, len(schema.columns))
        assert head.first + head.count - 1 <= header.head
        rows = self.rows.setdefault(header.stream, {})
        for row in block.rows:
            if row.number in rows:
                assert rows[row.number] == row, "a row number was given twice"
                self.repeated_rows += 1
            rows[row.number] = row
            self.row_boots[header.stream, row.number] = block.boot
        have.add(head.first, head.count)

    def _take_records(self, body: bytes) -> None:
        section = decode_ledger_section(body)
        records = self.records.setdefault(section.log, {})
        for seq, record in enumerate(section.records, section.first_seq):
            assert verify(self.device_public_hex, record.payload, record.signature)
            assert records.get(seq, record.payload) == record.payload, "a record was changed after it was sent"
            records[seq] = record.payload
