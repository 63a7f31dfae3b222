"""Arrays that we pack ourselves arrive in PostgreSQL as exactly the values that were meant, or are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DataError

from store.arrays import kind_of, pack
from store.engine import Store
from store.schema import METADATA

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
against_the_server = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

UTF8 = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
ODD_TEXTS = st.sampled_from(
    ["", "NULL", "null", '"', "\\", "\\x00", "{}", "{,}", ",", " a ", "'", "\n", "é", "☀️", "\x7f"]
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.one_of(ODD_TEXTS, st.text(UTF8)),
    "bytea": st.binary(),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
    "float8": st.floats(allow_nan=False),
}


def sent_there_and_back(store: Store, kind: str, values: Sequence[Any]) -> list[Any]:
    with store.read() as connection:
        packed = (pack(kind, values),)
        return list(connection.exec_driver_sql(f"SELECT unnest(%s::{kind}[])", packed).scalars())


@against_the_server
@given(given_=st.sampled_from(sorted(VALUES)).flatmap(lambda k: st.tuples(st.just(k), st.lists(st.none() | VALUES[k]))))
def test_values_come_back_as_they_were_sent(store: Store, given_: tuple[str, list[Any]]) -> None:
    kind, values = given_
    assert sent_there_and_back(store, kind, values) == values


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", b"bytes"), ("text", 5), ("bytea", "text"), ("bytea", 5), ("bigint", "5"), ("bigint", 1.0),
        ("boolean", 1), ("boolean", "t"), ("float8", "1.0"), ("bigint", 2**63), ("bigint", -(2**63) - 1),
        ("text", "\ud800"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("beside", [[], [None]])
def test_what_is_not_of_the_kind_is_refused_before_it_is_sent(
    store: Store, kind: str, value: Any, beside: list[None]
) -> None:
    with pytest.raises((TypeError, ValueError)):
        sent_there_and_back(store, kind, [value, *beside])


def test_a_text_with_a_zero_byte_is_refused_by_the_server(store: Store) -> None:
    with pytest.raises(DataError, match="0x00"):
        sent_there_and_back(store, "text", ["before", "a\x00b"])


def test_every_column_of_every_table_can_travel(store: Store) -> None:
    assert {kind_of(column) for table in METADATA.tables.values() for column in table.columns} == set(VALUES)
