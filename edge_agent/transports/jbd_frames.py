"""JBD/LLT battery management: frames on its UART. Knows no register's meaning.

DD, then register, status, length, content, checksum, 77; checksum = 0x10000 minus the sum from status through content.
A request has A5 (read) in the register's place and the register in the status's, so it is a frame of the same form:
on a line that echoes, it comes back. The result depends on the bytes alone, never on how they were cut into pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

START, END = 0xDD, 0x77
READ, WRITE = 0xA5, 0x5A
OK, REFUSED = STATUSES = (0x00, 0x80)
CONTENT_MAX = 96
"""32 cells take 64 bytes; what announces more is noise, and would hide what follows it."""
_HEAD, _TAIL = 4, 3
FRAME_MAX = _HEAD + CONTENT_MAX + _TAIL


@dataclass(frozen=True, slots=True)
class JbdReply:
    """A reply whose checksum was right."""

    register: int
    status: int
    """OK or REFUSED."""
    content: bytes


class JbdParser:
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

    def feed(self, raw: bytes) -> list[JbdReply]:
        """The replies that these bytes complete."""
        held = self._held
        held += raw
        found: list[JbdReply] = []
        at = held.find(START)
        while at >= 0 and at + _HEAD <= len(held):
            end = at + _HEAD + held[at + 3] + _TAIL
            begins = _begins(held[at : at + _HEAD])
            if begins and end > len(held):
                break
            if begins and _is_sound(held[at:end]):
                self._accept(bytes(held[at:end]), found)
                at = held.find(START, end)
            else:
                self.bad += 1
                at = held.find(START, at + 1)
        del held[: len(held) if at < 0 else at]
        return found

    def _accept(self, frame: bytes, found: list[JbdReply]) -> None:
        if frame[1] in (READ, WRITE):
            self.echoed += 1
            return
        self.good += 1
        found.append(JbdReply(frame[1], frame[2], frame[_HEAD:-_TAIL]))


def read_request(register: int) -> bytes:
    """The question for a register; nothing is ever written to one."""
    return bytes((START, READ, register, 0)) + _checksum(bytes((register, 0))) + bytes((END,))


def _begins(head: bytes | bytearray) -> bool:
    return head[3] <= CONTENT_MAX and (head[1] in (READ, WRITE) or head[2] in STATUSES)


def _is_sound(frame: bytes | bytearray) -> bool:
    return frame[-1] == END and frame[-3:-1] == _checksum(frame[2:-3])


def _checksum(counted: bytes | bytearray) -> bytes:
    return (-sum(counted) & 0xFFFF).to_bytes(2, "big")
