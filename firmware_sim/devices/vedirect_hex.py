"""VE.Direct HEX framing: building, cutting and checking messages; must not know what a register means."""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

CHECK_SUM = 0x55
"""Command nibble plus all bytes, checksum byte included, modulo 256."""
_MAX_MESSAGE = 80  # 34 bytes of payload are 68 digits; command, register, flags and checksum come on top
_DIGITS = frozenset(b"0123456789ABCDEFabcdef")


class Command(IntEnum):
    """First digit of a request."""

    PING = 1
    APP_VERSION = 3
    PRODUCT_ID = 4
    RESTART = 6
    GET = 7
    SET = 8


class Answer(IntEnum):
    """First digit of what the device says; GET and SET answer under their own number."""

    DONE = 1
    UNKNOWN = 3
    ERROR = 4
    PING = 5
    GET = 7
    SET = 8
    ASYNC = 0xA


class Flags(IntEnum):
    """Third byte of an answer to GET and SET."""

    OK = 0
    UNKNOWN_ID = 1
    NOT_SUPPORTED = 2
    PARAMETER_ERROR = 4


FRAME_ERROR = b":4AAAAFD\n"
"""What a device answers to a message whose checksum is wrong."""


def build_message(command: int, payload: bytes = b"") -> bytes:
    """A whole message from `:` to LF."""
    check = (CHECK_SUM - command - sum(payload)) & 0xFF
    return b":%X%s%02X\n" % (command, payload.hex().upper().encode("ascii"), check)


def register_payload(register: int, flags: int, value: bytes = b"") -> bytes:
    """Register little-endian, flags, value: the body of GET, SET and ASYNC."""
    return struct.pack("<HB", register, flags) + value


class Message(NamedTuple):
    """A request as it arrived; `valid` says whether its checksum fits."""

    command: int
    payload: bytes
    valid: bool


class HexCutter:
    """Cuts messages out of the bytes a host writes; anything that is not one is skipped."""

    def __init__(self) -> None:
        self._digits: bytearray | None = None

    def feed(self, received: bytes) -> list[Message]:
        messages: list[Message] = []
        for byte in received:
            if byte == 0x3A:
                self._digits = bytearray()
            elif self._digits is None or byte == 0x0D:
                continue
            elif byte == 0x0A:
                message = _parse(bytes(self._digits))
                self._digits = None
                if message is not None:
                    messages.append(message)
            elif byte in _DIGITS and len(self._digits) < _MAX_MESSAGE:
                self._digits.append(byte)
            else:
                self._digits = None
        return messages


def _parse(digits: bytes) -> Message | None:
    if len(digits) < 3 or len(digits) % 2 == 0:  # one command digit, then whole bytes
        return None
    command = int(digits[:1], 16)
    body = bytes.fromhex(digits[1:].decode("ascii"))
    return Message(command, body[:-1], (command + sum(body)) & 0xFF == CHECK_SUM)
