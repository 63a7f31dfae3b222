"""JBD/LLT battery management: frames on its UART. Knows no register's meaning.

DD, then register, status, length, content, checksum, 77; checksum = 0x10000 minus the sum from status through content.
A request has A5 (read) in the register's place and the register in the status's, so it is a frame of the same form:
on a line that echoes, it comes back.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.transports.bms_frames import BmsParser

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


class JbdParser(BmsParser[JbdReply]):
    """Of one line."""

    start, head_bytes = START, _HEAD

    def _size(self, head: bytearray) -> int:
        begins = head[3] <= CONTENT_MAX and (head[1] in (READ, WRITE) or head[2] in STATUSES)
        return _HEAD + head[3] + _TAIL if begins else 0

    def _is_sound(self, frame: bytes) -> bool:
        return frame[-1] == END and frame[-3:-1] == _checksum(frame[2:-3])

    def _reply(self, frame: bytes) -> JbdReply | None:
        return None if frame[1] in (READ, WRITE) else JbdReply(frame[1], frame[2], frame[_HEAD:-_TAIL])


def read_request(register: int) -> bytes:
    """The question for a register; nothing is ever written to one."""
    return bytes((START, READ, register, 0)) + _checksum(bytes((register, 0))) + bytes((END,))


def _checksum(counted: bytes) -> bytes:
    return (-sum(counted) & 0xFFFF).to_bytes(2, "big")
