"""Daly battery management: the 13-byte frames of its UART (A5). Knows no command's meaning.

A5, address, command, 08, eight bytes, sum of the twelve modulo 256. The BMS answers under address 01; a host writes
under 40 (some under 80). The result depends on the bytes alone, never on how they were cut into pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

START, BMS, CONTENT_BYTES = 0xA5, 0x01, 0x08
HOSTS = HOST, OTHER_HOST = 0x40, 0x80
FRAME_BYTES = 13
COMMANDS = range(0x90, 0x99)
"""What can be asked; a sum of one byte is weak, so nothing else is taken for a frame."""


@dataclass(frozen=True, slots=True)
class DalyReply:
    """A reply whose sum was right."""

    command: int
    content: bytes
    """Eight bytes."""


class DalyParser:
    """Takes bytes as they come, keeps at most one unfinished frame."""

    def __init__(self) -> None:
        self.good = 0
        """Replies accepted."""
        self.bad = 0
        """What began like a frame and was none."""
        self.echoed = 0
        """Requests seen: our own, come back, or another host's."""
        self._held = bytearray()

    def reset(self) -> None:
        """Forget what is unfinished: no more of it will come."""
        self._held.clear()

    def feed(self, raw: bytes) -> list[DalyReply]:
        """The replies that these bytes complete."""
        held = self._held
        held += raw
        found: list[DalyReply] = []
        at = held.find(START)
        while 0 <= at <= len(held) - FRAME_BYTES:
            frame = bytes(held[at : at + FRAME_BYTES])
            if _is_sound(frame):
                self._accept(frame, found)
                at = held.find(START, at + FRAME_BYTES)
            else:
                self.bad += 1
                at = held.find(START, at + 1)
        del held[: len(held) if at < 0 else at]
        return found

    def _accept(self, frame: bytes, found: list[DalyReply]) -> None:
        if frame[1] != BMS:
            self.echoed += 1
            return
        self.good += 1
        found.append(DalyReply(frame[2], frame[4:-1]))


def read_request(command: int, host: int = HOST) -> bytes:
    """The question for one of COMMANDS; none of them changes anything."""
    if command not in COMMANDS:
        raise ValueError(f"command 0x{command:02X} is no question")
    body = bytes((START, host, command, CONTENT_BYTES)) + bytes(CONTENT_BYTES)
    return body + bytes((sum(body) & 0xFF,))


def _is_sound(frame: bytes) -> bool:
    return (
        frame[3] == CONTENT_BYTES
        and (frame[1] == BMS or frame[1] in HOSTS)
        and frame[2] in COMMANDS
        and sum(frame[:-1]) & 0xFF == frame[-1]
    )
