"""Sets of row numbers as both ends keep them: everything up to a mark, and ranges above it. Knows no stream."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from kiosk.errors import WireError

RANGES_MAX = 16
"""So many ranges above the mark fit an acknowledgement."""

Range = tuple[int, int]
"""(first, count)"""


class RangeSet:
    """Row numbers from 1 on: all up to `upto`, and ranges above it that touch neither each other nor `upto`."""

    __slots__ = ("_ends", "_starts", "_upto")

    def __init__(self, upto: int = 0, ranges: Iterable[Range] = ()) -> None:
        if upto < 0:
            raise WireError(f"upto {upto} is below 0")
        self._upto = upto
        self._starts: list[int] = []
        self._ends: list[int] = []
        """Exclusive."""
        for first, count in ranges:
            self.add(first, count)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RangeSet) and (self.upto, self.ranges) == (other.upto, other.ranges)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"RangeSet({self._upto}, {list(self.ranges)})"

    @property
    def upto(self) -> int:
        """Every number from 1 to this is in the set; the next one is not."""
        return self._upto

    @property
    def ranges(self) -> tuple[Range, ...]:
        """What is above `upto`, rising."""
        return tuple((start, end - start) for start, end in zip(self._starts, self._ends, strict=True))

    @property
    def spans(self) -> int:
        """How many ranges are above `upto`."""
        return len(self._starts)

    def lowest(self, most: int = RANGES_MAX) -> tuple[Range, ...]:
        """The ranges that an acknowledgement has room for; those left out are acknowledged later."""
        return self.ranges[:most]

    def add(self, first: int, count: int) -> int:
        """Put `count` numbers from `first` on in; tells how many were not there before."""
        if first < 1 or count < 1:
            raise WireError(f"{count} rows from {first} are no range: both are at least 1")
        start, end = max(first, self._upto + 1), first + count
        if start >= end:
            return 0
        left = bisect_right(self._ends, start - 1)
        right = bisect_right(self._starts, end)
        known = sum(max(0, min(self._ends[at], end) - max(self._starts[at], start)) for at in range(left, right))
        added = end - start - known
        if left < right:
            start, end = min(start, self._starts[left]), max(end, self._ends[right - 1])
        self._starts[left:right] = [start]
        self._ends[left:right] = [end]
        self._close()
        return added

    def raise_upto(self, upto: int) -> int:
        """Give up everything at or below `upto`; tells how many numbers were not in the set."""
        return self.add(1, upto) if upto > self._upto else 0

    def merge(self, other: RangeSet) -> int:
        """Put all of another set in; tells how many numbers were not there before."""
        return self.raise_upto(other.upto) + sum(self.add(first, count) for first, count in other.ranges)

    def contains(self, number: int) -> bool:
        """Whether one number is in the set."""
        return 1 <= number <= self._upto or self._holds(number)

    def covers(self, first: int, count: int) -> bool:
        """Whether all of a range is in the set."""
        return not self.missing(first, count)

    def missing(self, first: int, count: int) -> tuple[Range, ...]:
        """The parts of a range that are not in the set, rising."""
        at, end = max(first, self._upto + 1, 1), first + count
        gaps: list[Range] = []
        for index in range(bisect_right(self._ends, at), len(self._starts)):
            if at >= end:
                break
            if self._starts[index] > at:
                gaps.append((at, min(self._starts[index], end) - at))
            at = max(at, self._ends[index])
        if at < end:
            gaps.append((at, end - at))
        return tuple(gaps)

    def _holds(self, number: int) -> bool:
        index = bisect_right(self._starts, number) - 1
        return index >= 0 and number < self._ends[index]

    def _close(self) -> None:
        """Move `upto` over a range that has come to touch it."""
        if self._starts and self._starts[0] <= self._upto + 1:
            self._upto = self._ends[0] - 1
            del self._starts[0], self._ends[0]
