"""One site in a real store, and short words to let things happen to it."""

from __future__ import annotations

from pathlib import Path

from figures.day import DayFigures
from kiosk.reading import Flag, Row
from kiosk.time import DAY_MS, TimeFix, day_of, day_start_ms
from kiosk.wire.block import Block as WireBlock
from kiosk.wire.block import decode_columns, encode_block
from kiosk.wire.frame import ClockState, Header
from kiosk.wire.schema import Schema, parse_schema
from office.loop import Office
from office.projection import Projection
from store import blocks, boots, days, status
from store.boots import Boot
from store.engine import Store
from store.migrate import upgrade
from store.readings.base import Series
from store.readings.dated import DatedBlock, flagged_of
from store.readings.sql import SqlReadings
from tests.api.book import Book

SITE = "damane"
START = day_start_ms("2026-03-10")
MINUTE, HOUR = 60_000, 3_600_000
STREAM = "5e" * 16

SCHEMA: Schema = parse_schema(b"mppt victron-vedirect HQ1 battery_voltage_v:2,pv_energy_total_wh:0")


class World:
    """The clock stands shortly after noon of the third day until a test moves it."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'kayasol.db'}"
        upgrade(self.url)
        self.store = Store.open(self.url)
        self.readings = SqlReadings(self.store)
        self.now_ms = START + 2 * DAY_MS + 12 * HOUR + 7 * MINUTE
        self.book = Book(SITE, opened_ms=START - 60 * DAY_MS)
        self.book.open()
        with self.store.write() as connection:
            self.book.register(connection, START)
            blocks.add_schema(connection, SITE, SCHEMA, START)
        self._row = 1

    def clock(self) -> int:
        return self.now_ms

    def close(self) -> None:
        self.store.close()

    def counted(
        self, start: int, end: int, boot: str = "b1" * 8, *, per_hour_wh: int = 60, from_wh: int = 1000
    ) -> None:
        """A lifetime counter and a good battery, read once a minute, as ingest writes them and marks their days."""
        times = list(range(start, end, MINUTE))
        counter = [from_wh + (each - start) * per_hour_wh // HOUR for each in times]
        volts = Series("mppt", "battery_voltage_v", 2, times, [1280] * len(times))
        self.readings.write(SITE, boot, [Series("mppt", "pv_energy_total_wh", 0, times, counter), volts])
        self.mark(*(day_of(each) for each in (start, end - 1)))

    def mark(self, *marked: str) -> None:
        with self.store.write() as connection:
            days.mark_dirty(connection, SITE, marked, self.now_ms)

    def boot(
        self, name: str, number: int, start: int | None, length: int, *, first_mono: int = 0, redate: bool = False
    ) -> Boot:
        """A life of the agent; `start` None: it has met no clock."""
        fix = None if start is None else TimeFix(name, first_mono, start, "server", 1000)
        offset = None if start is None else start - first_mono
        life = Boot(SITE, name, number, first_mono, first_mono + length, fix, offset, needs_redating=redate)
        with self.store.write() as connection:
            boots.save(connection, life)
        return life

    def archived(self, boot: Boot, mono_ms: int, volts: list[int], *, flagged: bool = False) -> int:
        """A block as ingest keeps it: written where the boot has a date, else waiting."""
        flags = (Flag(0, 1, 99_999),) if flagged else ()
        rows = tuple(
            Row(self._row + n, mono_ms + n * MINUTE, (value, 1000 + n), flags if n == 0 else ())
            for n, value in enumerate(volts)
        )
        wire = WireBlock(self._row, boot.boot, boot.boot_number, SCHEMA.hash, rows)
        body = encode_block(wire, len(SCHEMA.columns))
        state = blocks.UNDATED if boot.offset_ms is None else blocks.WRITTEN
        kept = blocks.Block(0, SITE, STREAM, self._row, len(rows), boot.boot, SCHEMA.hash, body, state, self.now_ms)
        with self.store.write() as connection:
            blocks.add(connection, [kept])
            if boot.offset_ms is not None:
                columns = decode_columns(body, len(SCHEMA.columns))
                self.readings.write_many([DatedBlock(SITE, columns, SCHEMA, boot.offset_ms)])
                blocks.add_flagged(connection, flagged_of(columns, SCHEMA, SITE, boot.offset_ms))
        self._row += len(rows)
        return self._row - 1

    def better_fix(self, boot: Boot, start: int) -> Boot:
        """Ingest has met a better statement about a boot whose readings are written."""
        fixed = boot._replace(fix=TimeFix(boot.boot, boot.first_mono_ms, start, "ntp", 10), needs_redating=True)
        with self.store.write() as connection:
            boots.save(connection, fixed)
        return fixed

    def heard(self, at_ms: int, *, cadence_s: int = 900, rows_waiting: int = 0, ledger: bool = True) -> None:
        """A frame came."""
        header = Header(
            site=SITE,
            device=self.book.dev,
            stream=STREAM,
            boot="b1" * 8,
            boot_number=1,
            counter=1,
            mono_ms=0,
            clock=ClockState("server", at_ms, 500),
            lowest_kept=1,
            head=1,
            rows_waiting=rows_waiting,
            oldest_age_s=0,
            rows_dropped=0,
            cadence_s=cadence_s,
            ledger=self.book.stated_head() if ledger else None,
        )
        with self.store.write() as connection:
            status.note_arrivals(connection, {(SITE, self.book.dev): (1, 900)}, at_ms)
            status.save_headers(connection, [header], at_ms)

    def figures(self, day: str) -> DayFigures | None:
        with self.store.read() as connection:
            stored = days.get(connection, SITE, day)
        return None if stored is None else DayFigures.from_json(stored.figures)

    def dirty(self) -> list[str]:
        with self.store.read() as connection:
            return [each.day for each in days.dirty_days(connection, 1000)]


def work_off(world: World, projection: Projection) -> None:
    """Until there is nothing to do."""
    office = Office(world.store, world.readings, world.clock, projection)
    for _ in range(50):
        if not office.turn():
            return
    raise AssertionError("the office never comes to rest")
