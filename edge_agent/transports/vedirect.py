"""VE.Direct framing: text blocks and HEX messages out of a byte stream. Knows no label's meaning and no register's.

From the vendor's text, VE.Direct Protocol 3.29, and its FAQ. Text: fields of CR LF, label, TAB, value; a block ends
with the label Checksum and one raw byte, which makes the sum of all its bytes 0 modulo 256, the leading CR LF counted.
HEX: a colon begins a message and LF ends it; one may cut into a text block anywhere and is outside the text's sum. The
raw byte after `Checksum TAB` begins no message, even if it is a colon.

The result depends on the bytes alone, never on how they were cut into pieces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LABEL_MAX = 9
VALUE_MAX = 33
"""The vendor's buffer sizes, which include a terminator; taken whole, to be no stricter than any device."""
FIELDS_MAX = 32
"""The protocol says 22 (18 before 3.28); there is room for a later one."""
BLOCK_MAX = (FIELDS_MAX + 1) * (2 + LABEL_MAX + 1 + VALUE_MAX)
"""Bytes of a block with its HEX messages taken out; longer ones are refused without being kept."""
HEX_MAX = 96
"""Digits of a HEX message; 34 bytes of payload need 78 of them."""

GAP_MS = 500
"""A device sends a block without a pause: after a longer one, what is unfinished will never be finished."""

_PIECE = 512
"""Bytes looked at in one go; about two blocks, so that a long input is not copied again for each block."""
_START = b"\r\n"
_END = b"\r\nChecksum\t"
_COLON = b":"
_LF = 0x0A
_DIGITS = re.compile(rb"[0-9A-Fa-f]*")
_HEX_SUM = 0x55


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A block whose sum was right."""

    fields: dict[str, str]
    """Label -> value as sent, in the order sent, without the checksum."""


@dataclass(frozen=True, slots=True)
class HexMessage:
    """A HEX message whose sum was right."""

    command: int
    """The first digit: 0xA is a message that the device sent unasked."""
    payload: bytes
    """The bytes between command and checksum."""


class VeDirectParser:
    """Takes bytes as they come, keeps at most one unfinished block."""

    def __init__(self) -> None:
        self.good = 0
        """Text blocks accepted."""
        self.bad = 0
        """Text blocks that came to their checksum and were refused: wrong sum, wrong form, or beyond the sizes."""
        self.hex = 0
        """HEX messages accepted."""
        self.hex_bad = 0
        """HEX messages that broke off or whose sum is wrong."""
        self._text = bytearray()
        """The block so far, from its CR LF; before one has begun, at most a CR."""
        self._searched = 0
        """Up to here `_text` is known to hold no beginning of an end."""
        self._begun = False
        self._spoiled = False
        """The block is beyond BLOCK_MAX: only its end is of interest."""
        self._at_checksum = False
        """The next byte is the checksum, whatever it is."""
        self._message: bytearray | None = None
        """The HEX digits so far; None outside a message."""
        self._last_ms: int | None = None

    def reset(self) -> None:
        """Forget what is unfinished: the line was silent, or is another one."""
        self._message = None
        self._next_block()

    def feed_at(self, raw: bytes, now_ms: int) -> list[TextBlock | HexMessage]:
        """As `feed`, for bytes of a live line: forgets what was unfinished before a pause of more than GAP_MS."""
        if not raw:
            return []
        if self._last_ms is not None and now_ms - self._last_ms > GAP_MS:
            self.reset()
        self._last_ms = now_ms
        return self.feed(raw)

    def feed(self, raw: bytes) -> list[TextBlock | HexMessage]:
        """What these bytes complete."""
        found: list[TextBlock | HexMessage] = []
        at = 0
        while at < len(raw):
            if self._at_checksum:
                self._finish_block(raw[at], found)
                at += 1
            elif self._message is not None:
                at = self._feed_hex(raw, at, self._message, found)
            elif raw[at] == _COLON[0]:
                self._message = bytearray()
                at += 1
            elif self._begun:
                at = self._feed_text(raw, at)
            else:
                at = self._feed_idle(raw, at)
        return found

    def _feed_text(self, raw: bytes, at: int) -> int:
        """Take text up to the next colon or the end of the block's last label; returns where it stopped."""
        stop = _text_end(raw, at)
        text = self._text
        before = len(text)
        # The end may begin in what an earlier piece or the bytes before a HEX message left here.
        text += raw[at:stop]
        end = text.find(_END, self._searched)
        if end >= 0:
            stop = at + end + len(_END) - before
            del text[end + len(_END) :]
            self._at_checksum = True
        else:
            self._searched = max(0, len(text) - len(_END) + 1)
        if len(text) >= BLOCK_MAX:
            self._spoil()
        return stop

    def _feed_idle(self, raw: bytes, at: int) -> int:
        """Skip to the CR LF that begins a block; it may be split by the end of a piece or by a HEX message."""
        if self._text:
            if raw[at] == _LF:
                self._begin()
                return at + 1
            self._text.clear()
        stop = _text_end(raw, at)
        start = raw.find(_START, at, stop)
        if start >= 0:
            self._begin()
            return start + len(_START)
        if raw[stop - 1] == _START[0]:
            self._text += _START[:1]
        return stop

    def _begin(self) -> None:
        self._text[:] = _START
        self._begun = True

    def _spoil(self) -> None:
        self._spoiled = True
        del self._text[: -len(_END)]
        self._searched = 0

    def _finish_block(self, checksum: int, found: list[TextBlock | HexMessage]) -> None:
        fields = None
        if not self._spoiled and (sum(self._text) + checksum) & 0xFF == 0:
            fields = _fields(bytes(self._text[len(_START) : -len(_END)]))
        if fields is None:
            self.bad += 1
        else:
            self.good += 1
            found.append(TextBlock(fields))
        self._next_block()

    def _next_block(self) -> None:
        self._text.clear()
        self._searched = 0
        self._begun = self._spoiled = self._at_checksum = False

    def _feed_hex(self, raw: bytes, at: int, message: bytearray, found: list[TextBlock | HexMessage]) -> int:
        """Take digits; what is neither a digit nor LF ends the message and is looked at again, as text."""
        digits = _DIGITS.match(raw, at, at + HEX_MAX - len(message))
        stop = at if digits is None else digits.end()
        message += raw[at:stop]
        if stop == len(raw):
            return stop
        self._message = None
        accepted = _hex_message(message.decode("ascii")) if raw[stop] == _LF else None
        if accepted is None:
            self.hex_bad += 1
        else:
            self.hex += 1
            found.append(accepted)
        return stop + 1 if raw[stop] == _LF else stop


def hex_request(command: int, payload: bytes) -> bytes:
    """A HEX message as a host writes it. Registers are read by command 7; nothing here is meant to change one."""
    check = (_HEX_SUM - command - sum(payload)) & 0xFF
    return b":%X%s%02X\n" % (command, payload.hex().upper().encode("ascii"), check)


def _text_end(raw: bytes, at: int) -> int:
    """Where the text that begins here must be looked at again: at a colon, or after a piece."""
    piece = min(len(raw), at + _PIECE)
    colon = raw.find(_COLON, at, piece)
    return piece if colon < 0 else colon


def _fields(text: bytes) -> dict[str, str] | None:
    """The fields between the first CR LF and the one before Checksum; None if they are not of the protocol's form."""
    if not text.isascii():
        return None
    lines = text.decode("ascii").split("\r\n")
    try:
        fields = dict([line.split("\t") for line in lines])
    except ValueError:
        return None
    if len(fields) != len(lines) or len(fields) > FIELDS_MAX:
        # A label twice: bytes were lost and two blocks ran together, with a sum that is right by chance.
        return None
    if "" in fields or max(map(len, fields)) > LABEL_MAX or max(map(len, fields.values())) > VALUE_MAX:
        return None
    return fields


def _hex_message(digits: str) -> HexMessage | None:
    """Command digit, payload bytes, checksum byte: command and all bytes add up to 0x55 modulo 256."""
    if len(digits) % 2 == 0 or len(digits) < 3:
        return None
    command = int(digits[0], 16)
    body = bytes.fromhex(digits[1:])
    if (command + sum(body)) & 0xFF != _HEX_SUM:
        return None
    return HexMessage(command, body[:-1])
