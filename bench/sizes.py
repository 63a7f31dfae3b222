"""Bytes a site-minute of blocks of rows, against JSON, JSON with gzip, and an entropy bound, on the frozen corpus.

`python -m bench.sizes` prints the table. Columns only: heads, frames and TLS count in the site-day.
"""

from __future__ import annotations

import gzip
import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.corpus import SHA256, START_UTC_MS, Corpus, make_corpus
from bench.results import Figure, at_most, keep
from kiosk.wire.columns import CODINGS, Column, decode_columns_body, encode_columns
from kiosk.wire.elements import Reader

GOALS = {15: (0.25, 2.0), 60: (0.28, 1.6), 1440: (0.26, 1.25)}
"""Rows of a block -> at most this share of G, at most this multiple of L."""


@dataclass(frozen=True, slots=True)
class Size:
    """One size of block; bytes a site-minute."""

    rows: int
    ours: float
    by_coding: dict[int, float]
    gzipped: float
    """G: the same batch as JSON messages in one gzip stream."""
    encode_ms: float
    """Processor time of one block, every coding tried, mean."""
    decode_ms: float
    """Processor time of one block in the coding that was chosen, mean."""


def entropy_bits(numbers: Sequence[int]) -> float:
    """Order-0 entropy (Shannon) of a number, in bits."""
    count = len(numbers)
    return sum(-times / count * math.log2(times / count) for times in Counter(numbers).values())


def bound_bytes(corpus: Corpus) -> float:
    """L: for each column the least entropy of values, differences and their differences over the month, summed."""
    return sum(_least_bits(column) for column in _columns(corpus, 0, len(corpus.rows))) / 8


def messages(corpus: Corpus, first: int, end: int) -> list[dict[str, object]]:
    """The rows as JSON messages: UTC milliseconds, and each device's metrics in their units."""
    told: list[dict[str, object]] = []
    for mono_ms, row in zip(corpus.mono_ms[first:end], corpus.rows[first:end], strict=True):
        devices: dict[str, dict[str, float]] = {}
        for (device, metric, decimals), value in zip(corpus.schema.columns, row, strict=True):
            if value is not None:
                devices.setdefault(device, {})[metric] = value / 10**decimals if decimals else value
        told.append({"site": "damane", "time_ms": START_UTC_MS + mono_ms} | devices)
    return told


def json_bytes(corpus: Corpus) -> float:
    """J: one JSON message a site-minute, mean."""
    told = messages(corpus, 0, len(corpus.rows))
    return sum(len(_compact(each)) for each in told) / len(told)


def size_of(corpus: Corpus, rows: int) -> Size:
    """All blocks of `rows` rows of the corpus."""
    starts = range(0, len(corpus.rows), rows)
    ours = gzipped = 0
    by_coding = dict.fromkeys(CODINGS, 0)
    encode_s = decode_s = 0.0
    for start in starts:
        columns = _columns(corpus, start, start + rows)
        began = time.process_time()
        coding, body = encode_columns(columns)
        encoded = time.process_time()
        decoded = decode_columns_body(Reader(body), coding, len(columns[0]), len(columns))
        decode_s += time.process_time() - encoded
        encode_s += encoded - began
        if decoded != [list(column) for column in columns]:
            raise ValueError(f"the block from row {start} on does not come out as it went in")
        ours += len(body)
        gzipped += len(gzip.compress(_compact(messages(corpus, start, start + rows)), 9, mtime=0))
        for each in CODINGS:
            by_coding[each] += len(encode_columns(columns, each)[1])
    minutes, blocks = len(corpus.rows), len(starts)
    shares = {each: total / minutes for each, total in by_coding.items()}
    return Size(rows, ours / minutes, shares, gzipped / minutes, encode_s / blocks * 1e3, decode_s / blocks * 1e3)


def figures_of(sizes: Iterable[Size], bound: float, message: float) -> list[Figure]:
    """The table as figures with goals."""
    told = [
        Figure("sizes: L", round(bound, 3), "B/site-minute"),
        Figure("sizes: J", round(message, 1), "B/site-minute"),
    ]
    for size in sizes:
        of_gzip, of_bound = GOALS[size.rows]
        what = f"sizes: block of {size.rows}"
        told += [
            Figure(what, round(size.ours, 3), "B/site-minute"),
            Figure(f"{what}, G", round(size.gzipped, 3), "B/site-minute"),
            at_most(f"{what}, of G", size.ours / size.gzipped, "ratio", of_gzip),
            at_most(f"{what}, of L", size.ours / bound, "ratio", of_bound),
        ]
    return told


def _columns(corpus: Corpus, first: int, end: int) -> list[Column]:
    return [corpus.mono_ms[first:end], *zip(*corpus.rows[first:end], strict=True)]


def _least_bits(column: Column) -> float:
    values = [value for value in column if value is not None]
    steps = [after - before for before, after in pairwise(values)]
    bends = [after - before for before, after in pairwise(steps)]
    return min(entropy_bits(values), entropy_bits(steps), entropy_bits(bends))


def _compact(told: object) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode()


def main() -> None:
    """Make the corpus, measure, print, keep."""
    corpus = make_corpus()
    print(f"corpus: {len(corpus.rows)} site-minutes of {len(corpus.schema.columns)} values, SHA-256 {corpus.sha256}")
    if not corpus.frozen:
        print(
            f"NOT the frozen corpus ({SHA256}): what makes it has changed; figures cannot be compared with earlier ones"
        )
    bound, message = bound_bytes(corpus), json_bytes(corpus)
    print(f"bytes a site-minute: J (JSON message) {message:.1f}, L (entropy bound) {bound:.2f}")
    print("block   ours      G  of G (goal)    of L (goal)    encode, decode ms   by coding")
    sizes = [size_of(corpus, rows) for rows in GOALS]
    for size in sizes:
        of_gzip, of_bound = GOALS[size.rows]
        codings = "  ".join(f"{coding}: {share:.2f}" for coding, share in size.by_coding.items())
        print(
            f"{size.rows:5} {size.ours:6.2f} {size.gzipped:6.2f}  {size.ours / size.gzipped:.3f} ({of_gzip:.2f})  "
            f"{size.ours / bound:6.3f} ({of_bound:.2f})  {size.encode_ms:8.2f} {size.decode_ms:8.2f}   {codings}"
        )
    frozen = Figure("sizes: corpus is the frozen one", int(corpus.frozen), "yes/no", "= 1", corpus.frozen)
    keep([frozen, *figures_of(sizes, bound, message)])


if __name__ == "__main__":
    main()
