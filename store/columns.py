"""What the tables are made of: names of constraints, widths of ids, kinds of columns. Knows no table."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, String, text

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SITE, DEVICE, BOOT, LOG, STREAM, HASH, KEY = (String(size) for size in (24, 16, 16, 32, 32, 64, 16))
DAY = String(10)
ROW_ID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up by itself only in a column that is spelled INTEGER."""


def whole(name: str, *, null: bool = False, default: int | None = None) -> Column[int]:
    """A 64-bit integer: a time, an amount, a number of something."""
    return Column(name, BigInteger, nullable=null, server_default=None if default is None else text(str(default)))


def flag(name: str) -> Column[bool]:
    """Yes or no; no unless said."""
    return Column(name, Boolean, nullable=False, server_default=text("false"))


def words(name: str, size: int, default: str | None = "") -> Column[str]:
    """A bounded text, "" unless said; with `default` None it must be said."""
    given = None if default is None else text(f"'{default}'")
    return Column(name, String(size), nullable=False, server_default=given)
