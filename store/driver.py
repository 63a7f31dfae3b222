"""What psycopg learns of our own: to send packed arrays as they are. Imported only where PostgreSQL is used."""

from __future__ import annotations

from typing import Any

from psycopg.adapt import Dumper
from psycopg.pq import Format

from store.arrays import Packed


class _PackedDumper(Dumper):
    """No type is named: the cast beside each placeholder does that, and is what PostgreSQL checks the octets by."""

    oid = 0
    format = Format.BINARY

    def dump(self, obj: Packed) -> bytes:
        return obj.octets


def teach(raw: Any, _record: Any = None) -> None:
    """To be called with each new connection of the driver."""
    raw.adapters.register_dumper(Packed, _PackedDumper)
