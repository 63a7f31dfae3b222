"""Databases that are away, full, locked or shared: what a caller is told, and that nothing is half done."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store import engine as engine_module
from store import ledger_logs, settings
from store.engine import Store
from store.errors import RepairFirst, RetryLater
from store.ledger_logs import Branch, Log
from store.migrate import upgrade
from store.readings.sql import SqlReadings
from tests.postgresql import PostgresServer
from tests.store.readings_contract import BOOT, MINUTE, SITE, START, volts

WAIT_S = 20.0
LOG = "ab" * 16
on_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


def put(store: Store, name: str, value: str = "x") -> None:
    with store.write() as connection:
        settings.put(connection, name, value)


def get(store: Store, name: str) -> str | None:
    with store.read() as connection:
        return settings.get(connection, name)


def together(*actions: Callable[[], None]) -> list[BaseException]:
    """Run each in a thread of its own; what they raised."""
    raised: list[BaseException] = []

    def run(action: Callable[[], None]) -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001 -- the test looks at it
            raised.append(error)

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert not any(thread.is_alive() for thread in threads)
    return raised


def test_a_postgresql_that_restarts_is_tried_again_and_keeps_what_was_committed(own_postgres: PostgresServer) -> None:
    url = own_postgres.new_database()
    upgrade(url)
    store = Store.open(url)
    readings = SqlReadings(store)
    put(store, "a")
    readings.write(SITE, BOOT, [volts([1])])
    own_postgres.kill9()
    with pytest.raises(RetryLater):
        put(store, "b")
    with pytest.raises(RetryLater):
        readings.latest(SITE)
    own_postgres.start()
    readings.write(SITE, BOOT, [volts([2], START + MINUTE)])
    assert (get(store, "a"), get(store, "b")) == ("x", None)
    assert readings.series(SITE, "mppt", "battery_voltage_v", 0, 2**60).values == [1, 2]
    store.close()


def test_a_postgresql_that_goes_away_in_the_middle_takes_the_whole_transaction(own_postgres: PostgresServer) -> None:
    url = own_postgres.new_database()
    upgrade(url)
    store = Store.open(url)

    def cut_off() -> None:
        with store.write() as connection:
            settings.put(connection, "a", "x")
            own_postgres.kill9()
            settings.put(connection, "b", "x")

    with pytest.raises(RetryLater):
        cut_off()
    own_postgres.start()
    assert (get(store, "a"), get(store, "b")) == (None, None)
    put(store, "a")
    store.close()


def test_a_database_that_does_not_exist_is_for_a_person(postgres: PostgresServer) -> None:
    store = Store.open(postgres.url("nowhere"))
    with pytest.raises((RepairFirst, RetryLater), match="nowhere"):
        get(store, "a")
    store.close()


@on_postgresql
def test_two_that_wait_for_each_other_are_parted_and_one_tries_again(store: Store) -> None:
    put(store, "a")
    put(store, "b")
    both_hold_one = threading.Barrier(2)

    def change(first: str, second: str) -> Callable[[], None]:
        def run() -> None:
            with store.write() as connection:
                settings.put(connection, first, "changed")
                both_hold_one.wait(WAIT_S)
                settings.put(connection, second, "changed")

        return run

    (raised,) = together(change("a", "b"), change("b", "a"))
    assert isinstance(raised, RetryLater)
    assert (get(store, "a"), get(store, "b")) == ("changed", "changed")


def test_the_head_of_a_log_moves_by_one_worker_at_a_time(store: Store, url: str) -> None:
    other = Store.open(url)
    opened = Log(LOG, SITE, "d" * 16, "XOF", "", False, 1)
    with store.write() as connection:
        ledger_logs.open_log(connection, opened)
        ledger_logs.save_branch(connection, Branch(LOG, 0, "", 0, "h" * 64, 0, 0, 0, "", 0, 0))

    def work(mine: Store) -> Callable[[], None]:
        def run() -> None:
            for _ in range(40):
                with mine.write() as connection:
                    ledger_logs.lock_log(connection, LOG)
                    (head,) = ledger_logs.branches(connection, LOG)
                    moved = Branch(LOG, 0, "", head.seq + 1, "h" * 64, head.sum_in + 100, 0, 0, "", 0, 0)
                    ledger_logs.save_branch(connection, moved)

        return run

    assert together(work(store), work(other)) == []
    with store.read() as connection:
        (head,) = ledger_logs.branches(connection, LOG)
    assert (head.seq, head.sum_in) == (80, 8_000)
    other.close()


def test_two_workers_write_the_same_new_boot_and_series_at_once(store: Store, url: str) -> None:
    other = Store.open(url)
    start_together = threading.Barrier(2)

    def work(mine: Store, first: int) -> Callable[[], None]:
        readings = SqlReadings(mine)

        def run() -> None:
            start_together.wait(WAIT_S)
            for number in range(first, 40, 2):
                readings.write(SITE, BOOT, [volts([number], START + number * MINUTE)])

        return run

    assert together(work(store, 0), work(other, 1)) == []
    readings = SqlReadings(store)
    assert readings.series(SITE, "mppt", "battery_voltage_v", 0, 2**60).values == list(range(40))
    readings.delete_boot(SITE, BOOT)
    assert readings.latest(SITE) == {}
    other.close()


@on_postgresql
def test_a_number_that_one_worker_takes_back_was_never_used_by_another(store: Store) -> None:
    readings = SqlReadings(store)
    made = threading.Event()
    give_up = threading.Event()

    def take_back() -> None:
        with store.write():
            readings.write(SITE, BOOT, [volts([1])])
            made.set()
            assert give_up.wait(WAIT_S)
            raise KeyError

    def write_the_same() -> None:
        assert made.wait(WAIT_S)
        threading.Timer(0.2, give_up.set).start()  # by then this thread waits for the other's uncommitted rows
        readings.write(SITE, BOOT, [volts([2])])

    (raised,) = together(take_back, write_the_same)
    assert isinstance(raised, KeyError)
    assert SqlReadings(store).series(SITE, "mppt", "battery_voltage_v", 0, 2**60).values == [2]


@on_sqlite
def test_a_full_disk_is_for_a_person_and_takes_the_whole_transaction(store: Store) -> None:
    readings = SqlReadings(store)
    readings.write(SITE, BOOT, [volts([1])])
    with store.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(RepairFirst, match="full"):
        readings.write(SITE, BOOT, [volts(list(range(20_000)), START + MINUTE)])
    assert readings.series(SITE, "mppt", "battery_voltage_v", 0, 2**60).values == [1]


def test_a_file_that_another_program_holds_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "BUSY_MS", 0)
    file = tmp_path / "kayasol.db"
    upgrade(f"sqlite:///{file}")
    store = Store.open(f"sqlite:///{file}")
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(RetryLater, match="another program"):
        put(store, "a")
    holder.execute("ROLLBACK")
    holder.close()
    put(store, "a")
    assert get(store, "a") == "x"
    store.close()


def test_a_file_that_is_no_database_is_for_a_person(tmp_path: Path) -> None:
    file = tmp_path / "kayasol.db"
    file.write_bytes(b"not a database" * 1000)
    with pytest.raises(RepairFirst, match="no SQLite database"):
        upgrade(f"sqlite:///{file}")
