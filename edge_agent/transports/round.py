"""Questions asked one at a time, in rounds, never waiting: which one is due, which one is open. Knows no frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

PATIENCE_MS = 1_000
"""A reply of 40 bytes takes 42 ms at 9600 baud, and a BMS some 100 ms to begin it."""
TRIES = 2
"""A sleeping BMS wakes at the first question and answers the second."""


class Round:
    """All questions once, then a pause until the next round. A question is a small number: register or command."""

    def __init__(self, questions: Sequence[int], every_ms: int) -> None:
        self._questions = tuple(questions)
        self._every_ms = every_ms
        self._left: deque[int] = deque()
        self._open: int | None = None
        self._asked_ms = 0
        self._tries = 0
        self._heard = False
        """Something was answered in this round."""
        self._next_ms: int | None = None
        self.unanswered = 0
        """Questions given up."""

    def reset(self) -> None:
        """Begin anew: the line is another one."""
        self._left.clear()
        self._open = self._next_ms = None

    def answered(self, question: int) -> bool:
        """Whether this is the open question; it is closed then. What comes late or unasked is not believed."""
        if question != self._open:
            return False
        self._open, self._heard = None, True
        return True

    def due(self, now_ms: int) -> int | None:
        """The question to write now, if any. Look at what has arrived before: a reply may be older than this turn."""
        if self._open is not None:
            if now_ms - self._asked_ms < PATIENCE_MS:
                return None
            if self._tries < TRIES:
                return self._ask(self._open, now_ms)
            self._give_up()
        if not self._left:
            if self._next_ms is not None and now_ms < self._next_ms:
                return None
            self._next_ms = now_ms + self._every_ms
            self._left.extend(self._questions)
            self._heard = False
        self._tries = 0
        return self._ask(self._left.popleft(), now_ms)

    def _ask(self, question: int, now_ms: int) -> int:
        self._open, self._asked_ms = question, now_ms
        self._tries += 1
        return question

    def _give_up(self) -> None:
        """A device that answered nothing yet is off: its other questions wait for the next round."""
        self.unanswered += 1
        self._open = None
        if not self._heard:
            self._left.clear()
