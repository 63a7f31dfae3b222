"""Finding frames that begin with one byte and carry a sum, as battery managements speak. Knows no maker's form.

The result depends on the bytes alone, never on how they were cut into pieces.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

Reply = TypeVar("Reply")


class BmsParser(ABC, Generic[Reply]):
    """Takes bytes as they come, keeps at most one unfinished frame."""

    start: int
    """The byte that begins a frame."""
    head_bytes: int
    """So many tell how long a frame is."""

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

    def feed(self, raw: bytes) -> list[Reply]:
        """The replies that these bytes complete."""
        held = self._held
        held += raw
        found: list[Reply] = []
        at = held.find(self.start)
        while 0 <= at <= len(held) - self.head_bytes:
            end = at + self._size(held[at : at + self.head_bytes])
            if end > len(held):
                break
            frame = bytes(held[at:end])
            if frame and self._is_sound(frame):
                self._accept(frame, found)
                at = held.find(self.start, end)
            else:
                self.bad += 1
                # Noise may hide the beginning of a frame: only one byte of it is passed over.
                at = held.find(self.start, at + 1)
        del held[: len(held) if at < 0 else at]
        return found

    @abstractmethod
    def _size(self, head: bytearray) -> int:
        """Bytes of the frame that begins so; 0 if none begins so."""

    @abstractmethod
    def _is_sound(self, frame: bytes) -> bool:
        """Whether form and sum are right."""

    @abstractmethod
    def _reply(self, frame: bytes) -> Reply | None:
        """What a sound frame says; None for a request."""

    def _accept(self, frame: bytes, found: list[Reply]) -> None:
        reply = self._reply(frame)
        if reply is None:
            self.echoed += 1
        else:
            self.good += 1
            found.append(reply)
