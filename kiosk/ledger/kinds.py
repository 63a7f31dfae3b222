"""Kinds of values in records, and the syntax of lists (docs/ledger-format.md, section 2). Knows no record type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kiosk.errors import LedgerError
from kiosk.ledger.canonical import INTEGER_LIMIT, Value

_WORD = re.compile(r"[A-Za-z0-9_-]{1,24}", re.ASCII)
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,15}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """What one field may hold."""

    says: str
    """What the value must be, in words for an error message."""
    holds: Callable[[Value], bool]
    blank: Value
    """What stands in a field that is not used."""


INTEGER = Kind("an integer", lambda value: type(value) is int, 0)
COUNT = Kind("an integer >= 0", lambda value: type(value) is int and value >= 0, 0)
POSITIVE = Kind("an integer > 0", lambda value: type(value) is int and value > 0, 0)


def pattern(says: str, expression: str) -> Kind:
    """A string that matches a regular expression as a whole."""
    match = re.compile(expression, re.ASCII).fullmatch
    return Kind(says, lambda value: type(value) is str and match(value) is not None, "")


def hexadecimal(digits: int) -> Kind:
    """Exactly so many lowercase hexadecimal digits."""
    return pattern(f"{digits} lowercase hexadecimal digits", f"[0-9a-f]{{{digits}}}")


def hexadecimal_or_empty(digits: int) -> Kind:
    """Exactly so many lowercase hexadecimal digits, or "" where there is none."""
    return pattern(f'{digits} lowercase hexadecimal digits or ""', f"([0-9a-f]{{{digits}}})?")


def text(characters: int) -> Kind:
    """A string of at most so many code points."""
    return Kind(
        f"a string of at most {characters} characters",
        lambda value: type(value) is str and len(value) <= characters,
        "",
    )


def choice(words: Iterable[str], blank: str = "") -> Kind:
    """One of a few words."""
    allowed = frozenset(words)
    return Kind(f"one of {' '.join(sorted(allowed))}", lambda value: value in allowed, blank)


def constant(only: int) -> Kind:
    """One integer and no other."""
    return Kind(f"{only}", lambda value: type(value) is int and value == only, only)


WORD = pattern("a word of 1 to 24 letters, digits, _ or -", _WORD.pattern)


def is_integer(part: str) -> bool:
    """Whether a part of a list is an integer in its one spelling, within the format's limits."""
    return _INTEGER.fullmatch(part) is not None and abs(int(part)) < INTEGER_LIMIT


def is_count(part: str) -> bool:
    """Whether a part of a list is an integer >= 0."""
    return is_integer(part) and part[0] != "-"


def is_positive(part: str) -> bool:
    """Whether a part of a list is an integer > 0."""
    return is_count(part) and part != "0"


def is_word(part: str) -> bool:
    """Whether a part of a list is a word."""
    return _WORD.fullmatch(part) is not None


def is_day(part: str) -> bool:
    """Whether a part of a list is YYYYMMDD with a month of 01 to 12 and a day of 01 to 31."""
    return _DAY.fullmatch(part) is not None


def parse_list(text: str, *, by_value: bool = False) -> list[tuple[str, ...]]:
    """The items of a list field, each as its parts; "" is no item.

    `by_value`: first parts are integers and sort by value; otherwise they are words and sort by code point.
    Raises LedgerError `value` on a part that is no word, a wrong order or a first part that is there twice.
    """
    if not text:
        return []
    items = [tuple(item.split(":")) for item in text.split(";")]
    _check_parts(items, by_value)
    firsts = _firsts(items, by_value)
    if any(earlier >= later for earlier, later in pairwise(firsts)):
        raise LedgerError("value", "a list must be sorted by its first parts, which must be distinct")
    return items


def format_list(items: Iterable[Sequence[Value]], *, by_value: bool = False) -> str:
    """The list field for items in any order; the inverse of parse_list. Raises LedgerError `value` like it."""
    spelled = [tuple(str(part) for part in item) for item in items]
    _check_parts(spelled, by_value)
    ordered = [item for _, item in sorted(zip(_firsts(spelled, by_value), spelled, strict=True))]
    joined = ";".join(":".join(item) for item in ordered)
    parse_list(joined, by_value=by_value)
    return joined


def list_of(
    says: str, parts: Sequence[Callable[[str], bool]], *, by_value: bool = False, or_empty: bool = True
) -> Kind:
    """A list whose items have exactly these parts."""

    def holds(value: Value) -> bool:
        if type(value) is not str:
            return False
        try:
            items = parse_list(value, by_value=by_value)
        except LedgerError:
            return False
        if not items:
            return or_empty
        return all(
            len(item) == len(parts) and all(fits(part) for fits, part in zip(parts, item, strict=True))
            for item in items
        )

    return Kind(says, holds, "")


def _check_parts(items: Iterable[tuple[str, ...]], by_value: bool) -> None:
    for item in items:
        if not item or not all(map(is_word, item)) or (by_value and not is_integer(item[0])):
            raise LedgerError("value", f"{':'.join(item)[:60]!r} is not an item of a list: words joined by ':'")


def _firsts(items: Sequence[tuple[str, ...]], by_value: bool) -> list[tuple[int, str]]:
    return [(int(item[0]), "") if by_value else (0, item[0]) for item in items]
