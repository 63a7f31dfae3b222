"""The charging board's frames as typed fields (docs/charging-board.md, section 3). Knows no line and no queue."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

from edge_agent.drivers.base import AGE_UNKNOWN, Event, PortClosed, PortOpened, Press
from edge_agent.transports.board_line import BoardFrame

FieldValue = str | int
Name = tuple[str, str, int]
"""(TYPE, board_boot_id, number): what an acknowledgement names."""

_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)
_BITMAP = re.compile(r"0|[1-9a-f][0-9a-f]{0,7}", re.ASCII)
_BUTTON = re.compile(r"[A-H]", re.ASCII)
_FIRMWARE_MAX = 16


class Impossible(ValueError):
    """A frame with the right CRC whose fields cannot be: ignore and count it."""


def _matching(pattern: re.Pattern[str]) -> Callable[[str], FieldValue]:
    def read(text: str) -> FieldValue:
        if not pattern.fullmatch(text):
            raise Impossible(text)
        return text

    return read


def _number(low: int = 0, high: int = 10**15) -> Callable[[str], FieldValue]:
    def read(text: str) -> FieldValue:
        if not _NUMBER.fullmatch(text) or not low <= int(text) <= high:
            raise Impossible(text)
        return int(text)

    return read


def _age(text: str) -> FieldValue:
    return AGE_UNKNOWN if text == "-1" else _number()(text)


def _firmware(text: str) -> FieldValue:
    if len(text) > _FIRMWARE_MAX:
        raise Impossible(text)
    return text


def _bitmap(text: str) -> FieldValue:
    if not _BITMAP.fullmatch(text):
        raise Impossible(text)
    return int(text, 16)


_READ: dict[str, Callable[[str], FieldValue]] = {
    "board_id": _matching(_ID),
    "board_boot_id": _matching(_ID),
    "firmware": _firmware,
    "ports": _number(1, 32),
    "buttons": _number(1, 8),
    "uptime_ms": _number(),
    "queued": _number(0, 64),
    "press_number": _number(1),
    "session_number": _number(1),
    "button": _matching(_BUTTON),
    "port": _number(1, 32),
    "age_ms": _age,
    "duration_s": _number(),
    "energy_mwh": _number(),
    "energy_total_wh": _number(),
    "power_mw": _number(),
    "ports_in_use": _bitmap,
    "sessions_total": _number(),
    "presses_not_taken": _number(),
    "frames_dropped": _number(),
}

FRAMES: dict[str, tuple[str, ...]] = {
    "HELLO": ("board_id", "board_boot_id", "firmware", "ports", "buttons", "uptime_ms", "queued"),
    "PRESS": ("board_boot_id", "press_number", "button", "age_ms"),
    "OPEN": ("board_boot_id", "session_number", "port", "age_ms"),
    "CLOSE": ("board_boot_id", "session_number", "port", "duration_s", "energy_mwh", "age_ms"),
    "METER": (
        "board_boot_id",
        "energy_total_wh",
        "power_mw",
        "ports_in_use",
        "sessions_total",
        "presses_not_taken",
        "frames_dropped",
        "queued",
    ),
}
"""TYPE -> its fields in order; a later firmware may append more."""


class Fields:
    """A frame's fields by name, each of its type."""

    def __init__(self, frame: BoardFrame) -> None:
        """Raises Impossible for too few fields or a value that cannot be."""
        names = FRAMES[frame.kind]
        if len(frame.fields) < len(names):
            raise Impossible(f"{frame.kind} has {len(names)} fields, not {len(frame.fields)}")
        self.values = {name: _READ[name](text) for name, text in zip(names, frame.fields, strict=False)}

    def number(self, name: str) -> int:
        """A field that is a number."""
        return int(self.values[name])

    def text(self, name: str) -> str:
        """A field that is an id or a letter."""
        return str(self.values[name])


def event_of(kind: str, fields: Fields, board_id: str) -> Event:
    """What a PRESS, OPEN or CLOSE reports."""
    boot, age_ms = fields.text("board_boot_id"), fields.number("age_ms")
    if kind == "PRESS":
        number = fields.number("press_number")
        return Press(press_id(board_id, boot, number), fields.text("button"), age_ms, boot, number)
    session, port = fields.number("session_number"), fields.number("port")
    if kind == "OPEN":
        return PortOpened(session, port, age_ms, boot)
    return PortClosed(session, port, fields.number("duration_s"), fields.number("energy_mwh"), age_ms, boot)


def name_of(event: Event) -> Name:
    """How the board knows an event."""
    if isinstance(event, Press):
        return ("PRESS", event.board_boot, event.board_press)
    return ("OPEN" if isinstance(event, PortOpened) else "CLOSE", event.board_boot, event.session)


def press_id(board_id: str, board_boot: str, press_number: int) -> str:
    """First 16 bytes of SHA-256 over `<board_id>:<board_boot_id>:<press_number>`: the press's name for ever."""
    return hashlib.sha256(f"{board_id}:{board_boot}:{press_number}".encode("ascii")).digest()[:16].hex()
