"""Elements: bounds before allocation, one spelling of each number."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import WireError
from kiosk.wire.bits import best_k, bits_of, read_rice, write_rice
from kiosk.wire.elements import PLAIN_MAX_BYTES, Reader, Writer, deflate, inflate, unzigzag, zigzag

unsigned = st.integers(0, 300) | st.integers(0, 2**63 - 1)


@given(st.lists(unsigned))
def test_varints_come_back_one_by_one_and_in_bulk(numbers: list[int]) -> None:
    writer = Writer()
    writer.varints(numbers)
    one_by_one = Reader(writer.octets())
    assert [one_by_one.varint() for _ in numbers] == numbers
    bulk = Reader(writer.octets())
    assert bulk.varints(len(numbers)) == numbers
    bulk.end()


@given(st.binary(max_size=12))
def test_a_varint_has_one_spelling(octets: bytes) -> None:
    reader = Reader(octets)
    try:
        number = reader.varint()
    except WireError:
        return
    writer = Writer()
    writer.varint(number)
    assert writer.octets() == octets[: reader.at]


@given(st.integers(-(2**62) + 1, 2**62 - 1))
def test_zigzag_comes_back(number: int) -> None:
    assert unzigzag(zigzag(number)) == number
    writer = Writer()
    writer.zigzag(number)
    assert Reader(writer.octets()).zigzag() == number


def test_zigzag_keeps_small_numbers_small() -> None:
    assert [zigzag(number) for number in (0, -1, 1, -2, 2)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("number", [2**62, -(2**62)])
def test_zigzag_ends_at_two_to_the_62(number: int) -> None:
    with pytest.raises(WireError):
        Writer().zigzag(number)


@pytest.mark.parametrize("number", [-1, 2**63])
def test_varint_ends_at_two_to_the_63(number: int) -> None:
    with pytest.raises(WireError):
        Writer().varint(number)
    with pytest.raises(WireError):
        Writer().varints([number, 1])


def test_fixed_sizes_refuse_what_does_not_fit() -> None:
    for write, number in ((Writer().u8, 256), (Writer().u16, 65_536), (Writer().u32, 2**32), (Writer().u8, -1)):
        with pytest.raises(WireError):
            write(number)


def test_fixed_sizes_are_big_endian() -> None:
    writer = Writer()
    writer.u8(1)
    writer.u16(2)
    writer.u32(3)
    assert writer.octets().hex() == "01000200000003"
    reader = Reader(writer.octets())
    assert (reader.u8(), reader.u16(), reader.u32(), reader.remaining) == (1, 2, 3, 0)


@pytest.mark.parametrize("text", ["AB", "ab ", " ab", "a", "abab", "", "g0", "é0"])
def test_an_id_is_lowercase_hexadecimal_of_its_length(text: str) -> None:
    with pytest.raises(WireError):
        Writer().hex(text, 1)


def test_a_text_is_bounded_in_bytes() -> None:
    writer = Writer()
    writer.text("é" * 32)
    assert Reader(writer.octets()).text() == "é" * 32
    with pytest.raises(WireError):
        Writer().text("é" * 33)
    with pytest.raises(WireError):
        Writer().text("\ud800")


def test_a_count_is_compared_with_what_is_left() -> None:
    with pytest.raises(WireError):
        Reader(b"\x05abcd").count(0, 10)
    assert Reader(b"\x04abcd").count(0, 10) == 4
    with pytest.raises(WireError):
        Reader(b"ab").varints(3)


def test_a_deflate_bomb_is_stopped_at_the_length_it_announces() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(1 << 20)
    bomb = b"".join([packer.compress(zeros) for _ in range(60)]) + packer.flush()
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            inflate(bomb, PLAIN_MAX_BYTES)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak_bytes < 4 << 20


def test_a_plain_size_above_the_bound_is_refused_before_inflating() -> None:
    with pytest.raises(WireError):
        inflate(deflate(b"a"), PLAIN_MAX_BYTES + 1)


@given(st.binary(max_size=300))
def test_deflate_comes_back(plain: bytes) -> None:
    assert inflate(deflate(plain), len(plain)) == plain


@given(st.lists(unsigned.filter(lambda number: number < 2**63 - 1), max_size=60), st.integers(0, 40))
def test_rice_codes_come_back(numbers: list[int], k: int) -> None:
    octets = write_rice(numbers, k)
    assert read_rice(bits_of(b"??" + octets), 16, len(numbers), k) == (numbers, 16 + 8 * len(octets))


@given(st.lists(unsigned, min_size=1, max_size=40).filter(any))
def test_the_best_parameter_is_the_best(numbers: list[int]) -> None:
    sizes = [len("".join(_spelt(number, k) for number in numbers)) for k in range(41)]
    assert best_k(numbers) == sizes.index(min(sizes))


def _spelt(number: int, k: int) -> str:
    ones = number >> k
    return "1" * 96 if ones >= 32 else "1" * ones + "0" * (k + 1)
