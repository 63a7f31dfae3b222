"""Lives of the agent."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from edge_agent.outbox.boots import Boots, Life
from edge_agent.outbox.database import BallastFile, Database
from edge_agent.outbox.outbox import Outbox
from kiosk.time import TimeFix

UTC_MS = 1_790_000_000_000


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(tmp_path / "edge.db", BallastFile(tmp_path / "ballast", 4_096))
    Outbox(made, chunk_rows=15, rows_max=1_000, entropy=random.Random(1).randbytes)
    return made


def begin(database: Database, folder: Path, now_ms: int, machine: str = "") -> tuple[Boots, Life]:
    boots = Boots(database, folder / "boot.number")
    return boots, boots.begin(now_ms, machine, random.Random(now_ms).randbytes)


def save(database: Database, boots: Boots, number: int, fix: TimeFix) -> None:
    with database.transaction():
        database.write(*boots.fix_statement(number, fix))


def test_numbers_grow_and_the_life_before_is_known(database: Database, tmp_path: Path) -> None:
    _, first = begin(database, tmp_path, 100)
    with database.transaction():
        database.write("UPDATE state SET last_mono_ms = 90000")
    _, second = begin(database, tmp_path, 200)
    assert (first.number, first.before, second.number) == (1, None, 2)
    assert second.before is not None
    assert (second.before.boot, second.before.first_mono_ms, second.before.last_mono_ms) == (first.boot, 100, 90_000)
    database.close()


def test_the_number_survives_the_loss_of_the_database(database: Database, tmp_path: Path) -> None:
    for now_ms in (1, 2, 3):
        begin(database, tmp_path, now_ms)
    database.close()
    (tmp_path / "edge.db").unlink()
    renewed = Database(tmp_path / "edge.db", BallastFile(tmp_path / "ballast", 4_096))
    Outbox(renewed, chunk_rows=15, rows_max=1_000, entropy=random.Random(2).randbytes)
    _, life = begin(renewed, tmp_path, 4)
    assert life.number == 4
    renewed.close()


def test_a_damaged_number_file_does_not_keep_the_agent_from_starting(database: Database, tmp_path: Path) -> None:
    (tmp_path / "boot.number").write_text("not a number")
    _, life = begin(database, tmp_path, 1)
    assert life.number == 1
    database.close()


@pytest.mark.parametrize(("machine", "carried"), [("m1", True), ("m2", False), ("", False)])
def test_a_fix_is_carried_over_only_within_one_start_of_the_machine(
    database: Database, tmp_path: Path, machine: str, carried: bool
) -> None:
    boots, first = begin(database, tmp_path, 100, "m1")
    save(database, boots, 1, TimeFix(first.boot, 500, UTC_MS, "server", 40))
    _, second = begin(database, tmp_path, 9_000, machine)
    assert second.carried == (TimeFix(second.boot, 500, UTC_MS, "server", 40) if carried else None)
    database.close()


def test_a_life_is_told_until_the_server_has_it_as_it_stands(database: Database, tmp_path: Path) -> None:
    boots, first = begin(database, tmp_path, 100)
    boots, second = begin(database, tmp_path, 200)
    told = boots.untold(second.number)
    assert [state.boot for state in told] == [first.boot]
    save(database, boots, 1, TimeFix(first.boot, 500, UTC_MS, "server", 40))
    with database.transaction():
        boots.mark_told(told)
    assert [state.fix is not None for state in boots.untold(second.number)] == [True], "its fix came after it was told"
    with database.transaction():
        boots.mark_told(boots.untold(second.number))
    assert boots.untold(second.number) == []
    with database.transaction():
        boots.tell_again()
    assert len(boots.untold(second.number)) == 1
    database.close()
