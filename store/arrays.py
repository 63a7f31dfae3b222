"""A column of values as one array in PostgreSQL's binary form, the one that its `array_recv` reads. Asks no database.

Element by element in text, a driver spends more on a row than the database does; and in binary nothing needs quoting.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, LargeBinary, String

_KINDS = (
    (Boolean, "boolean"),
    (Integer, "bigint"),
    (BigInteger, "bigint"),
    (Double, "float8"),
    (LargeBinary, "bytea"),
    (String, "text"),
)
"""What a column's values travel as; texts as text, so that one too long is refused and not cut."""

_FIXED = {"boolean": (16, "?"), "bigint": (20, "q"), "float8": (701, "d")}
_BYTES, _TEXT = 17, 25
"""Element types by their numbers in PostgreSQL's catalogue (`pg_type.dat`), which never change."""

_HEAD = struct.Struct("!iiIii")
"""Dimensions, whether a NULL is among them, element type; then length and first index of the one dimension."""
_LENGTH = struct.Struct("!i")
_NULL = _LENGTH.pack(-1)


@dataclass(frozen=True, slots=True)
class Packed:
    """An array as it goes over the wire."""

    octets: bytes


def kind_of(column: Column[Any]) -> str:
    """The element type that the values of a column travel as. TypeError for a column that cannot travel yet."""
    for types, kind in _KINDS:
        if isinstance(column.type, types):
            return kind
    raise TypeError(f"{column} has a type that does not travel in arrays yet")


def pack(kind: str, values: Sequence[Any]) -> Packed:
    """An array of one of the kinds of `kind_of`; None is NULL. ValueError or TypeError for what is not of the kind."""
    if kind in _FIXED:
        return _pack_fixed(kind, values)
    element, octets = (_TEXT, _encoded(values)) if kind == "text" else (_BYTES, values)
    nulls = None in octets
    parts: list[Any] = [b""] * (2 * len(octets))
    if nulls:
        parts[0::2] = [_NULL if each is None else _LENGTH.pack(len(each)) for each in octets]
        parts[1::2] = [b"" if each is None else each for each in octets]
    else:
        parts[0::2] = map(_LENGTH.pack, map(len, octets))
        parts[1::2] = octets
    return Packed(_HEAD.pack(1, nulls, element, len(values), 1) + b"".join(parts))


def _encoded(texts: Sequence[str | None]) -> Sequence[bytes | None]:
    if None in texts:
        return [None if each is None else str.encode(each) for each in texts]
    return list(map(str.encode, texts))  # type: ignore[arg-type]  # none is None


def _pack_fixed(kind: str, values: Sequence[Any]) -> Packed:
    element, code = _FIXED[kind]
    if kind == "boolean" and not set(map(type, values)) <= {bool, type(None)}:
        raise TypeError("boolean: every value is true to struct, only True and False are meant")
    size = struct.calcsize(f"!{code}")
    nulls = None in values
    try:
        if nulls:
            item = struct.Struct(f"!i{code}")
            body = b"".join([_NULL if each is None else item.pack(size, each) for each in values])
        else:
            flat = [size] * (2 * len(values))
            flat[1::2] = values
            body = struct.pack("!" + f"i{code}" * len(values), *flat)
    except struct.error as error:
        raise ValueError(f"{kind}: {error}") from error
    return Packed(_HEAD.pack(1, nulls, element, len(values), 1) + body)
