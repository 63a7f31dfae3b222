"""A month's backlog drains through real processes while they are killed fifty times: every franc and row arrives once.

KAYASOL_KILL_SEED replays a run's draws, KAYASOL_KILLS and KAYASOL_KILL_DAYS make it longer or shorter.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kayasol.demo import sums
from kayasol.demo.places import Places
from kayasol.demo.sums import Sum
from store import days as day_table
from store.engine import Store
from tests.end_to_end import kill_books
from tests.end_to_end.broker_village import ROOT, Village, quick_folder
from tests.end_to_end.kill_storm import BROKER, SERVE, Storm, plan

CODES = ("damane", "tangasgo")
KILLS = int(os.environ.get("KAYASOL_KILLS", "50"))
WIPES = 2
DAYS = int(os.environ.get("KAYASOL_KILL_DAYS", "30"))
HIT_SHARE_PERCENT = 80
"""Of the kills must have hit somebody with bytes on their way, or the drain was over too early."""
BYTES_A_DAY = 3_000
"""So many for each day of backlog may pass between two kills at most, so that the drain outlasts them."""
PAST_LIMIT_S = 600
FIGURES_LIMIT_S = 120
DAY_MS = 86_400_000

pytestmark = [pytest.mark.serial, pytest.mark.slow]


@pytest.fixture
def root() -> Iterator[Path]:
    with quick_folder("kill") as folder:
        yield folder


def live_through_past(village: Village, from_ms: int, to_ms: int, seed: int) -> None:
    """All sites at once, each in a process of its own."""
    started = []
    for code in village.codes:
        village.agent_config(code, 1)
        words = [code, str(village.places.root), str(from_ms), str(to_ms), str(seed)]
        command = [sys.executable, "-m", "tests.end_to_end.kill_backlog", *words]
        started.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True))
    for process in started:
        _, words_at_end = process.communicate(timeout=PAST_LIMIT_S)
        assert process.returncode == 0, words_at_end


def plus(one: Sum, other: Sum) -> Sum:
    return Sum(one.sales + other.sales, one.amount_minor + other.amount_minor)


def wait_for_figures(storm: Storm, store: Store) -> None:
    """Until no day of any site waits for its figures."""

    def settled() -> bool:
        with store.read() as connection:
            return not day_table.dirty_days(connection, 1)

    storm.until(settled, FIGURES_LIMIT_S, "figures of all days")


def assert_books_agree(places: Places, code: str, store: Store, till: Sum, pages_port: int) -> None:
    state = places.state(code)
    assert sums.of_kiosk(places, code) == till
    assert sums.of_server(store, code) == till
    assert sums.of_api(pages_port, code) == till
    assert kill_books.records_at_server(store, code) == kill_books.records_at_edge(state)
    stream, head = kill_books.rows_at_edge(state)
    assert kill_books.streams_at_server(store, code) == [(stream, head, "")]
    assert kill_books.rows_at_server(store, code) == head
    assert not any(kill_books.oddities(store, code).values()), kill_books.oddities(store, code)


def test_the_books_agree_after_fifty_kills_in_the_drain(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("KAYASOL_KILL_SEED") or random.SystemRandom().randrange(10**9))
    sys.stdout.write(f"KAYASOL_KILL_SEED={seed} KAYASOL_KILLS={KILLS} KAYASOL_KILL_DAYS={DAYS}\n")
    began_s = time.monotonic()
    to_ms = time.time_ns() // 10**6 // 60_000 * 60_000
    village = Village(root, CODES, to_ms - DAYS * DAY_MS)
    live_through_past(village, to_ms - DAYS * DAY_MS, to_ms, seed)
    lived_s = time.monotonic() - began_s

    storm = Storm(village, seed)
    store = None
    try:
        storm.start()
        for strike in plan(seed, CODES, KILLS, WIPES, DAYS * BYTES_A_DAY):
            storm.strike(strike)
        stormed_s = time.monotonic() - began_s - lived_s
        storm.drain()
        store = Store.open(village.settings.database)
        wait_for_figures(storm, store)
        total_s = time.monotonic() - began_s
        with capsys.disabled():
            sys.stdout.write(
                f"\nseed {seed}: {DAYS} days of {len(CODES)} sites lived in {lived_s:.0f} s, {KILLS} kills "
                f"in {stormed_s:.0f} s, {total_s:.0f} s in all\n{storm.told()}\n{dict(+kill_books.counted(store))}\n"
            )
        for code in CODES:
            till = plus(sums.of_simulator(village.places, code), storm.cashiers[code].sum)
            assert till.sales > DAYS
            assert_books_agree(village.places, code, store, till, village.pages_port)
        assert storm.kills.total() == KILLS
        assert storm.hits.total() * 100 >= KILLS * HIT_SHARE_PERCENT, storm.hits
        assert min(storm.hits[victim] for victim in (BROKER, SERVE, *CODES)) > 0
        assert len(storm.wiped_octets) == WIPES
        assert min(storm.wiped_octets) > 0
    finally:
        sys.stdout.write("\n".join(storm.story) + "\n")
        storm.close()
        if store is not None:
            store.close()
