"""edge.db: versions, commits, the reserve, damage."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest

from edge_agent import state_file
from edge_agent.outbox.database import BallastFile, Database, StorageBroken, StorageFull


def test_it_is_wal_and_every_commit_is_on_the_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "edge.db", BallastFile(tmp_path / "ballast", 4_096))
    assert database.row("PRAGMA journal_mode") == ("wal",)
    assert database.row("PRAGMA synchronous") == (2,)
    assert database.row("PRAGMA user_version") == (1,)
    database.close()


def test_a_newer_file_is_not_touched(tmp_path: Path) -> None:
    Database(tmp_path / "edge.db", BallastFile(tmp_path / "ballast", 4_096)).close()
    connection = sqlite3.connect(tmp_path / "edge.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StorageBroken, match="install a newer agent"):
        Database(tmp_path / "edge.db", BallastFile(tmp_path / "ballast", 4_096))


def test_what_fails_inside_a_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "edge.db", BallastFile(tmp_path / "ballast", 4_096))

    def half_done() -> None:
        with database.transaction():
            database.write("INSERT INTO schema VALUES ('a', x'00', 0)")
            raise KeyError("an error of the caller")

    with pytest.raises(KeyError):
        half_done()
    assert database.rows("SELECT * FROM schema") == []
    database.close()


def test_a_full_disk_is_told_from_other_errors(tmp_path: Path) -> None:
    database = Database(tmp_path / "edge.db", BallastFile(tmp_path / "ballast", 4_096), page_limit=22)

    def fill() -> None:
        for number in range(200):
            with database.transaction():
                database.write("INSERT INTO schema VALUES (?, zeroblob(4000), 0)", (str(number),))

    with pytest.raises(StorageFull, match="free some space"):
        fill()
    with pytest.raises(sqlite3.OperationalError), database.transaction():
        database.write("INSERT INTO nowhere VALUES (1)")
    database.close()


def test_the_reserve_is_given_out_and_taken_back(tmp_path: Path) -> None:
    database = Database(tmp_path / "edge.db", BallastFile(tmp_path / "ballast", 100_000))
    assert (tmp_path / "ballast").stat().st_size == 100_000
    assert database.release_ballast()
    assert not (tmp_path / "ballast").exists()
    assert not database.release_ballast()
    assert database.short_of_space
    assert database.recover()
    assert (tmp_path / "ballast").stat().st_size == 100_000
    database.close()


@pytest.mark.parametrize("where", [0, 4_096])
def test_a_damaged_file_is_kept_aside_and_a_new_one_is_begun(tmp_path: Path, where: int) -> None:
    log = logging.getLogger("edge")
    database, why = state_file.open_or_renew(tmp_path, log)
    assert why == ""
    database.close()
    raw = bytearray((tmp_path / "edge.db").read_bytes())
    raw[where : where + 4_096] = b"\xa5" * 4_096
    (tmp_path / "edge.db").write_bytes(raw)
    database, why = state_file.open_or_renew(tmp_path, log)
    assert why == "store-unreadable"
    kept = (tmp_path / "edge.db.broken-1").read_bytes()
    assert (len(kept), kept[4_096:]) == (len(raw), bytes(raw[4_096:]))
    database.close()
