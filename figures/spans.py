"""Arithmetic of time spans [start, end) in milliseconds. Knows nothing of what fills them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

Span = tuple[int, int]


def merge(spans: Iterable[Span]) -> list[Span]:
    """The union, as spans that neither touch nor overlap, in order; empty and backward ones are left out."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def clip(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """What of the spans lies in [start, end)."""
    cut = ((max(start, first), min(end, last)) for first, last in spans)
    return [span for span in cut if span[0] < span[1]]


def subtract(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """What of the spans is in none of `taken`."""
    left: list[Span] = []
    cuts = merge(taken)
    for start, end in merge(spans):
        at = start
        for first, last in cuts:
            if last <= at:
                continue
            if first >= end:
                break
            if first > at:
                left.append((at, first))
            at = max(at, last)
        if at < end:
            left.append((at, end))
    return left


def overlaps(spans: Iterable[Span]) -> list[Span]:
    """Where two or more of the spans lie over each other."""
    found: list[Span] = []
    reach: int | None = None
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if reach is not None and start < reach:
            found.append((start, min(end, reach)))
        reach = end if reach is None else max(reach, end)
    return merge(found)


def length(spans: Iterable[Span]) -> int:
    """Milliseconds in all; the spans must not overlap."""
    return sum(end - start for start, end in spans)


def between_readings(times_ms: Sequence[int], gap_limit_ms: int) -> list[Span]:
    """The time that readings vouch for: from each to the next where they are at most `gap_limit_ms` apart."""
    found: list[Span] = []
    if not times_ms:
        return found
    start = times_ms[0]
    for before, after in pairwise(times_ms):
        if after - before > gap_limit_ms:
            found.append((start, before))
            start = after
    found.append((start, times_ms[-1]))
    return [span for span in found if span[0] < span[1]]


def permille(part: int, whole: int) -> int | None:
    """Share in thousandths, rounded to the nearest, never more than 1000; None of nothing."""
    if whole <= 0:
        return None
    return min(1000, (part * 2000 + whole) // (2 * whole))
