"""Captures that people keep as text: hexadecimal pairs, alone or in a terminal's log. Knows no protocol.

Three forms, told apart by how the stream begins: bytes as they are; a text of pairs between arrows, colons and spaces;
a log whose lines have times, names and comments around the pairs.
"""

from __future__ import annotations

import re

_LOOKS = re.compile(rb"[0-9A-Fa-f:<> \t\r\n]+")
_PRINTABLE = re.compile(rb"[\x20-\x7e\t\r\n]+")
_LOOK_AT = 32
_LINE_MAX = 4_096
"""A longer line is no line of a log: what came of it is dropped."""
_HEX = frozenset(b"0123456789ABCDEFabcdef")

_PAIR = rb"(?:0x)?[0-9A-Fa-f]{2}"
_ONLY_PAIRS = re.compile(rb"[\s<>]*(%s(?:[ :,.-]*%s)*)[\s<>]*(?:\s{3}.*)?" % (_PAIR, _PAIR))
"""A line of nothing else, or with what the same bytes look like as characters behind a wide gap."""
_RUN = re.compile(
    rb"(?<![0-9A-Za-z])(?:%s)(?:(?P<sep>, |[ :,.-])%s)(?:(?P=sep)%s){2,}(?![0-9A-Za-z])" % (_PAIR, _PAIR, _PAIR)
)
"""Four pairs or more with one and the same sign between them: a time of day has three, a date's year no sign inside."""


class HexText:
    """Gives a stream's bytes: as they are, or spelled out if the stream is a text. A log's line counts once it ends."""

    def __init__(self) -> None:
        self._is_text: bool | None = None
        self._is_log = False
        self._digit = b""
        self._line = b""

    def feed(self, raw: bytes) -> bytes:
        """The bytes meant by these."""
        if self._is_text is None and raw:
            self._is_text = len(raw) > 1 and _LOOKS.fullmatch(raw[:_LOOK_AT]) is not None
            self._is_log = not self._is_text and _begins_a_log(raw[:_LOOK_AT])
        if self._is_log:
            return self._lines(raw)
        return self._pairs(raw) if self._is_text else raw

    def _pairs(self, raw: bytes) -> bytes:
        meant = bytearray()
        for byte in raw:
            if byte not in _HEX:
                self._digit = b""
            elif self._digit:
                meant.append(int(self._digit + bytes((byte,)), 16))
                self._digit = b""
            else:
                self._digit = bytes((byte,))
        return bytes(meant)

    def _lines(self, raw: bytes) -> bytes:
        *lines, self._line = (self._line + raw).split(b"\n")
        if len(self._line) > _LINE_MAX:
            self._line = b""
        return b"".join(_of_line(line) for line in lines if len(line) <= _LINE_MAX)


def _begins_a_log(raw: bytes) -> bool:
    """A few letters may be a name in the middle of a frame: a log shows a line's end, or has nothing else for long."""
    return _PRINTABLE.fullmatch(raw) is not None and (len(raw) == _LOOK_AT or b"\n" in raw)


def _of_line(line: bytes) -> bytes:
    """The bytes that a log's line spells; nothing for a line of words and times."""
    whole = _ONLY_PAIRS.fullmatch(line)
    said = whole[1] if whole else max((found[0] for found in _RUN.finditer(line)), key=len, default=b"")
    return bytes(int(pair[-2:], 16) for pair in re.findall(_PAIR, said))
