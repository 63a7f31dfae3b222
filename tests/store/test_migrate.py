"""Migrations: what they make is what the tables say, up and down, and never over a newer database."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from store import migrate
from store.engine import Store
from store.errors import VersionError
from store.schema import METADATA


def test_the_steps_make_exactly_the_tables_that_the_program_uses(store: Store) -> None:
    with store.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
        migrate.check(connection)


def test_a_second_upgrade_changes_nothing(url: str, store: Store) -> None:
    migrate.upgrade(url)
    with store.read() as connection:
        migrate.check(connection)


def test_a_database_without_tables_is_told_to_migrate(empty_url: str) -> None:
    empty = Store.open(empty_url)
    with empty.read() as connection, pytest.raises(VersionError, match="kayasol migrate"):
        migrate.check(connection)
    empty.close()


def test_a_newer_database_is_left_alone(url: str, store: Store) -> None:
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(VersionError, match="newer program"):
        migrate.upgrade(url)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_readings_have_no_hidden_row_number(store: Store) -> None:
    with store.read() as connection:
        made = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'reading'").scalar_one()
        assert "WITHOUT ROWID" in made
        assert "reading" in inspect(connection).get_table_names()
