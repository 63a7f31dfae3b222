"""An adaptive binary range coder, as docs/wire.md section 4 writes it (coding 3). Knows no column.

A context is a place in a list: the probability of a 0 there in 65,536ths, times 128, and how many bits have been seen
there. One number holds both because a list's place is what takes time.
What is an i64 is a machine word where this is compiled, and any int elsewhere: nothing in one outgrows 63 bits, and no
constant is shifted by more than 16 of them, because mypyc shifts a constant in 32 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kiosk.errors import WireError

if TYPE_CHECKING:
    from mypy_extensions import i64

ONE: Final = 1 << 16
"""Probabilities are this many parts."""
SEEN_MAX: Final = 80
_SEEN_BITS: Final = 7
_SEEN_MASK: Final = (1 << _SEEN_BITS) - 1
RATES: Final = tuple(ONE * 10 // (10 * seen + 16) for seen in range(SEEN_MAX + 1))
"""By how much of the way a bit moves its context's probability, in 65,536ths: less and less."""

_TOP: Final = 1 << 32
_RENEW: Final = 1 << 24
_CHUNK_BITS: Final = 16
"""Even bits are written so many at a time, or the range would become too coarse."""


def context(zero: int, seen: int) -> int:
    """A context in which a 0 has this probability after so many bits."""
    return zero << _SEEN_BITS | seen


class RangeWriter:
    """Bits in, bytes out."""

    __slots__ = ("_low", "_octets", "_range")

    _low: i64
    _range: i64

    def __init__(self) -> None:
        self._octets = bytearray()
        self._low = 0
        self._range = _TOP - 1

    def bit(self, contexts: list[int], at: i64, value: i64) -> None:
        """One bit in the context `at`."""
        known: i64 = contexts[at]
        zero = known >> _SEEN_BITS
        seen = known & _SEEN_MASK
        split = (self._range >> 16) * zero
        if value:
            self._low += split
            self._range -= split
            zero -= zero * RATES[seen] >> 16
        else:
            self._range = split
            zero += (ONE - zero) * RATES[seen] >> 16
        contexts[at] = zero << _SEEN_BITS | min(seen + 1, SEEN_MAX)
        if self._range < _RENEW:
            self._renew()

    def even(self, number: i64, bits: i64) -> None:
        """The lowest `bits` bits (at most 61) of a number, the highest first, each as likely 0 as 1."""
        while bits:
            chunk = min(bits, _CHUNK_BITS)
            bits -= chunk
            self._range >>= chunk
            self._low += (number >> bits & (1 << chunk) - 1) * self._range
            if self._range < _RENEW:
                self._renew()

    def octets(self) -> bytes:
        """The shortest bytes that mean what was written, once it is all written."""
        spare: i64 = 32
        value: int = -(-self._low >> spare) << spare
        while value >= self._low + self._range:
            spare -= 8
            value = -(-self._low >> spare) << spare
        self._carry(value)
        return bytes(self._octets + (value % _TOP).to_bytes(4, "big")).rstrip(b"\x00")

    def _renew(self) -> None:
        while self._range < _RENEW:
            self._carry(self._low)
            self._low %= _TOP
            self._octets.append(self._low >> 24)
            self._low = (self._low & _RENEW - 1) << 8
            self._range <<= 8

    def _carry(self, low: i64) -> None:
        if low < _TOP:
            return
        at = len(self._octets) - 1
        while self._octets[at] == 0xFF:
            self._octets[at] = 0
            at -= 1
        self._octets[at] += 1


class RangeReader:
    """Bytes in, bits out; behind the end stand zeros, which a writer leaves away."""

    __slots__ = ("_at", "_code", "_octets", "_range")

    _at: i64
    _code: i64
    _range: i64

    def __init__(self, octets: bytes) -> None:
        if octets[-1:] == b"\x00":
            raise WireError("coded bytes end with a 0, which a writer leaves away")
        self._octets = octets
        self._code = int.from_bytes(octets[:4].ljust(4, b"\x00"), "big")
        self._at = 4
        self._range = _TOP - 1
        if self._code >= self._range:
            raise WireError("coded bytes begin outside the range")

    def bit(self, contexts: list[int], at: i64) -> i64:
        """One bit from the context `at`."""
        known: i64 = contexts[at]
        zero = known >> _SEEN_BITS
        seen = known & _SEEN_MASK
        split = (self._range >> 16) * zero
        if self._code < split:
            value: i64 = 0
            self._range = split
            zero += (ONE - zero) * RATES[seen] >> 16
        else:
            value = 1
            self._code -= split
            self._range -= split
            zero -= zero * RATES[seen] >> 16
        contexts[at] = zero << _SEEN_BITS | min(seen + 1, SEEN_MAX)
        if self._range < _RENEW:
            self._renew()
        return value

    def even(self, bits: i64, above: i64 = 0) -> i64:
        """A number of `bits` bits (at most 61), each as likely 0 as 1, with those of `above` before them."""
        number = above
        while bits:
            chunk = min(bits, _CHUNK_BITS)
            bits -= chunk
            self._range >>= chunk
            piece = self._code // self._range
            if piece >> chunk:
                raise WireError("coded bytes leave the range")
            self._code -= piece * self._range
            number = number << chunk | piece
            if self._range < _RENEW:
                self._renew()
        return number

    def end(self) -> None:
        """Require that every byte was needed."""
        if self._at < len(self._octets):
            raise WireError(f"{len(self._octets) - self._at} coded bytes too many")

    def _renew(self) -> None:
        octets = self._octets
        while self._range < _RENEW:
            following: i64 = octets[self._at] if self._at < len(octets) else 0
            self._code = self._code << 8 | following
            self._range <<= 8
            self._at += 1
