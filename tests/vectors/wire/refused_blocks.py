"""Bad blocks of the golden vectors, spelt byte by byte: for each, what is wrong with it. Asks no encoder of ours."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

Refusal = tuple[str, bytes, str]
"""Name, bytes, what is wrong."""

NINES = "ff" * 8
"""Start of a varint of nine bytes."""


def pressed(octets: bytes) -> str:
    """Raw deflate in a stored block, the same in every zlib."""
    size = len(octets)
    return (b"\x01" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + octets).hex()


def varint(number: int) -> str:
    low, high = number & 127, number >> 7
    return f"{low | 128:02x}{varint(high)}" if high else f"{low:02x}"


def sized(octets: bytes) -> str:
    return varint(len(octets)) + octets.hex()


def _block(
    head: str = "01 02",
    coding: str = "00",
    body: str = "00 00 02  00 02 02",
    flags: str = "00",
    boot_number: str = "01",
) -> bytes:
    """Two rows of one position, spelt plainly unless said otherwise."""
    return bytes.fromhex(f"{head} {'b0' * 8} {boot_number} {'5c' * 8} {coding} {body} {flags}")


def blocks() -> Iterator[Refusal]:
    """Blocks of one position."""
    plain = bytes.fromhex("00 00 02  00 02 02")
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    swollen = bomb.compress(bytes(300_000)) + bomb.flush()
    yield "row 0", _block("00 02"), "rows are numbered from 1"
    yield "no row", _block("01 00"), "a block has at least one row"
    yield "4097 rows", _block("01 81 20"), "a block has at most 4096 rows"
    yield "row 2^63", _block(f"{NINES}7f 02"), "the last row number must stay below 2^63"
    yield "a varint that could be shorter", _block("8100 02"), "the shortest form is required"
    yield "a varint of ten bytes", _block(f"{NINES}ff01 02"), "nine bytes at most"
    yield "boot number 0", _block(boot_number="00"), "boots are numbered from 1"
    yield "coding 3", _block(coding="03"), "not a coding of this version"
    yield "presence 3", _block(body="00 00 02  03 02 02"), "not a presence of this version"
    yield "a map that marks every row", _block(body="00 00 02  02 03 02 02"), "presence 0 says that"
    yield "a map that marks no row", _block(body="00 00 02  02 00"), "presence 1 says that"
    yield "a map that marks a row that is not there", _block(body="00 00 02  02 05 02"), "spare bits are 0"
    yield "time is absent", _block(body="01  00 02 02"), "the time column is always present"
    yield "time is partly absent", _block(body="02 01 02  00 02 02"), "the time column is always present"
    yield "time falls", _block(body="00 04 01  00 02 02"), "times do not fall"
    yield "time is negative", _block(body="00 01 02  00 02 02"), "times are not negative"
    yield "a value of 2^61", _block(body=f"00 00 02  00 {'80' * 8}40 00"), "values lie within 2^61"
    yield "a sum of 2^61", _block(body=f"00 00 02  00 {'fe' + 'ff' * 7}3f 02"), "values lie within 2^61"
    yield "zigzag of -2^62", _block(body=f"00 00 02  00 00 {NINES}7f"), "outside zigzag's range, and the value's"
    yield "a column too few", _block(body="00 00 02", flags=""), "columns are missing"
    yield "a byte too many", _block(flags="00 00"), "nothing follows the flags"
    yield "a flag of row 2", _block(flags="01 02 00 01 00"), "offsets are below the count"
    yield "a flag of position 1", _block(flags="01 00 01 01 00"), "positions are the schema's"
    yield "a flag of code 0", _block(flags="01 00 00 00 00"), "codes are not 0"
    yield "two flags of one value", _block(flags="02 00 00 01 00  00 00 01 00"), "flags rise"
    yield "flags in falling order", _block(flags="02 01 00 01 00  00 00 01 00"), "flags rise"
    yield "more flags than bytes", _block(flags="02 00 00 01"), "a count is compared with what is left"
    good = pressed(plain)
    yield "deflate: one byte short", _block(coding="01", body=f"05 0b {good}"), "the plain length is exact"
    yield "deflate: one byte long", _block(coding="01", body=f"07 0b {good}"), "the plain length is exact"
    yield "deflate: above 1 MiB", _block(coding="01", body=f"81 80 40 0b {good}"), "at most 1 MiB"
    yield "deflate: a bomb", _block(coding="01", body=f"06 {sized(swollen)}"), "inflating stops at the length"
    yield "deflate: no end", _block(coding="01", body=f"06 0b 00 {good[2:]}"), "the stream must end"
    yield "deflate: a byte behind its end", _block(coding="01", body=f"06 0c {good} 00"), "nothing follows the stream"
    longer = pressed(plain + b"\x00")
    yield "deflate: a byte behind the columns", _block(coding="01", body=f"07 0c {longer}"), "nothing follows them"
    yield "deflate: not deflate", _block(coding="01", body="06 02 ffff"), "damaged"
    yield "rice: k 41", _block(coding="02", body="00 00 ff  00 02 29 00"), "not a k of this version"
    yield "rice: k 254", _block(coding="02", body="00 00 ff  00 02 fe 00"), "not a k of this version"
    yield "rice: filling bits of 1", _block(coding="02", body="00 00 ff  00 02 00 01"), "filling bits are 0"
    yield "rice: no end", _block(coding="02", body="00 00 ff  00 02 00 ff", flags=""), "the code ends in the input"
    small, large = "ffffffff 00 00 00 00 00 00 00 1f", "ffffffff 80 00 00 00 00 00 00 00"
    yield "rice: in full for no reason", _block(coding="02", body=f"00 00 ff  00 02 00 {small}"), "31 has a code"
    yield "rice: 2^63 in full", _block(coding="02", body=f"00 00 ff  00 02 00 {large}"), "u is below 2^63"
    yield from _adaptive_blocks()


def _adaptive_blocks() -> Iterator[Refusal]:
    yield "adaptive: more bytes than are there", _block(coding="03", body="05 01 02 03"), "lengths are checked"
    yield "adaptive: a last byte of 0", _block(coding="03", body="02 01 00"), "zeros at the end are left away"
    yield "adaptive: a start outside the range", _block(coding="03", body="04 ffffffff"), "code is below range"
    yield "adaptive: bytes nobody asks for", _block(coding="03", body=f"0c {'00' * 11} 01"), "every byte is needed"
    yield (
        "adaptive: even bits outside the range",
        _block(coding="03", body="08 ffffd96897a4f021"),
        "numbers of c bits are below 2^c",
    )
    yield "adaptive: a map that marks every row", _block(coding="03", body="02 011a"), "presence 0 says that"
    yield (
        "adaptive: a value of 2^61",
        _block(coding="03", body="18 01197efffffffffffffe3b9c00000000001957b83e46c52d"),
        "values lie within 2^61",
    )
    yield "adaptive: time falls", _block(coding="03", body="0a fff88dd205c0fc362c01"), "times do not fall"
    yield "coding 4", _block(coding="04"), "not a coding of this version"
