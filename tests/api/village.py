"""Fills a real SQLite store with kiosks as ingest would have left it: sites, frames heard, readings, signed records.

A plain sun and plain habits, the same in every run; the figures are computed by the office's own summariser.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from kiosk.time import DAY_MS, TimeFix, day_of, day_start_ms
from kiosk.wire.frame import ClockState, Header
from office.summariser import Summariser
from store import boots, days, sites, status
from store.boots import Boot
from store.engine import Store
from store.migrate import upgrade
from store.readings.base import Series
from store.readings.sql import SqlReadings
from store.sites import Place
from tests.api.book import BOOT, Book, hex_of

NOW_MS = day_start_ms("2026-11-23") + 14 * 3_600_000 + 12 * 60_000
MINUTE_MS, HOUR_MS = 60_000, 3_600_000


@dataclass(frozen=True, slots=True)
class Kiosk:
    """One site's story; days are counted back from now, 0 is today."""

    code: str
    name: str
    commune: str = "Kaya"
    kind: str = "school"
    latitude: float = 13.09
    longitude: float = -1.08
    days: int = 62
    """How long ago it was opened."""
    off_days: Collection[int] = ()
    """Days without the agent, and so without readings and sales."""
    unheard_days: Collection[int] = ()
    """Days on which it worked and nothing arrived."""
    last_heard_ms: int | None = None
    """When the last frame came; None: now."""
    unsent_records: int = 0
    low_volts: float = 0.0
    """Battery lower than it should be, by so much."""
    load_off: bool = False
    """The controller has just switched its output off."""
    silent_mppt_ms: int = 0
    """The controller has said nothing for so long."""


VILLAGE = (
    Kiosk("damane", "École de Damané", off_days=(11, 12), unheard_days=(5,), unsent_records=7),
    Kiosk(
        "louda",
        "CSPS de Louda",
        "Boussouma",
        "health",
        12.92,
        -1.07,
        33,
        last_heard_ms=NOW_MS - 52 * HOUR_MS,
        off_days=(0, 1),
    ),
    Kiosk("tangasgo", "École de Tangasgo", "Korsimoro", latitude=12.83, longitude=-1.07, days=33, low_volts=2.4),
)


class Village:
    """An open store with kiosks in it."""

    def __init__(self, store: Store, now_ms: int = NOW_MS) -> None:
        self.store = store
        self.readings = SqlReadings(store)
        self.now_ms = now_ms
        self.books: dict[str, Book] = {}

    @classmethod
    def founded(cls, folder: Path) -> Village:
        """An empty one in a folder of its own."""
        url = f"sqlite:///{folder / 'kayasol.db'}"
        upgrade(url)
        return cls(Store.open(url))

    def later(self, hours: int) -> Village:
        """The same village, looked at some hours later; nothing has come since."""
        return Village(self.store, self.now_ms + hours * HOUR_MS)

    def clock(self) -> int:
        """Now, UTC milliseconds."""
        return self.now_ms

    def register(self, kiosk: Kiosk) -> Book:
        """The site is known and has sent nothing."""
        opened_ms = self.now_ms - self.now_ms % DAY_MS - kiosk.days * DAY_MS
        book = Book(kiosk.code, kiosk.name, kiosk.commune, kiosk.kind, opened_ms)
        with self.store.write() as connection:
            book.register(connection, opened_ms)
            sites.set_place(connection, kiosk.code, Place(kiosk.latitude, kiosk.longitude))
        self.books[kiosk.code] = book
        return book

    def live(self, kiosk: Kiosk, *, step_ms: int = 5 * MINUTE_MS) -> None:
        """The kiosk lives its days, and everything that it could send is here."""
        book = self.register(kiosk)
        alive = _alive(kiosk, book.opened_ms, self.now_ms)
        self._measure(kiosk, alive, step_ms)
        _trade(book, alive)
        with self.store.write() as connection:
            book.send(connection, len(book.records) - kiosk.unsent_records)
            self._boots(connection, kiosk, alive)
            self._heard(connection, kiosk, book, alive)
            first = book.opened_ms // DAY_MS
            marked = [day_of(day * DAY_MS) for day in range(first, self.now_ms // DAY_MS + 1)]
            days.mark_dirty(connection, kiosk.code, marked, self.now_ms)

    def compute(self) -> None:
        """Figures of every day that is marked."""
        summariser = Summariser(self.store, self.readings, self.clock)
        while summariser.run_once(500):
            pass

    def close(self) -> None:
        """Let go of the file."""
        self.store.close()

    def _measure(self, kiosk: Kiosk, alive: list[tuple[int, int]], step_ms: int) -> None:
        times_ms = [at for start, end in alive for at in range(start, end, step_ms)]
        until_ms = self.now_ms - kiosk.silent_mppt_ms
        times_ms = [at for at in times_ms if at <= until_ms]
        power = [_sun_w(at) for at in times_ms]
        load = [_load_w(at) for at in times_ms]
        volts = [_volts(at) - kiosk.low_volts for at in times_ms]
        # The controller counts on while nobody reads it.
        counted_ms = range(times_ms[0], times_ms[-1] + 1, step_ms)
        produced = dict(zip(counted_ms, _counter([_sun_w(at) for at in counted_ms], step_ms), strict=True))
        used = dict(zip(counted_ms, _counter([_load_w(at) for at in counted_ms], step_ms), strict=True))
        columns = {
            ("battery_voltage_v", 2): [round(value * 100) for value in volts],
            ("battery_current_a", 2): [round((p - used_w) / 12.8 * 100) for p, used_w in zip(power, load, strict=True)],
            ("pv_power_w", 1): [round(value * 10) for value in power],
            ("load_power_w", 1): [round(value * 10) for value in load],
            ("pv_energy_total_wh", 0): [produced[at] for at in times_ms],
            ("load_energy_total_wh", 0): [used[at] for at in times_ms],
            ("charger_state", 0): [_stage(at) for at in times_ms],
            ("load_on", 0): [1] * (len(times_ms) - 1) + [0 if kiosk.load_off else 1],
        }
        series = [Series("mppt", name, decimals, times_ms, values) for (name, decimals), values in columns.items()]
        self.readings.write(kiosk.code, BOOT, series)

    def _boots(self, connection: Connection, kiosk: Kiosk, alive: list[tuple[int, int]]) -> None:
        for number, (start_ms, end_ms) in enumerate(alive, start=1):
            boot = BOOT if number == 1 else hex_of(f"{kiosk.code} boot {number}", 16)
            fix = TimeFix(boot, 0, start_ms, "server", 1000)
            life = Boot(kiosk.code, boot, number, 0, end_ms - start_ms, fix, start_ms, needs_redating=False)
            boots.save(connection, life)

    def _heard(self, connection: Connection, kiosk: Kiosk, book: Book, alive: list[tuple[int, int]]) -> None:
        last_ms = kiosk.last_heard_ms or self.now_ms - 4 * MINUTE_MS
        unheard = [(self.now_ms // DAY_MS - day) for day in kiosk.unheard_days]
        for start_ms, end_ms in alive:
            for at in range(start_ms, min(end_ms, last_ms), status.SLOT_MS):
                if at // DAY_MS not in unheard:
                    status.note_arrivals(connection, {(kiosk.code, book.dev): (1, 900)}, at)
        header = Header(
            site=kiosk.code,
            device=book.dev,
            stream=hex_of(f"{kiosk.code} stream", 32),
            boot=BOOT,
            boot_number=len(alive),
            counter=4000,
            mono_ms=last_ms - alive[-1][0],
            clock=ClockState("server", last_ms, 500),
            lowest_kept=1,
            head=90_000,
            rows_waiting=0,
            oldest_age_s=0,
            rows_dropped=0,
            cadence_s=900,
            ledger=book.stated_head(),
        )
        status.save_headers(connection, [header], last_ms)


def filled(folder: Path, kiosks: Collection[Kiosk] = VILLAGE, *, step_ms: int = 5 * MINUTE_MS) -> Village:
    """A village with all its figures computed."""
    village = Village.founded(folder)
    for kiosk in kiosks:
        village.live(kiosk, step_ms=step_ms)
    village.compute()
    return village


def _alive(kiosk: Kiosk, opened_ms: int, now_ms: int) -> list[tuple[int, int]]:
    """The lives of the agent: the whole time but the days off, and what came after the last frame."""
    today = now_ms // DAY_MS
    spans: list[tuple[int, int]] = []
    until_ms = kiosk.last_heard_ms or now_ms
    for day in range(opened_ms // DAY_MS, today + 1):
        start_ms, end_ms = day * DAY_MS, min((day + 1) * DAY_MS, until_ms)
        if today - day in kiosk.off_days or start_ms >= end_ms:
            continue
        if spans and spans[-1][1] == start_ms:
            spans[-1] = (spans[-1][0], end_ms)
        else:
            spans.append((start_ms, end_ms))
    return spans


def _trade(book: Book, alive: list[tuple[int, int]]) -> None:
    """Sales through every day; now and then one is taken back."""
    book.open()
    for start_ms, end_ms in alive:
        for day in range(start_ms // DAY_MS, -(-end_ms // DAY_MS)):
            sales = 14 + (day * 7) % 19
            for number in range(sales):
                at_ms = day * DAY_MS + 6 * HOUR_MS + number * (13 * HOUR_MS // sales)
                if not start_ms <= at_ms < end_ms:
                    continue
                amount, service = (50, "lamp") if number % 4 == 3 else (100, "phone")
                sale = book.sell(at_ms, amount, service)
                if (day + number) % 61 == 0:
                    book.void(at_ms + 20_000, sale)


def _hour(at_ms: int) -> float:
    return at_ms % DAY_MS / HOUR_MS


def _sun_w(at_ms: int) -> float:
    hour, day = _hour(at_ms), at_ms // DAY_MS
    haze = 0.55 + 0.45 * math.sin(day * 1.7) ** 2
    return max(0.0, 210 * haze * math.sin((hour - 6) / 12 * math.pi)) if 6 < hour < 18 else 0.0


def _load_w(at_ms: int) -> float:
    return 52.0 if 18.5 <= _hour(at_ms) < 21.5 else 11.0


def _volts(at_ms: int) -> float:
    hour = _hour(at_ms)
    if 6.5 <= hour < 17.5:
        return 12.5 + 1.7 * math.pow(math.sin((hour - 6.5) / 11 * math.pi), 0.7)
    since_dusk = hour - 17.5 if hour >= 17.5 else hour + 6.5
    return 12.75 - 0.045 * since_dusk - (0.12 if 18.5 <= hour < 21.5 else 0.0)


def _stage(at_ms: int) -> int:
    hour = _hour(at_ms)
    return 5 if 13 <= hour < 16 else 4 if 11 <= hour < 13 else 3 if 6 <= hour < 18 else 0


def _counter(power_w: list[float], step_ms: int) -> list[int]:
    total, grown = 10_000.0, []
    for value in power_w:
        total += value * step_ms / 3_600_000
        grown.append(math.floor(total / 10) * 10)
    return grown
