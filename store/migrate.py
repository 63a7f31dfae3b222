"""Brings a database to the schema of this program by the steps in store/migrations. Needs no file of settings."""

from __future__ import annotations

from contextlib import closing

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from store.engine import Store
from store.errors import VersionError


def upgrade(url: str, revision: str = "head") -> None:
    """Make or bring up to date the tables that `url` names; nothing is done where they are."""
    with closing(Store.open(url)) as store, store.write() as connection:
        _refuse_newer(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def check(connection: Connection) -> None:
    """Raise VersionError unless the database is at the newest step of this program."""
    found, wanted = revision(connection), ScriptDirectory.from_config(_config()).get_current_head()
    if found != wanted:
        raise VersionError(
            f"the database is at {found or 'nothing'}, this program needs {wanted}: run `kayasol migrate`"
        )


def _refuse_newer(connection: Connection) -> None:
    found = revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise VersionError(f"the database is at {found}, which this program does not know: install the newer program")


def revision(connection: Connection) -> str | None:
    """The step that a database is at; None for one without our tables."""
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "store:migrations")
    return config
