"""Rows of many keys at once: those that are there, each once, in the order of the query, on both databases."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import event, select

from store.engine import Store
from store.errors import RetryLater
from store.lookup import Named
from store.schema import arrival, stream
from store.upsert import insert_new

KEY = (stream.c.site, stream.c.stream)
STREAMS = Named(select(stream.c.site, stream.c.stream, stream.c.upto).order_by(*KEY), *KEY)
LOCKED = Named(select(stream).order_by(*KEY).with_for_update(of=stream), *KEY)
ODD = ["", "'", '"', "\\", "a,b", "{}", "[1]", "é", "☀️", "NULL", "%s", ":a", "\n"]


@pytest.fixture
def known(store: Store) -> Store:
    with store.write() as connection:
        rows = [{"site": f"site-{each}", "stream": odd, "dev": "ab", "opened_ms": 5} for each in (1, 2) for odd in ODD]
        insert_new(connection, stream, rows)
    return store


def test_only_the_pairs_that_are_named_are_given_and_each_once(known: Store) -> None:
    named = [("site-1", odd) for odd in ODD[::2]] + [("site-2", odd) for odd in ODD[1::2]]
    with known.read() as connection:
        found = [tuple(row) for row in STREAMS.rows(connection, [*named, *named, ("site-3", ODD[0])])]
    assert found == sorted(found)
    assert sorted(found) == sorted((site, odd, 0) for site, odd in named)


def test_no_key_asks_nothing(known: Store) -> None:
    with known.read() as connection:
        assert STREAMS.rows(connection, []) == []


def test_the_statement_is_the_same_however_many_are_named(known: Store) -> None:
    told = set()
    with known.read() as connection:
        event.listen(connection, "before_cursor_execute", lambda *call: told.add(call[2]))
        for number in (1, 7, len(ODD)):
            assert len(STREAMS.rows(connection, [("site-1", odd) for odd in ODD[:number]])) == number
    assert len(told) == 1


def test_more_keys_than_a_statement_takes_placeholders(known: Store) -> None:
    with known.read() as connection:
        assert len(STREAMS.rows(connection, [(f"site-{each}", ODD[0]) for each in range(70_000)])) == 2


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_locked_rows_stay_locked_until_the_end(known: Store) -> None:
    refused: list[Any] = []

    def ask() -> None:
        with pytest.raises(RetryLater) as caught, known.write() as connection:
            connection.execute(select(stream).with_for_update(nowait=True))
        refused.append(caught.value)

    with known.write() as connection:
        assert len(LOCKED.rows(connection, [("site-1", ODD[0])])) == 1
        other = threading.Thread(target=ask)
        other.start()
        other.join()
    assert len(refused) == 1


def test_a_key_that_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError, match="text"):
        Named(select(arrival), arrival.c.slot_ms)
