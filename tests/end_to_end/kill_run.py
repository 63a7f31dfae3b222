"""One run of the kill test, whichever stores the server keeps its facts in: a month, a storm, the drain, the settling.

KAYASOL_KILL_SEED replays a run's draws, KAYASOL_KILLS and KAYASOL_KILL_DAYS make it longer or shorter.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from kayasol.demo import sums
from kayasol.demo.places import Places
from kayasol.demo.sums import Sum
from store import boots
from store import days as day_table
from store.engine import Store
from tests.end_to_end import kill_books
from tests.end_to_end.broker_village import ROOT, Village
from tests.end_to_end.kill_storm import Storm, plan
from tests.server_process import ServerProcess

CODES = ("damane", "tangasgo")
KILLS = int(os.environ.get("KAYASOL_KILLS", "50"))
WIPES = 2
DAYS = int(os.environ.get("KAYASOL_KILL_DAYS", "30"))
HIT_SHARE_PERCENT = 80
"""Of the kills must have hit somebody with bytes on their way, or the drain was over too early."""
BYTES_A_DAY, BYTES_A_DAY_WITH_STORES = 3_000, 1_500
"""So many for each day of backlog may pass between two kills at most, so that the drain outlasts them. Fewer where
stores are killed too: what passes on ingest's line is of all sites, and so is what they make up for meanwhile."""
PAST_LIMIT_S = 900
FIGURES_LIMIT_S = 600
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Draw:
    """What a run is made of."""

    seed: int
    from_ms: int
    to_ms: int
    began_s: float

    @classmethod
    def make(cls) -> Draw:
        """The month until now; says at once how to replay it."""
        seed = int(os.environ.get("KAYASOL_KILL_SEED") or random.SystemRandom().randrange(10**9))
        sys.stdout.write(f"KAYASOL_KILL_SEED={seed} KAYASOL_KILLS={KILLS} KAYASOL_KILL_DAYS={DAYS}\n")
        to_ms = time.time_ns() // 10**6 // 60_000 * 60_000
        return cls(seed, to_ms - DAYS * DAY_MS, to_ms, time.monotonic())


@dataclass(frozen=True, slots=True)
class Settled:
    """All has arrived and every day has its figures; server and stores still run."""

    storm: Storm
    store: Store
    tills: Mapping[str, Sum]
    """Site -> what its customers paid, by the simulator's own books and the attendant's slips."""


@contextmanager
def stormed(
    village: Village, draw: Draw, stores: Mapping[str, ServerProcess], capsys: pytest.CaptureFixture[str]
) -> Iterator[Settled]:
    """Live through the month, let it drain under kills, wait until the office has settled."""
    _live_through_past(village, draw)
    lived_s = time.monotonic() - draw.began_s
    storm = Storm(village, draw.seed, stores)
    store = None
    try:
        storm.start()
        most_bytes = DAYS * (BYTES_A_DAY_WITH_STORES if stores else BYTES_A_DAY)
        for strike in plan(draw.seed, storm.parties, KILLS, WIPES, most_bytes):
            storm.strike(strike)
        stormed_s = time.monotonic() - draw.began_s - lived_s
        storm.drain()
        store = Store.open(village.settings.database)
        _wait_for_figures(storm, store)
        total_s = time.monotonic() - draw.began_s
        with capsys.disabled():
            sys.stdout.write(
                f"\nseed {draw.seed}: {DAYS} days of {len(CODES)} sites lived in {lived_s:.0f} s, {KILLS} kills "
                f"in {stormed_s:.0f} s, {total_s:.0f} s in all\n{storm.told()}\n{dict(+kill_books.counted(store))}\n"
            )
        paid = {code: _plus(sums.of_simulator(village.places, code), storm.cashiers[code].sum) for code in CODES}
        yield Settled(storm, store, paid)
    finally:
        sys.stdout.write("\n".join(storm.story) + "\n")
        storm.close()
        if store is not None:
            store.close()


def assert_books_agree(places: Places, code: str, store: Store, till: Sum, pages_port: int) -> None:
    """Till = edge = SQL = API, record by record; nothing missing, nothing for a person to look into."""
    assert till.sales > DAYS
    assert sums.of_kiosk(places, code) == till
    assert sums.of_server(store, code) == till
    assert sums.of_api(pages_port, code) == till
    state = places.state(code)
    assert kill_books.records_at_server(store, code) == kill_books.records_at_edge(state)
    stream, head = kill_books.rows_at_edge(state)
    assert kill_books.streams_at_server(store, code) == [(stream, head, "")]
    assert not any(kill_books.oddities(store, code).values()), kill_books.oddities(store, code)


def assert_it_was_a_storm(storm: Storm) -> None:
    """Everybody was hit in the middle of something, and stores with something in them were lost."""
    assert storm.kills.total() == KILLS
    assert storm.hits.total() * 100 >= KILLS * HIT_SHARE_PERCENT, storm.hits
    assert min(storm.hits[victim] for victim in storm.parties) > 0
    assert len(storm.wiped_octets) == WIPES
    assert min(storm.wiped_octets) > 0


def _live_through_past(village: Village, draw: Draw) -> None:
    """All sites at once, each in a process of its own."""
    started = []
    for code in village.codes:
        village.agent_config(code, 1)
        words = [code, str(village.places.root), str(draw.from_ms), str(draw.to_ms), str(draw.seed)]
        command = [sys.executable, "-m", "tests.end_to_end.kill_backlog", *words]
        started.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True))
    for process in started:
        _, words_at_end = process.communicate(timeout=PAST_LIMIT_S)
        assert process.returncode == 0, words_at_end


def _plus(one: Sum, other: Sum) -> Sum:
    return Sum(one.sales + other.sales, one.amount_minor + other.amount_minor)


def _wait_for_figures(storm: Storm, store: Store) -> None:
    """Until no boot waits for another date and no day of any site for its figures."""

    def settled() -> bool:
        with store.read() as connection:
            return not boots.to_redate(connection, 1) and not day_table.dirty_days(connection, 1)

    storm.until(settled, FIGURES_LIMIT_S, "figures of all days")
