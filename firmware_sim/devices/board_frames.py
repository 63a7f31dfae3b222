"""Lines of docs/charging-board.md: checksum, cutting, building; must not know what a frame means."""

from __future__ import annotations

from functools import lru_cache

MAX_LINE_BYTES = 120
"""Longest line, from `$` to LF inclusive."""


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_TABLE = _crc_table()


def crc16_modbus(content: bytes, start: int = 0xFFFF) -> int:
    """CRC-16/MODBUS: polynomial 0x8005 reflected, start 0xFFFF; "123456789" gives 0x4B37."""
    crc = start
    for byte in content:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


_crc_of_head = lru_cache(maxsize=128)(crc16_modbus)
"""A frame sent again differs in its last field only: a board that nobody answers would else spend its time here."""


def build_line(seq: int, kind: str, *fields: str | int) -> bytes:
    """One complete line; `fields` in the order of the page."""
    content = ",".join([str(seq), kind, *map(str, fields)]).encode("ascii")
    head, comma, last = content.rpartition(b",")
    line = b"$%b*%04X\r\n" % (content, crc16_modbus(last, _crc_of_head(head + comma)))
    if len(line) > MAX_LINE_BYTES:
        raise ValueError(f"{kind} of {len(line)} bytes, at most {MAX_LINE_BYTES} fit: shorten its fields")
    return line


class LineCutter:
    """Cuts arriving bytes into fields; resynchronises at `$` and counts what it had to throw away."""

    def __init__(self) -> None:
        self._partial: bytearray | None = None
        self.bad_lines = 0
        """Broken, overlong or wrongly summed lines since the start."""

    def feed(self, received: bytes) -> list[list[str]]:
        """Returns the fields (seq and type first) of each whole line with a right CRC."""
        lines: list[list[str]] = []
        for byte in received:
            if byte == 0x24:  # `$` is never inside a line, so it always starts one
                self._drop_partial()
                self._partial = bytearray()
            elif self._partial is None:
                continue  # noise between lines
            elif byte == 0x0A:
                self._finish(bytes(self._partial), lines)
                self._partial = None
            elif len(self._partial) >= MAX_LINE_BYTES - 2:
                self._drop_partial()
            else:
                self._partial.append(byte)
        return lines

    def _drop_partial(self) -> None:
        if self._partial is not None:
            self.bad_lines += 1
        self._partial = None

    def _finish(self, text: bytes, lines: list[list[str]]) -> None:
        if text.endswith(b"\r"):
            text = text[:-1]
        content, star, crc = text.rpartition(b"*")
        printable = all(0x20 <= byte <= 0x7E for byte in content)
        if not star or not printable or crc != b"%04X" % crc16_modbus(content):
            self.bad_lines += 1
            return
        lines.append(content.decode("ascii").split(","))
