"""Blocks that wait are few among very many: what asks for them must not walk through the archive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from store import blocks, health
from store.blocks import PARKED, UNDATED, WRITTEN, Block
from store.engine import Store

HASH = "cd" * 8
ASKED: list[Callable[[Connection], Any]] = [
    lambda connection: blocks.waiting_for_schema(connection, "site-1", HASH),
    lambda connection: blocks.wanted_schemas(connection, ["site-1", "site-2"], 9),
    lambda connection: blocks.older_than(connection, PARKED, 10, 9),
    lambda connection: blocks.count(connection, "site-1", PARKED),
    health.waiting_blocks,
]


@pytest.fixture
def archive(store: Store) -> Store:
    """4,000 blocks of which two wait."""

    def block(number: int, state: str) -> Block:
        site = f"site-{number % 40}"
        return Block(0, site, "ab" * 16, number, 1, "ef" * 8, HASH, bytes(200), state, number)

    states = {1: PARKED, 2: UNDATED}
    with store.write() as connection:
        blocks.add(connection, [block(each, states.get(each, WRITTEN)) for each in range(4_000)])
    return store


@pytest.mark.parametrize("ask", ASKED)
def test_their_index_answers(archive: Store, ask: Callable[[Connection], Any]) -> None:
    asked = []
    with archive.read() as connection:
        event.listen(connection, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
        ask(connection)
        statement, parameters = asked[0]
        explain = "EXPLAIN QUERY PLAN" if archive.dialect == "sqlite" else "EXPLAIN"
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters))
    assert "ix_block_waiting" in plan


def test_those_that_wait_are_found_and_no_others(archive: Store) -> None:
    with archive.read() as connection:
        assert [each.site for each in blocks.waiting_for_schema(connection, "site-1", HASH)] == ["site-1"]
        assert blocks.wanted_schemas(connection, ["site-1", "site-2"], 9) == {"site-1": [HASH]}
        assert [each.arrived_ms for each in blocks.older_than(connection, PARKED, 10, 9)] == [1]
        assert blocks.count(connection, "site-1", PARKED) == 1
        assert blocks.count(connection, "site-1", WRITTEN) == 99
        assert health.waiting_blocks(connection) == {("site-1", PARKED): 1, ("site-2", UNDATED): 1}
