"""What drivers of battery management share: a round of questions, and a reading of the newest answers. Knows no frame.

Each answer is one part of the reading; a reading exists while its first part is fresh, and carries no part older.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Generic

from edge_agent.drivers.base import WithoutEvents
from edge_agent.transports.base import Transport
from edge_agent.transports.bms_frames import BmsParser, Reply
from edge_agent.transports.round import Round
from kiosk.reading import Reading

EVERY_MS = 10_000
STALE_MS = 30_000
"""Three rounds without an answer."""


Field = tuple[int, str, str, int]
"""(offset, struct format, metric, multiplier) of one number in an answer."""


class Impossible(ValueError):
    """An answer with the right sum whose content cannot be: ignore and count it."""


class AskedDevice(WithoutEvents, ABC, Generic[Reply]):
    """One device that speaks when it is asked; needs a turn at least every second to be asked in time."""

    metrics: tuple[str, ...] = ()
    stale_ms = STALE_MS

    def __init__(self, device: str, line: Transport, parser: BmsParser[Reply], questions: Sequence[int]) -> None:
        """The answer to the first of `questions` makes a reading possible."""
        self._device = device
        self._line = line
        self._parser = parser
        self._first = questions[0]
        self._round = Round(questions, EVERY_MS)
        self._parts: dict[int, tuple[int, dict[str, int]]] = {}
        """Question -> when it was answered, what it said."""
        self._reading: Reading | None = None
        self._bytes = self._unasked = self._refused = 0

    def opened(self, now_ms: int) -> None:  # noqa: ARG002 - the first question is due at the first turn
        self._parser.reset()
        self._round.reset()
        self._parts.clear()
        self._reading = None

    def read(self, now_ms: int) -> Reading | None:
        raw = self._line.read()
        self._bytes += len(raw)
        for reply in self._parser.feed(raw):
            question, content = self._answer(reply)
            if not self._round.answered(question):
                self._unasked += 1
                continue
            try:
                self._parts[question] = now_ms, self._said(question, content)
            except Impossible:
                self._refused += 1
                continue
            self._reading = self._newest(now_ms)
        question_due = self._round.due(now_ms)
        if question_due is not None:
            # Another answer begins: what is half received belongs to none.
            self._parser.reset()
            self._line.write(self._request(question_due))
        return self._reading if self._is_fresh(self._first, now_ms) else None

    def counters(self) -> dict[str, int]:
        parser = self._parser
        return {
            "bytes": self._bytes,
            "good": parser.good,
            "bad": parser.bad,
            "echoed": parser.echoed,
            "unanswered": self._round.unanswered,
            "unasked": self._unasked,
            "refused": self._refused,
        }

    @abstractmethod
    def _answer(self, reply: Reply) -> tuple[int, bytes]:
        """The question that it answers, and its content."""

    @abstractmethod
    def _request(self, question: int) -> bytes:
        """The frame that asks it."""

    @abstractmethod
    def _said(self, question: int, content: bytes) -> dict[str, int]:
        """Metrics in their resolution. Raises Impossible."""

    def _serial(self) -> str:
        """What tells this device from another, "" if it does not say."""
        return ""

    def _newest(self, now_ms: int) -> Reading:
        values: dict[str, int] = {}
        for question, (_, said) in self._parts.items():
            if self._is_fresh(question, now_ms):
                values |= said
        return Reading(
            self._device, {metric: values[metric] for metric in self.metrics if metric in values}, self._serial()
        )

    def _is_fresh(self, question: int, now_ms: int) -> bool:
        return question in self._parts and now_ms - self._parts[question][0] <= STALE_MS


def unpacked(fields: Iterable[Field], content: bytes) -> dict[str, int]:
    """Metric -> integer in its resolution. The content is long enough for all of them."""
    return {
        metric: struct.unpack_from(layout, content, offset)[0] * multiplier
        for offset, layout, metric, multiplier in fields
    }
