"""Named texts that must survive with the database, such as the epoch of acknowledgements. Knows not what they mean."""

from __future__ import annotations

from sqlalchemy import Connection, select

from store.schema import setting
from store.upsert import upsert


def get(connection: Connection, name: str) -> str | None:
    """The text under a name."""
    return connection.scalar(select(setting.c.value).where(setting.c.name == name))


def put(connection: Connection, name: str, value: str) -> None:
    """Keep a text under a name, in place of the one before."""
    upsert(connection, setting, {"name": name, "value": value})
