"""Rice codes of unsigned numbers, as docs/wire.md section 4 writes them (coding 2). Knows no column.

Bits are handled as strings of 0 and 1: in CPython `find`, slices and `int(..., 2)` beat arithmetic by a wide margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from kiosk.errors import WireError
from kiosk.wire.elements import VARINT_LIMIT

K_MAX = 40
K_ALL_ZERO = 255
"""Instead of a k: every number is 0 and nothing follows."""

_UNARY_MAX = 32
"""So many ones announce the number in full instead."""
_ESCAPE_BITS = 64
_TABLE_SIZE = 512


def bits_of(octets: bytes) -> str:
    """Bytes as 0 and 1, the highest bit of each first."""
    return bin(int.from_bytes(b"\x01" + octets, "big"))[3:]


def _code(number: int, k: int) -> str:
    ones = number >> k
    if ones >= _UNARY_MAX:
        return "1" * _UNARY_MAX + format(number, f"0{_ESCAPE_BITS}b")
    return "1" * ones + "0" + (format(number & ((1 << k) - 1), f"0{k}b") if k else "")


@lru_cache(maxsize=K_MAX + 1)
def _table(k: int) -> tuple[str, ...]:
    return tuple(_code(number, k) for number in range(_TABLE_SIZE))


def _cost(numbers: Sequence[int], k: int, largest: int) -> int:
    if largest >> k < _UNARY_MAX:
        return len(numbers) * (k + 1) + sum([number >> k for number in numbers])
    escape = _UNARY_MAX + _ESCAPE_BITS
    return sum([ones + k + 1 if (ones := number >> k) < _UNARY_MAX else escape for number in numbers])


def best_k(numbers: Sequence[int]) -> int:
    """The parameter with the fewest bits, the smallest such; K_ALL_ZERO where nothing need be written."""
    largest = max(numbers, default=0)
    if largest == 0:
        return K_ALL_ZERO
    best, fewest = 0, _cost(numbers, 0, largest)
    for k in range(1, K_MAX + 1):
        if len(numbers) * (k + 1) >= fewest:
            break
        bits = _cost(numbers, k, largest)
        if bits < fewest:
            best, fewest = k, bits
    return best


def write_rice(numbers: Sequence[int], k: int) -> bytes:
    """The numbers one after the other, the last byte filled with zeros."""
    table = _table(k)
    if max(numbers, default=0) < _TABLE_SIZE:
        bits = "".join([table[number] for number in numbers])
    else:
        bits = "".join([table[number] if number < _TABLE_SIZE else _code(number, k) for number in numbers])
    size = (len(bits) + 7) // 8
    return int(bits.ljust(size * 8, "0"), 2).to_bytes(size, "big") if size else b""


def read_rice(bits: str, at: int, count: int, k: int) -> tuple[list[int], int]:
    """`count` numbers from bit `at` on, and the bit (a multiple of 8 from `at`) after the filling zeros."""
    length = len(bits)
    if count * (k + 1) > length - at:
        raise WireError(f"{count} numbers of at least {k + 1} bits are announced, {length - at} bits are left")
    numbers: list[int] = []
    start, find = at, bits.find
    for _ in range(count):
        zero = find("0", at, at + _UNARY_MAX)
        if zero < 0:
            numbers.append(_escaped(bits, at + _UNARY_MAX, k))
            at += _UNARY_MAX + _ESCAPE_BITS
            continue
        end = zero + 1 + k
        if end > length:
            raise WireError("a Rice code does not end")
        numbers.append((zero - at) << k | int(bits[zero + 1 : end], 2) if k else zero - at)
        at = end
    end = at + (start - at) % 8
    if "1" in bits[at:end]:
        raise WireError("the bits that fill the last byte of a Rice code are not zeros")
    return numbers, end


def _escaped(bits: str, at: int, k: int) -> int:
    piece = bits[at : at + _ESCAPE_BITS]
    if len(piece) < _ESCAPE_BITS:
        raise WireError("a Rice code does not end")
    number = int(piece, 2)
    if not _UNARY_MAX << k <= number < VARINT_LIMIT:
        raise WireError(f"{number} is not a number that is written in full")
    return number
