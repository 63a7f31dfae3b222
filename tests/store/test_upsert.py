"""Many rows at once end as the same rows one by one, on both databases; what would not fit is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError

from store.engine import Store
from store.schema import arrival, block, site_status, stream
from store.upsert import ROWS_APART, add_up, insert_new, insert_new_tuples, update_many, upsert

MANY = 3 * ROWS_APART


def statuses(number: int, **changes: Any) -> list[dict[str, Any]]:
    return [
        {"site": f"site-{each}", "dev": "ab" * 8, "online": each % 2 == 0, "head": None if each == 1 else each}
        | changes
        for each in range(number)
    ]


def told(store: Store, *columns: Any) -> Sequence[Any]:
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(columns[0]))]


def test_many_rows_are_inserted_or_take_the_place_of_those_before(store: Store) -> None:
    with store.write() as connection:
        upsert(connection, site_status, *statuses(2, head=9))
        upsert(connection, site_status, *statuses(MANY))
    wanted = [(each["site"], each["online"], each["head"]) for each in statuses(MANY)]
    assert told(store, site_status.c.site, site_status.c.online, site_status.c.head) == sorted(wanted)


def test_sums_are_added_up(store: Store) -> None:
    rows = [{"site": f"site-{each}", "slot_ms": 0, "frames": 1, "octets": each} for each in range(MANY)]
    with store.write() as connection:
        add_up(connection, arrival, rows[:1], ("frames", "octets"))
        add_up(connection, arrival, rows, ("frames", "octets"))
    wanted = [(f"site-{each}", 2 if each == 0 else 1, each) for each in range(MANY)]
    assert told(store, arrival.c.site, arrival.c.frames, arrival.c.octets) == sorted(wanted)


def test_rows_that_are_there_are_left_and_bytes_stay_bytes(store: Store) -> None:
    rows = [
        {
            "site": "damane", "stream": "ab" * 16, "first": 1 + each, "count": 1, "boot": "", "schema_hash": "",
            "body": bytes((each, 0, 255)), "state": "written", "arrived_ms": 0,
        }
        for each in range(MANY)
    ]  # fmt: skip
    with store.write() as connection:
        insert_new(connection, block, [rows[2] | {"body": b"first"}])
        insert_new(connection, block, rows)
    wanted = [(1 + each, b"first" if each == 2 else bytes((each, 0, 255))) for each in range(MANY)]
    assert told(store, block.c.first, block.c.body) == wanted


@pytest.mark.parametrize("number", [0, 1, MANY])
def test_tuples_are_inserted_as_rows_are(store: Store, number: int) -> None:
    names = ("site", "slot_ms", "frames", "octets")
    rows = [(f"site-{each}", 0, each, 1) for each in range(number)]
    with store.write() as connection:
        insert_new_tuples(connection, arrival, names, rows)
        insert_new_tuples(connection, arrival, names, [(site, slot_ms, 9, 9) for site, slot_ms, *_ in rows])
    assert told(store, arrival.c.site, arrival.c.slot_ms, arrival.c.frames, arrival.c.octets) == sorted(rows)


@pytest.mark.parametrize("number", [1, MANY])
def test_named_rows_get_other_values_and_those_that_are_not_there_are_passed_over(store: Store, number: int) -> None:
    known = [{"site": "damane", "stream": f"{each:032x}", "dev": "ab" * 8, "opened_ms": 5} for each in range(MANY)]
    with store.write() as connection:
        insert_new(connection, stream, known)
        ids = sorted(connection.scalars(select(stream.c.id)))
        changed = [{"id": each, "upto": 7, "ranges": "9:1"} for each in ids[:number]]
        update_many(connection, stream, "id", [*changed, {"id": ids[-1] + 1, "upto": 8, "ranges": ""}])
    wanted = [(each, 7, "9:1") if each in ids[:number] else (each, 0, "") for each in ids]
    assert told(store, stream.c.id, stream.c.upto, stream.c.ranges) == wanted


def test_a_text_that_is_too_long_is_refused_or_kept_but_never_cut(store: Store) -> None:
    long = "ab" * 20
    if store.dialect == "postgresql":
        with pytest.raises(DataError), store.write() as connection:
            upsert(connection, site_status, *statuses(MANY, dev=long))
        return
    with store.write() as connection:
        upsert(connection, site_status, *statuses(MANY, dev=long))
    assert {dev for (dev,) in told(store, site_status.c.dev)} == {long}
