"""A panel's question as Grafana would put it: variables filled in, sent to InfluxDB, its columns named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.build import Board, boards
from tests.dashboards.village import BENCH, BENCH_SITE, SITE, DrawnVillage

PERIOD = "1h"
_COLUMN = re.compile(r'(?:(mean|last)\()?"([a-z0-9_:]+)"\)?(?: / (\d+))? AS "([^"]+)"')


@dataclass(frozen=True)
class Asked:
    """One target of one panel."""

    board: Board
    panel: Mapping[str, Any]
    query: str

    @property
    def name(self) -> str:
        return f"{self.board.uid}: {self.panel['title']}"


@dataclass(frozen=True)
class Drawn:
    """One column of an answer."""

    measurement: str
    field: str
    fold: str
    scale: int
    label: str
    tags: Mapping[str, str]
    points: Mapping[int, float]
    """UTC ms -> value, without nulls."""


def all_asked() -> list[Asked]:
    """Every question of every panel of every board."""
    return [
        Asked(board, panel, target["query"])
        for board in boards()
        for panel in board.model["panels"]
        for target in panel.get("targets", ())
    ]


def filled_in(query: str, village: DrawnVillage) -> str:
    """As Grafana's InfluxQL data source does it: variables by their values, the time range in milliseconds."""
    span = f"time >= {village.start_ms}ms and time <= {village.end_ms - 1}ms"
    site = BENCH_SITE if "$device" in query else SITE
    values = {"$timeFilter": span, "$period": PERIOD, "$site": site, "$device": BENCH}
    for name, value in values.items():
        query = query.replace(name, value)
    assert "$" not in query, query
    return query


def drawn(query: str, village: DrawnVillage) -> Iterator[Drawn]:
    """Every column that the answer has values for."""
    (tables,) = village.connection.query([filled_in(query, village)])
    named = {label: (fold or "", field, int(scale or 1)) for fold, field, scale, label in _COLUMN.findall(query)}
    for table in tables:
        for place, label in enumerate(table["columns"][1:], start=1):
            points = {row[0]: row[place] for row in table["values"] if row[place] is not None}
            fold, field, scale = named.get(label, ("last", label.removeprefix("last_"), 1))
            if points:
                yield Drawn(table["name"], field, fold, scale, label, table.get("tags", {}), points)
