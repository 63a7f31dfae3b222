"""One edge.db through any number of lives, and what a test asks of it."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

from edge_agent.outbox.boots import Boots
from edge_agent.outbox.database import BallastFile, Database
from edge_agent.outbox.outbox import Outbox
from kiosk.wire.schema import DeviceSchema, Schema

SCHEMA = Schema((DeviceSchema("mppt", "victron-vedirect", "HQ1", ("battery_voltage_v", "pv_power_w")),))
OTHER = Schema((DeviceSchema("mppt", "victron-vedirect", "HQ2", ("battery_voltage_v", "pv_power_w")),))


class Disk:
    """One edge.db through any number of lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.random = random.Random(5)
        self.now_ms = 0
        self.page_limit = 0
        self.database: Database | None = None

    def open(self, *, chunk_rows: int = 15, rows_max: int = 10_000) -> Outbox:
        if self.database is not None:
            self.database.close()
        self.database = Database(self.folder / "edge.db", BallastFile(self.folder / "ballast", 65_536), self.page_limit)
        outbox = Outbox(self.database, chunk_rows=chunk_rows, rows_max=rows_max, entropy=self.random.randbytes)
        life = Boots(self.database, self.folder / "boot.number").begin(0, "", self.random.randbytes)
        outbox.begin_boot(life.boot, life.number)
        outbox.use_schema(SCHEMA, 0)
        self.now_ms = 0
        return outbox

    def add(self, outbox: Outbox, rows: int) -> None:
        for _ in range(rows):
            self.now_ms += 60_000
            outbox.append(self.now_ms, (1_300 + self.now_ms % 7, None), ())

    def spoil(self, sql: str, *values: object) -> None:
        """What a bad card does, behind the agent's back."""
        with sqlite3.connect(self.folder / "edge.db") as connection:
            connection.execute(sql, values)
        connection.close()

    def acknowledge(self, outbox: Outbox, *ranges: tuple[int, int]) -> int:
        assert self.database is not None
        with self.database.transaction():
            return outbox.acknowledge(ranges)


def numbers(outbox: Outbox) -> list[int]:
    """All rows that can be sent, in the order of sending."""
    found: list[int] = []
    at = 1
    while (block := outbox.read(at, outbox.head + 1, 1_440)) is not None:
        found += [row.number for row in block.rows]
        at = found[-1] + 1
    return found
