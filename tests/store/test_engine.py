"""Transactions of the store: one writer, readers that cannot write, all or nothing."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Connection, func, insert, select

from store import settings
from store.engine import Store
from store.errors import StoreError
from store.schema import setting


def put(connection: Connection, name: str) -> None:
    connection.execute(insert(setting).values(name=name, value="x"))


def names(store: Store) -> int:
    with store.read() as connection:
        return connection.execute(select(func.count()).select_from(setting)).scalar_one()


def fail_after_writing(store: Store) -> None:
    with store.write() as connection:
        put(connection, "a")
        raise KeyError


def test_an_exception_takes_everything_back(store: Store) -> None:
    with pytest.raises(KeyError):
        fail_after_writing(store)
    assert names(store) == 0


def write_where_one_reads(store: Store) -> None:
    with store.read() as connection:
        put(connection, "a")


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError):
        write_where_one_reads(store)
    assert names(store) == 0


def test_a_reader_keeps_its_snapshot_while_a_writer_commits(store: Store) -> None:
    with store.read() as reading:
        assert settings.get(reading, "a") is None
        with store.write() as connection:
            put(connection, "a")
        assert settings.get(reading, "a") is None
    assert names(store) == 1


def test_a_second_transaction_of_the_same_thread_is_a_mistake_and_joining_is_not(store: Store) -> None:
    with store.write() as connection:
        with pytest.raises(RuntimeError), store.write():
            pass
        with store.join() as joined:
            assert joined is connection
    with store.join() as alone:
        put(alone, "a")
    assert names(store) == 1


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_threads_write_one_after_the_other(store: Store) -> None:
    def count_up() -> None:
        for _ in range(25):
            with store.write() as connection:
                known = settings.get(connection, "n")
                settings.put(connection, "n", str(int(known or 0) + 1))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        assert settings.get(connection, "n") == "100"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_commits_wait_for_the_disk(store: Store) -> None:
    with store.write() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


def test_a_store_in_memory_is_refused() -> None:
    with pytest.raises(StoreError, match="needs a file"):
        Store.open("sqlite://")
