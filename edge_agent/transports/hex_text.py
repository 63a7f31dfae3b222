"""Captures that people keep as text: hexadecimal pairs between arrows, colons and spaces. Knows no protocol."""

from __future__ import annotations

import re

_LOOKS = re.compile(rb"[0-9A-Fa-f:<> \t\r\n]+")
_LOOK_AT = 32
_HEX = frozenset(b"0123456789ABCDEFabcdef")


class HexText:
    """Gives a stream's bytes: as they are, or spelled out if the stream begins like a text of hexadecimal pairs."""

    def __init__(self) -> None:
        self._is_text: bool | None = None
        self._digit = b""

    def feed(self, raw: bytes) -> bytes:
        """The bytes meant by these."""
        if self._is_text is None and raw:
            self._is_text = len(raw) > 1 and _LOOKS.fullmatch(raw[:_LOOK_AT]) is not None
        if not self._is_text:
            return raw
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
