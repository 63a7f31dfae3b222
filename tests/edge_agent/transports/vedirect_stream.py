"""VE.Direct bytes for tests, written from the vendor's rules apart from the parser; and a judge of what it took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edge_agent.transports.vedirect import HexMessage, TextBlock

CHARGER = (
    ("PID", "0xA05F"),
    ("FW", "161"),
    ("SER#", "HQ2132ABCDE"),
    ("V", "13240"),
    ("I", "2500"),
    ("VPV", "35110"),
    ("PPV", "41"),
    ("CS", "3"),
    ("MPPT", "2"),
    ("OR", "0x00000000"),
    ("ERR", "0"),
    ("LOAD", "ON"),
    ("IL", "300"),
    ("H19", "1234"),
    ("H20", "21"),
    ("H21", "98"),
    ("H22", "45"),
    ("H23", "112"),
    ("HSDS", "17"),
)


def text_block(fields: Iterable[tuple[str, str]]) -> bytes:
    """A block with the checksum byte that makes it right."""
    raw = b"".join(f"\r\n{label}\t{value}".encode("ascii") for label, value in fields) + b"\r\nChecksum\t"
    return raw + bytes((-sum(raw) % 256,))


def block_ending_with(checksum: int) -> tuple[bytes, dict[str, str]]:
    """A right block whose checksum byte is `checksum`, and its fields."""
    missing = (text_block((*CHARGER, ("X", "@@@@@")))[-1] - checksum) % 256
    filler = "".join(chr(0x40 + min(62, max(0, missing - 62 * place))) for place in range(5))
    fields = (*CHARGER, ("X", filler))
    raw = text_block(fields)
    assert raw[-1] == checksum
    return raw, dict(fields)


def hex_message(command: int, payload: bytes) -> bytes:
    """A HEX message with the checksum that makes it right."""
    check = (0x55 - command - sum(payload)) % 256
    return f":{command:X}{payload.hex().upper()}{check:02X}\n".encode("ascii")


def judge(found: Sequence[TextBlock | HexMessage], raw: bytes) -> None:
    """Every accepted block stands in the stream byte for byte, ended by the byte that its sum asks for."""
    plain = without_hex(raw)
    for each in found:
        if isinstance(each, TextBlock):
            spelled = text_block(each.fields.items())
            assert spelled in raw or spelled in plain, f"accepted, but not in the stream: {each}"


def without_hex(raw: bytes) -> bytes:
    """The stream without anything from a colon to the end of its hexadecimal digits, byte after byte."""
    plain = bytearray()
    at = 0
    while at < len(raw):
        if raw[at] == 0x3A and not plain.endswith(b"\r\nChecksum\t"):
            at += 1
            taken = 0
            while at < len(raw) and taken < 96 and chr(raw[at]) in "0123456789abcdefABCDEF":
                at += 1
                taken += 1
            if at < len(raw) and raw[at] == 0x0A:
                at += 1
        else:
            plain.append(raw[at])
            at += 1
    return bytes(plain)
