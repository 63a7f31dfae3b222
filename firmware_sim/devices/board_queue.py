"""The board's non-volatile queue of frames that wait for an acknowledgement; knows no serial line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from firmware_sim.states import State, integer, items

CAPACITY = 64


@dataclass(slots=True)
class Waiting:
    """One PRESS, OPEN or CLOSE under the name it keeps for ever."""

    kind: str
    boot_id: str
    """Of the power-up under which it happened."""
    number: int
    """Press or session number."""
    fields: list[str | int]
    """What stands between the number and `age_ms`."""
    happened_ms: int | None
    """None: during an earlier power-up, so its age is unknown."""
    seq: int | None = None
    """None: not sent since this power-up."""
    sent_ms: int = 0


class BoardQueue:
    """At most 64 frames, oldest first; a press is worth more than a session."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self.frames_dropped = 0
        """OPEN and CLOSE frames that found no room, lifetime."""

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(self._waiting)

    @property
    def full_of_presses(self) -> bool:
        """No further press can be taken."""
        return len(self._waiting) >= CAPACITY and all(frame.kind == "PRESS" for frame in self._waiting)

    def add(self, frame: Waiting) -> bool:
        """Whether it was stored; a press evicts the oldest OPEN or CLOSE when there is no room."""
        if len(self._waiting) >= CAPACITY and not self._make_room(frame.kind):
            return False
        self._waiting.append(frame)
        return True

    def _make_room(self, kind: str) -> bool:
        if kind != "PRESS":
            self.frames_dropped += 1
            return False
        for index, frame in enumerate(self._waiting):
            if frame.kind != "PRESS":
                del self._waiting[index]
                self.frames_dropped += 1
                return True
        return False

    def remove(self, kind: str, boot_id: str, number: int) -> None:
        """Acknowledged; a name that is not waiting changes nothing."""
        name = (kind, boot_id, number)
        self._waiting = [frame for frame in self._waiting if (frame.kind, frame.boot_id, frame.number) != name]

    def power_lost(self) -> None:
        """The board has no clock: how long it was off is unknown, so is every age; and all is to be sent afresh."""
        for frame in self._waiting:
            frame.happened_ms = None
            frame.seq = None

    def to_state(self) -> State:
        return {"waiting": [asdict(frame) for frame in self._waiting], "frames_dropped": self.frames_dropped}

    def load_state(self, state: State) -> None:
        self._waiting = [Waiting(**frame) for frame in items(state, "waiting")]
        self.frames_dropped = integer(state, "frames_dropped")
