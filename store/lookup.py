"""Asks for the rows of many keys at once by a statement that stays the same however many they are.

A text with a placeholder a key is written, parsed and planned anew each time, which costs more than the rows. Keys go
as one array a column (PostgreSQL) or as one JSON text (SQLite). Knows no table.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import cached_property, partial
from typing import Any

from sqlalchemy import Column, Connection, Select, String, bindparam, func, select, tuple_
from sqlalchemy.types import UserDefinedType

from store.arrays import kind_of, pack


class Named:
    """A query of which the rows are named by the values of some text columns."""

    def __init__(self, query: Select[Any], *key: Column[Any]) -> None:
        if any(kind_of(each) != "text" for each in key):
            raise TypeError("rows are named by texts: no other kind goes through JSON unchanged")
        self._query = query
        self._key = key
        self._names = [f"named_{each.name}" for each in key]

    def rows(self, connection: Connection, named: Collection[tuple[str, ...]]) -> Sequence[Any]:
        """Those rows that are there, in the order of the query; a key that is named twice gives its rows once."""
        if not named:
            return []
        if connection.dialect.name == "postgresql":
            columns = zip(*named, strict=True)
            return connection.execute(self._by_arrays, dict(zip(self._names, columns, strict=True))).all()
        return connection.execute(self._by_json, {"named": json.dumps([*named])}).all()

    @cached_property
    def _by_arrays(self) -> Select[Any]:
        keys = [bindparam(name, type_=_Array(kind_of(each))) for name, each in zip(self._names, self._key, strict=True)]
        told = func.unnest(*keys).table_valued(*self._names).render_derived()
        return self._query.where(tuple_(*self._key).in_(select(*told.c)))

    @cached_property
    def _by_json(self) -> Select[Any]:
        each = func.json_each(bindparam("named", type_=String)).table_valued("value")
        told = (func.json_extract(each.c.value, f"$[{number}]") for number in range(len(self._key)))
        return self._query.where(tuple_(*self._key).in_(select(*told)))


class _Array(UserDefinedType[Sequence[Any]]):
    """Values of one kind, for PostgreSQL."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **_: Any) -> str:
        return f"{self.kind}[]"

    def bind_processor(self, dialect: Any) -> Any:  # noqa: ARG002 -- named as SQLAlchemy calls it
        return partial(pack, self.kind)
