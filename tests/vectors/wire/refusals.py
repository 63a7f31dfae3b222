"""Bad messages of the golden vectors, spelt byte by byte: for each, what is wrong with it. Asks no encoder of ours."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from tests.vectors.wire.refused_blocks import NINES, Refusal, blocks, pressed, sized, varint

_HEADER = {
    "site": "02 6131", "device": "d0" * 8, "stream": "57" * 16, "boot": "b0" * 8, "boot_number": "01", "counter": "01",
    "mono_ms": "05", "clock": "00 00 00", "lowest_kept": "01", "head": "00", "waiting": "00", "age": "00",
    "dropped": "00", "cadence": "3c", "ledger": "00", "sections": "00",
}  # fmt: skip


def _frame(version: str = "01", tail: str = "", crc_flip: int = 0, **changes: str) -> bytes:
    header = bytes.fromhex("".join((_HEADER | changes).values()))
    octets = bytes.fromhex(version) + len(header).to_bytes(2, "big") + header
    return octets + (zlib.crc32(octets) ^ crc_flip).to_bytes(4, "big") + bytes.fromhex(tail)


def frames() -> Iterator[Refusal]:
    """Frames that are refused whole."""
    ledger = f"{'10' * 16} 01 {'a5' * 32} 584f46 00 00 00"
    yield "nothing", b"", "a frame has a version"
    yield "version 2", _frame("02"), "not a version of this page"
    yield "a damaged header", _frame(crc_flip=1), "the header's CRC is wrong"
    yield "cut in the header", _frame()[:40], "the header is announced longer"
    most = 65_537 - len(_frame()) - 8
    full = _frame(sections=f"01 09 {varint(most)} {'00' * 4}", tail="00" * most)
    yield "65,537 bytes", full, "a frame has at most 65,536 bytes"
    yield "a body that is not there", _frame(sections=f"01 09 01 {'00' * 4}"), "bodies fill the frame"
    yield "a byte that belongs to no section", _frame(tail="00"), "bodies fill the frame"
    yield "a byte behind the header's table", _frame(sections="00 00"), "the header ends with its table"
    yield "65 sections", _frame(sections="41" + f"09 00 {'00' * 4}" * 65), "at most 64 sections"
    yield "more sections than bytes", _frame(sections=f"02 09 00 {'00' * 4}"), "a count is compared with what is left"
    yield "a site in capitals", _frame(site="02 4131"), "a site is [a-z0-9-]{2,24}"
    yield "a site of one letter", _frame(site="01 61"), "a site is [a-z0-9-]{2,24}"
    yield "a site that is not UTF-8", _frame(site="02 ff31"), "a text is UTF-8"
    yield "a text of 65 bytes", _frame(site=f"41 {'61' * 65}"), "a text has at most 64 bytes"
    yield "boot number 0", _frame(boot_number="00"), "boots are numbered from 1"
    yield "counter 0", _frame(counter="00"), "frames are counted from 1"
    yield "clock source 9", _frame(clock="09 01 00"), "not a clock source of this version"
    yield "UTC without a source", _frame(clock="00 01 00"), "UTC is 0 without a source"
    yield "uncertainty without a source", _frame(clock="00 00 01"), "uncertainty is 0 without a source"
    yield "a source without UTC", _frame(clock="08 00 00"), "UTC is not 0 with a source"
    yield "lowest_kept 0", _frame(lowest_kept="00"), "rows are numbered from 1"
    yield "lowest_kept above head + 1", _frame(lowest_kept="02"), "lowest_kept is at most head + 1"
    yield "two ledger heads", _frame(ledger=f"02 {ledger} {ledger}"), "one at most"
    yield "a ledger head of seq 0", _frame(ledger=f"01 {ledger}".replace(" 01 a5", " 00 a5")), "records are from 1"
    yield "a currency in small letters", _frame(ledger=f"01 {ledger}".replace("584f46", "786f66")), "[A-Z]{3}"


def _ledger(body: str, count: str = "01", first: str = "01", coding: str = "00", signatures: int = 1) -> bytes:
    return bytes.fromhex(f"{'10' * 16} {'6b' * 8} {first} {count} {coding} {'51' * 64 * signatures} {body}")


def ledger() -> Iterator[Refusal]:
    """Ledger sections. Payloads: 7b7d is {}."""
    before = (
        b'{"amt":0,"box":0,"cash":0,"cur":"XOF","dev":"d","log":"l","prev":"","seq":1,'
        b'"site":"a1","sum_in":0,"sum_out":0,"v":1}'
    )
    rich = before.replace(b'"box":0', b'"box":9007199254740991')

    def after(short: bytes, full: bytes = before) -> bytes:
        return _ledger(f"00 {sized(full)} 01 {sized(short)}", count="02", signatures=2)

    yield "no record", _ledger("", count="00", signatures=0), "at least one record"
    yield "513 records", _ledger("00 00" * 513, count="81 04", signatures=513), "at most 512 records"
    yield "seq 0", _ledger("00 00", first="00"), "records are numbered from 1"
    yield "seq 2^63", _ledger("00 00 00 00", first=f"{NINES}7f", count="02", signatures=2), "seq stays below 2^63"
    yield "coding 2", _ledger("00 00", coding="02"), "not a coding of this version"
    yield "form 2", _ledger("02 00"), "not a form of this version"
    yield "a signature too few", _ledger("", signatures=0), "a signature for each record"
    yield "a payload of 4,097 bytes", _ledger(f"00 8120 {'20' * 4097}"), "at most 4,096 bytes"
    yield "a byte behind the records", _ledger("00 00 00"), "nothing follows the records"
    yield "deflate above 1 MiB", _ledger("0300", coding="01 81 80 40"), "at most 1 MiB"
    yield "deflate of another length", _ledger(pressed(b"\x00\x00"), coding="01 03"), "the plain length is exact"
    yield "form 1 stands first", _ledger("01 02 7b7d"), "the first record has form 0"
    yield "form 1 after no JSON", _ledger("00 00 01 02 7b7d", count="02", signatures=2), "nothing to follow"
    yield (
        "form 1 after a payload without totals",
        _ledger("00 02 7b7d 01 02 7b7d", count="02", signatures=2),
        ("nothing to follow"),
    )
    yield "form 1 without amt", after(b'{"cash":0}'), "the effects are missing"
    yield "form 1 with amt as a string", after(b'{"amt":"0","cash":0}'), "the effects are integers"
    yield "form 1 with a member of P", after(b'{"amt":0,"cash":0,"v":1}'), "v is worked out"
    yield "form 1 that is not canonical", after(b'{"cash":0,"amt":0}'), "members are sorted"
    yield "form 1 with an integer too large", after(b'{"amt":0,"cash":9007199254740992}'), "2^53"
    yield "form 1 with a box too large", after(b'{"amt":0,"cash":1}', rich), "2^53"
    yield from _by_table(rich)


def _by_table(rich: bytes) -> Iterator[Refusal]:
    """Ledger sections of coding 3. 0x26 is a TEST that does not follow: 27 members, 4 bytes of marks."""

    def said(body: str, count: int = 1) -> bytes:
        return _ledger(body, coding="03", count=f"{count:02x}", signatures=count)

    nothing = "00 00 00 00"
    yield "coding 3: type 21", said(f"2a {nothing}"), "twenty types"
    yield "coding 3: type 0 that follows", said("01 00"), "types are numbered from 1"
    yield "coding 3: a record that follows stands first", said("0d 00 00 00"), "nothing to follow"
    yield "coding 3: no end of a payload", said("00 05 7b7d"), "lengths are checked"
    yield "coding 3: a mark behind the last member", said("26 00 00 00 08"), "no such member"
    yield "coding 3: amt as a text", said("26 01 00 00 00 0661"), "a number belongs there"
    yield "coding 3: boot as a number", said("26 04 00 00 00 04"), "a text belongs there"
    yield "coding 3: a value of kind 3", said("26 04 00 00 00 0761"), "kinds are 0 to 2"
    yield "coding 3: what is expected, stated", said("26 01 00 00 00 00"), "it would be left out"
    yield "coding 3: hexadecimal as a text", said("26 04 00 00 00 0a 6162"), "it has a kind of its own"
    yield "coding 3: hexadecimal of no byte", said("26 04 00 00 00 01"), "that is an empty text"
    yield "coding 3: a text that is not UTF-8", said("26 04 00 00 00 06 ff"), "UTF-8"
    yield "coding 3: a control character", said("26 04 00 00 00 06 0a"), "the payload would not be canonical"
    yield "coding 3: an integer too large", said("26 01 00 00 00 80808080808080807f"), "2^53"
    yield "coding 3: a byte behind the records", said(f"26 {nothing} 00"), "nothing follows the records"
    yield "coding 3: a box too large", said(f"00 {sized(rich)} 0d 01 00 00 08", 2), "2^53"


def schemas() -> Iterator[Refusal]:
    """Schemas."""
    many = ",".join(f"m{number}:0" for number in range(129))
    long = "\n".join(f"d{number} driver {'s' * 32} {'m' * 38}{number:02}:0" for number in range(100))
    for name, text, error in (
        ("nothing", "", "at least one device"),
        ("a final line feed", "d e - m:0\n", "lines are joined"),
        ("two spaces", "d  e - m:0", "one space"),
        ("no metric", "d e - ", "at least one metric"),
        ("decimals 7", "d e - m:7", "0 to 6"),
        ("decimals of two digits", "d e - m:01", "one digit"),
        ("a device in capitals", "D e - m:0", "[a-z0-9-]{1,24}"),
        ("a metric twice", "d e - m:0,m:1", "each metric once"),
        ("a device twice", "d e - m:0\nd e - n:0", "each device once"),
        ("129 positions", f"d e - {many}", "at most 128"),
        ("a letter outside ASCII", "d é - m:0", "ASCII"),
        ("above 8 KiB", long, "at most 8 KiB"),
    ):
        yield name, text.encode(), error


def boots() -> Iterator[Refusal]:
    """Lists of boots."""
    one = "b0" * 8
    yield "no boot", b"\0", "at least one"
    yield "65 boots", bytes.fromhex("41" + f"{one} 01 00 00 00" * 65), "at most 64"
    yield "boot number 0", bytes.fromhex(f"01 {one} 00 00 00 00"), "boots are numbered from 1"
    yield "last before first", bytes.fromhex(f"01 {one} 01 02 01 00"), "last is not before first"
    yield "clock source 9", bytes.fromhex(f"01 {one} 01 00 00 09 00 01 00"), "not a clock source"
    yield "a fix at UTC 0", bytes.fromhex(f"01 {one} 01 00 00 08 00 00 00"), "a fix says a time"
    yield "a byte too many", bytes.fromhex(f"01 {one} 01 00 00 00 00"), "nothing follows"


def requests() -> Iterator[Refusal]:
    """Time requests."""
    yield "too short", bytes(16), "the time is missing"
    yield "too long", bytes(18), "nothing follows"


def _down(sections: str, version: str = "01", purpose: str = "01", site: str = "02 6131") -> bytes:
    body = f"{version} {purpose} {site} {'d0' * 8} {'57' * 16} 01 01 {sections}"
    return bytes.fromhex(f"{body} {'6b' * 8} {'51' * 64}")


def downs() -> Iterator[Refusal]:
    """Messages to a device; they are refused before anybody looks at their signatures."""

    def ledger(upto: str, hash_byte: str, disputed: str) -> bytes:
        body = bytes.fromhex(f"{'10' * 16} 00 {upto} {hash_byte * 32} 00 00 00 00 00 {disputed} 00")
        return _down(f"01 02 {sized(body)}")

    yield "nothing", b"", "a message is signed"
    yield "a signature only", bytes(72), "a message is signed"
    yield "above 8 KiB", _down(f"01 c8 {sized(bytes(8086))}"), "at most 8,192 bytes"
    yield "version 2", _down("00", version="02"), "not a version of this page"
    yield "purpose 3", _down("00", purpose="03"), "not a purpose of this version"
    yield "a site in capitals", _down("00", site="02 4131"), "a site is [a-z0-9-]{2,24}"
    yield "65 sections", _down("41" + "c8 00" * 65), "at most 64 sections"
    yield "a byte behind the sections", _down("00 00"), "nothing follows"
    yield "a section cut off", _down("01 c8 05 00"), "the body is announced longer"
    yield "17 ranges", _down("01 01 24 00 11" + "01 01" * 17 + "00"), "at most 16 ranges"
    yield "a gap of 0", _down("01 01 05 00 01 00 01 00"), "ranges do not touch"
    yield "a range of length 0", _down("01 01 05 00 01 01 00 00"), "length is at least 1"
    yield "a range above 2^63", _down(f"01 01 0d 00 01 {NINES}7f 01 00"), "row numbers stay below 2^63"
    yield "refused rows from 0", _down("01 01 05 00 00 01 00 01"), "rows are numbered from 1"
    yield "a hash of record 0", ledger("00", "a5", "00"), "upto 0 carries no hash"
    yield "no hash of record 1", ledger("01", "00", "00"), "upto 1 carries a hash"
    yield "record 0 disputed", ledger("00", "00", "01 00"), "records are numbered from 1"
    yield "a time answer of 0", _down(f"01 03 12 {'0e' * 8} {'b0' * 8} 05 00"), "UTC is at least 1"
    yield "17 schemas wanted", _down("01 04 8901 11" + "5c" * 136), "at most 16"
    yield "a key too short", _down(f"01 05 3f {'4b' * 63}"), "two keys of 32 bytes"
    yield "no frame in flight", _down("01 06 02 00 00"), "at least 1"
    yield "a byte behind a section", _down("01 07 03 00 00 00"), "nothing follows"


FILES = {
    "frames": frames,
    "schemas": schemas,
    "blocks": blocks,
    "ledger": ledger,
    "boots": boots,
    "requests": requests,
    "down": downs,
}
