"""Coding 3: its bits come back, its tables are the page's, and no bytes keep a reader busy for long."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import WireError
from kiosk.wire import adaptive, priors
from kiosk.wire.adaptive import CELLS_MAX, LENGTHS_MAX, fits, read_adaptive, write_adaptive
from kiosk.wire.columns import ADAPTIVE, RICE, decode_columns_body, encode_columns
from kiosk.wire.elements import Reader
from kiosk.wire.range_coder import ONE, SEEN_MAX, RangeReader, RangeWriter, context
from tests.kiosk.wire.adaptive_decoder import Adaptive, tables

PLAIN = adaptive.__file__.endswith(".py")
STEP_MS = 60_000
WILD = 1 << 60

bits = st.tuples(st.integers(0, 2), st.integers(0, 1))
even = st.integers(3, 61).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, (1 << size) - 1)))


def grid(rows: int) -> list[int]:
    """Times a minute apart."""
    return [STEP_MS * row for row in range(rows)]


def three() -> list[int]:
    """Contexts at the ends of what they may be."""
    return [context(ONE // 2, 0), context(81, SEEN_MAX), context(ONE - 81, 3)]


def coded(symbols: list[tuple[int, int]]) -> bytes:
    """Contexts 0 to 2 are contexts, larger numbers sizes of even numbers."""
    writer, contexts = RangeWriter(), three()
    for kind, number in symbols:
        writer.bit(contexts, kind, number) if kind < 3 else writer.even(number, kind)
    return writer.octets()


def decoded(octets: bytes, kinds: list[int]) -> list[int]:
    """What `coded` wrote."""
    reader, contexts = RangeReader(octets), three()
    told = [reader.bit(contexts, kind) if kind < 3 else reader.even(kind) for kind in kinds]
    reader.end()
    return told


@given(st.lists(bits | even, max_size=300))
def test_bits_come_back_as_they_went(symbols: list[tuple[int, int]]) -> None:
    octets = coded(symbols)
    assert decoded(octets, [kind for kind, _ in symbols]) == [number for _, number in symbols]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999, 1.0])
def test_long_runs_of_bits_come_back_carries_and_all(share: float) -> None:
    chance = random.Random(int(share * 1000))
    symbols = [(chance.randrange(3), int(chance.random() < share)) for _ in range(20_000)]
    assert decoded(coded(symbols), [kind for kind, _ in symbols]) == [number for _, number in symbols]


def test_a_context_never_leaves_its_range() -> None:
    for value in (0, 1):
        writer, contexts = RangeWriter(), [context(ONE // 2, 0)]
        for _ in range(5_000):
            writer.bit(contexts, 0, value)
        assert context(1, 0) <= contexts[0] < context(ONE, 0)


def test_the_tables_are_those_of_the_page() -> None:
    page = tables()
    contexts = [2 * octet + 1 for octet in page["presence map"] + page["class"]]
    for group in range(3):
        contexts += [2 * octet + 1 for octet in page[f"first {group}"].ljust(61, b"\x80")]
    contexts += [2 * octet + 1 for octet in page["first sign"]]
    assert [each / 128 for each in priors.HEAD] == contexts
    for number in range(1, 8):
        steps = page[f"changes {number}"] + page["signs"] + page[f"lengths {number}"] + b"\x80" * 12
        assert [each / 128 for each in priors.STEPS[number - 1]] == [2 * octet + 1 for octet in steps]


def test_a_day_of_rest_on_the_grid_takes_a_few_bytes() -> None:
    coding, body = encode_columns([grid(1440), *[[7] * 1440] * 14])
    assert coding == ADAPTIVE
    assert len(body) < 16


@given(st.binary(max_size=60), st.integers(1, 50), st.integers(1, 6))
def test_any_bytes_are_read_or_refused_and_read_alike_from_the_page(octets: bytes, rows: int, columns: int) -> None:
    try:
        told = read_adaptive(octets, rows, columns)
    except WireError:
        return
    assert Adaptive(octets).columns(rows, columns) == told


def test_a_block_above_the_bound_of_values_is_refused_before_it_is_read() -> None:
    columns = CELLS_MAX // 4096 + 1
    with pytest.raises(WireError, match="values for this coding"):
        read_adaptive(b"", 4096, columns)
    assert not fits([grid(4096)] * columns)


def test_columns_at_the_bound_of_values_come_back() -> None:
    columns = [grid(4096), *[[row * position % 5 for row in range(4096)] for position in range(CELLS_MAX // 4096 - 1)]]
    body = encode_columns(columns, ADAPTIVE)[1]
    assert decode_columns_body(Reader(body), ADAPTIVE, 4096, len(columns)) == columns


def test_wild_columns_above_the_bound_of_lengths_are_left_to_another_coding_and_refused_by_the_reader() -> None:
    rows = LENGTHS_MAX // 60 // 2
    wild = [WILD * (-1) ** row for row in range(rows)]
    columns = [grid(rows), wild, wild, wild]
    assert not fits(columns)
    with pytest.raises(WireError, match="longer than"):
        read_adaptive(write_adaptive(columns), rows, len(columns))
    with pytest.raises(WireError, match="cannot hold"):
        encode_columns(columns, ADAPTIVE)
    assert encode_columns(columns)[0] <= RICE


def test_values_and_differences_of_every_length_come_back() -> None:
    sizes = [size for length in range(1, 62) for size in ((1 << length) - 1, 1 << length - 1)]
    columns = [[1 << 60, *range((1 << 60) + 1, (1 << 60) + len(sizes))], sizes, [-size for size in sizes]]
    columns += [[size, -size, *[0] * (len(sizes) - 2)] for size in sizes]
    assert read_adaptive(write_adaptive(columns), len(sizes), len(columns)) == columns


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("difference", [1, (1 << 61) + 1, (1 << 62) - 1, 1 << 62, (1 << 63) - 1])
def test_a_difference_that_leads_out_of_bounds_is_refused_however_long(difference: int, sign: int) -> None:
    first = sign * ((1 << 61) - 1)
    body = write_adaptive([grid(2), [first, first + sign * difference]])
    with pytest.raises(WireError, match="strictly between"):
        read_adaptive(body, 2, 2)


@pytest.mark.parametrize("times", [[5, 4], [-1, 4], [None, 4]])
def test_columns_without_a_time_column_are_left_to_another_coding(times: list[int | None]) -> None:
    with pytest.raises(WireError, match="cannot hold"):
        encode_columns([times, [1, 2]], ADAPTIVE)


@pytest.mark.skipif(not PLAIN, reason="only Python can be watched; what is compiled is the same source")
@pytest.mark.parametrize("octets", [b"", b"\xff" * 3, b"\xff\xff\xff\xfe" * 500, b"\x01" * 64, b"\x80" * 64])
def test_no_bytes_keep_a_reader_busy_beyond_its_bound(octets: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting(RangeReader):
        asked = 0

        def bit(self, contexts: list[int], at: int) -> int:
            Counting.asked += 1
            return super().bit(contexts, at)

    monkeypatch.setattr(adaptive, "RangeReader", Counting)
    for rows, columns in ((4096, 8), (256, 128)):
        try:
            read_adaptive(octets, rows, columns)
        except WireError:
            continue
    assert Counting.asked < 2 * (5 * CELLS_MAX + LENGTHS_MAX + 128 * 70)
