"""Simulated sites' minutes for the ingest bench, in each shape that is compared; knows no server.

The corpus' rows, dealt out to sites, as frames of blocks, as JSON for Telegraf and as ready line protocol: the same
values in each. Row 1 of each site travels ahead of the measured ones, with its schema and its ledger's beginning, so
that nobody's measurement holds the making of series.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bench.corpus import MINUTE_MS, START_UTC_MS, Corpus
from ingest.keys import IngestKeys
from kiosk.ledger.signing import SigningKey
from kiosk.reading import Row
from kiosk.wire.block import Block, encode_block
from kiosk.wire.frame import KIND_BLOCK, Section
from store.readings.base import Batch, Series
from store.readings.line_protocol import lines_of
from tests.ingest.writer import Kiosk

BACKLOG_BLOCK_ROWS, BACKLOG_BLOCKS = 1_440, 24
"""As the agent cuts a backlog: days, so many in a frame."""

KEYS = IngestKeys(*(SigningKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2)))
"""Of our server: commissioned sites know them, so that no answer tells them."""

Publication = tuple[str, bytes]
"""(topic, payload)"""


@dataclass(frozen=True, slots=True)
class Shape:
    """How many sites have how many rows, and how these are packed."""

    sites: int
    rows: int
    """Of each site, without the one that travels ahead."""
    block_rows: int
    blocks_a_frame: int = 1

    @property
    def site_minutes(self) -> int:
        """In all, without those that travel ahead."""
        return self.sites * self.rows


@dataclass
class Load:
    """One shape of the load. Sites take turns, as they do when each sends on its own."""

    corpus: Corpus
    shape: Shape
    kiosks: list[Kiosk] = field(init=False)

    def __post_init__(self) -> None:
        self.kiosks = [_kiosk(number) for number in range(self.shape.sites)]

    @cached_property
    def first_frames(self) -> list[Publication]:
        """Schema, GENESIS and row 1 of each site."""
        return [
            (
                kiosk.topic,
                kiosk.frame(kiosk.schema_section(self.corpus.schema), kiosk.ledger_section(), self._block(at, 1, 1)),
            )
            for at, kiosk in enumerate(self.kiosks)
        ]

    @cached_property
    def frames(self) -> list[Publication]:
        """All other rows."""
        return [self._frame(at, first, count) for at, first, count in self._turns()]

    @cached_property
    def first_messages(self) -> list[Publication]:
        """Row 1 of each site for Telegraf."""
        return [(f"t/{kiosk.site}", self._json(at, 1, 1)) for at, kiosk in enumerate(self.kiosks)]

    @cached_property
    def messages(self) -> list[Publication]:
        """All other rows: JSON arrays as long as a block, or single objects where a block is one row."""
        return [(f"t/{self.kiosks[at].site}", self._json(at, first, count)) for at, first, count in self._turns()]

    @cached_property
    def first_lines(self) -> bytes:
        """Row 1 of each site."""
        return b"".join(lines_of(self._batch(at, 1, 1)) for at in range(len(self.kiosks)))

    def lines(self, rows_a_request: int) -> list[bytes]:
        """All other rows as our ingest writes them: the same points, at least so many rows' in one request."""
        requests: list[bytes] = []
        gathered, rows = [], 0
        for at, first, count in self._turns():
            for start, size in self._cut(first, count):
                gathered.append(lines_of(self._batch(at, start, size)))
                rows += size
                if rows >= rows_a_request:
                    requests.append(b"".join(gathered))
                    gathered, rows = [], 0
        return [*requests, b"".join(gathered)] if gathered else requests

    def _turns(self) -> Iterator[tuple[int, int, int]]:
        """(site, first row, rows) of each frame."""
        size = self.shape.block_rows * self.shape.blocks_a_frame
        for first in range(2, self.shape.rows + 2, size):
            for at in range(self.shape.sites):
                yield at, first, min(size, self.shape.rows + 2 - first)

    def _cut(self, first: int, count: int) -> list[tuple[int, int]]:
        """(first row, rows) of each block of a frame."""
        size, end = self.shape.block_rows, first + count
        return [(start, min(size, end - start)) for start in range(first, end, size)]

    def _frame(self, at: int, first: int, count: int) -> Publication:
        kiosk, end = self.kiosks[at], first + count
        kiosk.mono_ms = (end - 1) * MINUTE_MS
        kiosk.utc_ms = START_UTC_MS + kiosk.mono_ms
        waiting = self.shape.rows + 2 - end if self.shape.blocks_a_frame > 1 else 0
        blocks = [self._block(at, start, rows) for start, rows in self._cut(first, count)]
        return kiosk.topic, kiosk.frame(*blocks, head=end - 1 + waiting, rows_waiting=waiting)

    def _block(self, at: int, first: int, count: int) -> Section:
        kiosk, schema = self.kiosks[at], self.corpus.schema
        rows = tuple(
            Row(number, number * MINUTE_MS, values)
            for number, values in enumerate(self._values(at, first, count), first)
        )
        made = Block(first, kiosk.boot, kiosk.boot_number, schema.hash, rows)
        return Section(KIND_BLOCK, encode_block(made, len(schema.columns)))

    def _values(self, at: int, first: int, count: int) -> Sequence[tuple[int | None, ...]]:
        """Sites lie apart in the corpus' month, by a number that shares no factor with it."""
        rows = self.corpus.rows
        begin = (at * 7_001 + first - 1) % len(rows)
        piece = rows[begin : begin + count]
        return piece if len(piece) == count else (*piece, *rows[: count - len(piece)])

    def _batch(self, at: int, first: int, count: int) -> Batch:
        kiosk = self.kiosks[at]
        times_ms = [START_UTC_MS + number * MINUTE_MS for number in range(first, first + count)]
        columns = zip(*self._values(at, first, count), strict=True)
        series = [
            Series(*named, [time for time, value in zip(times_ms, column, strict=True) if value is not None],
                   [value for value in column if value is not None])
            for named, column in zip(self.corpus.schema.columns, columns, strict=True)
        ]  # fmt: skip
        return Batch(kiosk.site, kiosk.boot, series)

    def _json(self, at: int, first: int, count: int) -> bytes:
        """Flat objects: site, UTC milliseconds, metrics in their units."""
        told = [
            {"site": self.kiosks[at].site, "t": START_UTC_MS + number * MINUTE_MS}
            | {
                metric: value / 10**decimals if decimals else value
                for (_, metric, decimals), value in zip(self.corpus.schema.columns, values, strict=True)
                if value is not None
            }
            for number, values in enumerate(self._values(at, first, count), first)
        ]
        return json.dumps(told if self.shape.block_rows > 1 else told[0], separators=(",", ":")).encode()


def _kiosk(number: int) -> Kiosk:
    known = (KEYS.current.public_hex, KEYS.next.public_hex)
    kiosk = Kiosk(f"bench-{number:04d}", f"bench-{number:04d}", mono_ms=MINUTE_MS, ingest_keys=known)
    kiosk.utc_ms = START_UTC_MS + kiosk.mono_ms
    kiosk.genesis()
    return kiosk
