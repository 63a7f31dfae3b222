"""The elements of docs/wire.md section 1, read with every length checked first. Knows no message.

A value or a count outside its bound is a WireError on both sides: an encoder never sends what a decoder would refuse.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kiosk.errors import WireError

if TYPE_CHECKING:
    from mypy_extensions import i64

Octets = bytes | bytearray | memoryview

VARINT_LIMIT: Final = 1 << 63
"""Varints stay below this."""
ZIGZAG_LIMIT: Final = 1 << 62
"""Zigzag numbers lie strictly between -this and this."""
VALUE_LIMIT: Final = 1 << 61
"""Values lie strictly between -this and this, so that any difference is a zigzag number."""
TEXT_MAX_BYTES: Final = 64
PLAIN_MAX_BYTES: Final = 1 << 20
"""Bound of anything that is deflated."""

_VARINT_OCTETS: Final = 9


def zigzag(value: int) -> int:
    """Small numbers of either sign as small numbers without one: 0, -1, 1, -2 become 0, 1, 2, 3."""
    return value << 1 if value >= 0 else ~(value << 1)


def unzigzag(mapped: int) -> int:
    """Undo `zigzag`."""
    return (mapped >> 1) ^ -(mapped & 1)


def check_values(lowest: int, highest: int) -> None:
    """Require that values lie within their bounds, given the lowest and the highest of them."""
    if lowest <= -VALUE_LIMIT or highest >= VALUE_LIMIT:
        raise WireError("a value is not strictly between -2^61 and 2^61")


def crc32(octets: Octets) -> int:
    """The CRC-32 of zlib and Ethernet."""
    return zlib.crc32(octets)


def deflate(plain: bytes) -> bytes:
    """Raw deflate (RFC 1951), as small as zlib makes it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return packer.compress(plain) + packer.flush()


def inflate(packed: bytes, size: int) -> bytes:
    """Raw deflate of exactly `size` bytes; allocates no more than that, whatever the input claims."""
    if size > PLAIN_MAX_BYTES:
        raise WireError(f"a plain size of {size} bytes is above {PLAIN_MAX_BYTES}")
    unpacker = zlib.decompressobj(-15)
    try:
        plain = unpacker.decompress(packed, size + 1)
    except zlib.error as error:
        raise WireError(f"the deflated bytes are damaged: {error}") from None
    if len(plain) != size or not unpacker.eof or unpacker.unused_data or unpacker.unconsumed_tail:
        raise WireError(f"the deflated bytes are not exactly {size} bytes and their end")
    return plain


class Reader:
    """Takes elements from the front of some bytes; WireError where one is not there or not valid."""

    __slots__ = ("_at", "_octets")

    def __init__(self, memory: Octets) -> None:
        self._octets = memory if isinstance(memory, bytes) else bytes(memory)
        self._at = 0

    @property
    def remaining(self) -> int:
        """Bytes not read yet."""
        return len(self._octets) - self._at

    @property
    def at(self) -> int:
        """Bytes read so far."""
        return self._at

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        at = self._at
        end = at + count
        if count < 0 or end > len(self._octets):
            raise WireError(f"{count} bytes are announced, {self.remaining} are left")
        self._at = end
        return self._octets[at:end]

    def hex(self, count: int) -> str:
        """The next `count` bytes as an id."""
        return self.take(count).hex()

    def u8(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def u16(self) -> int:
        """Two bytes, big endian."""
        octets = self.take(2)
        return octets[0] << 8 | octets[1]

    def u32(self) -> int:
        """Four bytes, big endian."""
        return int.from_bytes(self.take(4), "big")

    def varint(self, low: int = 0, high: int = VARINT_LIMIT - 1) -> int:
        """An unsigned LEB128 number in its shortest form, between `low` and `high`."""
        octets, at = self._octets, self._at
        if at < len(octets) and octets[at] < 0x80:
            value = octets[at]
            self._at = at + 1
        else:
            value = self._long_varint()
        if not low <= value <= high:
            raise WireError(f"{value} is not between {low} and {high}")
        return value

    def _long_varint(self) -> int:
        """One that has more than a byte."""
        value: i64 = 0
        shift: i64 = 0
        for octet in self._octets[self._at : self._at + _VARINT_OCTETS]:
            value |= (octet & 0x7F) << shift
            shift += 7
            if octet < 0x80:
                if octet == 0:
                    raise WireError("a varint is longer than it needs to be")
                self._at += shift // 7
                return value
        raise WireError("a varint does not end")

    def varints(self, count: int) -> list[int]:
        """`count` varints; many at once because columns of small numbers are most of what travels."""
        if count > self.remaining:
            raise WireError(f"{count} numbers are announced, {self.remaining} bytes are left")
        run = self._octets[self._at : self._at + count]
        if run.isascii():
            self._at += count
            return list(run)
        read = self.varint
        return [read() for _ in range(count)]

    def zigzag(self) -> int:
        """A signed number strictly between -2^62 and 2^62."""
        value = unzigzag(self.varint())
        if value == -ZIGZAG_LIMIT:
            raise WireError(f"{value} is not a zigzag number")
        return value

    def count(self, low: int, high: int, least_bytes: int = 1) -> int:
        """A number of items, checked against its bounds and against what is left, before anybody allocates."""
        number = self.varint(low, high)
        if number * least_bytes > self.remaining:
            raise WireError(f"{number} items of {least_bytes} bytes or more are announced, {self.remaining} are left")
        return number

    def text(self, most_bytes: int = TEXT_MAX_BYTES) -> str:
        """UTF-8 with its length in bytes before it."""
        octets = self.take(self.varint(0, most_bytes))
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError:
            raise WireError("a text is not UTF-8") from None

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.take(self.remaining)

    def peek_rest(self) -> bytes:
        """Everything that is left, without taking it."""
        return self._octets[self._at :]

    def skip(self, count: int) -> None:
        """Pass over bytes that were read another way."""
        self.take(count)

    def end(self) -> None:
        """Require that nothing is left."""
        if self.remaining:
            raise WireError(f"{self.remaining} bytes too many")


class Writer:
    """Puts elements one after the other; refuses what a Reader would refuse."""

    __slots__ = ("_octets",)

    def __init__(self) -> None:
        self._octets = bytearray()

    def __len__(self) -> int:
        return len(self._octets)

    def octets(self) -> bytes:
        """Everything written so far."""
        return bytes(self._octets)

    def put(self, octets: Octets) -> None:
        """Bytes as they are."""
        self._octets += octets

    def hex(self, text: str, count: int) -> None:
        """An id of `count` bytes, given in lowercase hexadecimal."""
        try:
            octets = bytes.fromhex(text)
        except (ValueError, TypeError):
            octets = b""
        if len(octets) != count or octets.hex() != text:
            raise WireError(f"{text!r} is not {count} bytes in lowercase hexadecimal")
        self._octets += octets

    def u8(self, value: int) -> None:
        """One byte."""
        self._unsigned(value, 1)

    def u16(self, value: int) -> None:
        """Two bytes, big endian."""
        self._unsigned(value, 2)

    def u32(self, value: int) -> None:
        """Four bytes, big endian."""
        self._unsigned(value, 4)

    def _unsigned(self, value: int, size: int) -> None:
        try:
            self._octets += value.to_bytes(size, "big")
        except OverflowError:
            raise WireError(f"{value} does not fit {size} bytes") from None

    def varint(self, value: int, low: int = 0, high: int = VARINT_LIMIT - 1) -> None:
        """An unsigned number between `low` and `high`."""
        if not low <= value <= high:
            raise WireError(f"{value} is not between {low} and {high}")
        octets = self._octets
        while value > 0x7F:
            octets.append(value & 0x7F | 0x80)
            value >>= 7
        octets.append(value)

    def varints(self, values: Sequence[int]) -> None:
        """Unsigned numbers one after the other."""
        if values and min(values) >= 0 and max(values) < 0x80:
            self._octets += bytes(values)
            return
        put = self.varint
        for value in values:
            put(value)

    def zigzag(self, value: int) -> None:
        """A signed number strictly between -2^62 and 2^62."""
        if not -ZIGZAG_LIMIT < value < ZIGZAG_LIMIT:
            raise WireError(f"{value} is not strictly between -2^62 and 2^62")
        self.varint(zigzag(value))

    def text(self, text: str, most_bytes: int = TEXT_MAX_BYTES) -> None:
        """UTF-8 with its length in bytes before it."""
        try:
            octets = text.encode("utf-8")
        except UnicodeEncodeError:
            raise WireError("a text holds a lone surrogate") from None
        self.varint(len(octets), 0, most_bytes)
        self._octets += octets
