"""Holes in a log as ranges of numbers: which the head may pass, what is left of one. Pure; knows no record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]
"""(first, last), both included."""


def expected(head: int, holes: Iterable[Span]) -> int:
    """The number that would move the head: the next one, or the one behind the holes that begin there."""
    following = head + 1
    for first, last in sorted(holes):
        if first <= following <= last:
            following = last + 1
    return following


def containing(seq: int, holes: Iterable[Span]) -> Span | None:
    """The hole that a number lies in."""
    return next((hole for hole in holes if hole[0] <= seq <= hole[1]), None)


def without(hole: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of a hole where these spans are not part of it."""
    left = [hole]
    for first, last in taken:
        cut: list[Span] = []
        for start, end in left:
            if last < start or first > end:
                cut.append((start, end))
                continue
            if start < first:
                cut.append((start, first - 1))
            if last < end:
                cut.append((last + 1, end))
        left = cut
    return left


def single(seqs: Sequence[int]) -> list[Span]:
    """Numbers as spans of one."""
    return [(seq, seq) for seq in seqs]
