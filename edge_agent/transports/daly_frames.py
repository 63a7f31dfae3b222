"""Daly battery management: the 13-byte frames of its UART (A5). Knows no command's meaning.

A5, address, command, 08, eight bytes, sum of the twelve modulo 256. The BMS answers under address 01; a host writes
under 40 (some under 80).
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.transports.bms_frames import BmsParser

START, BMS, CONTENT_BYTES = 0xA5, 0x01, 0x08
HOST = 0x40
HOSTS = (HOST, 0x80)
FRAME_BYTES = 13
COMMANDS = range(0x90, 0x99)
"""What can be asked; a sum of one byte is weak, so nothing else is taken for a frame."""


@dataclass(frozen=True, slots=True)
class DalyReply:
    """A reply whose sum was right."""

    command: int
    content: bytes
    """Eight bytes."""


class DalyParser(BmsParser[DalyReply]):
    """Of one line."""

    start, head_bytes = START, FRAME_BYTES

    def _size(self, head: bytearray) -> int:  # noqa: ARG002 - all are of one length
        return FRAME_BYTES

    def _is_sound(self, frame: bytes) -> bool:
        return (
            frame[3] == CONTENT_BYTES
            and (frame[1] == BMS or frame[1] in HOSTS)
            and frame[2] in COMMANDS
            and sum(frame[:-1]) & 0xFF == frame[-1]
        )

    def _reply(self, frame: bytes) -> DalyReply | None:
        return DalyReply(frame[2], frame[4:-1]) if frame[1] == BMS else None


def read_request(command: int, host: int = HOST) -> bytes:
    """The question for one of COMMANDS; none of them changes anything."""
    if command not in COMMANDS:
        raise ValueError(f"command 0x{command:02X} is no question")
    body = bytes((START, host, command, CONTENT_BYTES)) + bytes(CONTENT_BYTES)
    return body + bytes((sum(body) & 0xFF,))
