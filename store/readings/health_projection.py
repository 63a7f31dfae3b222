"""How the server and its sites stood at an instant, as points to draw from. A witness of that moment: never made anew.

Measurement `server_health`, no tags: every counter of the database under its own name, and what waits now. Measurement
`site_health`, tag site. Integer fields; what is not known has no field. Dated at the start of its five minutes, so that
several processes that tell the same say it once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from store.readings.influxdb_http import InfluxConnection
from store.readings.line_protocol import checked

SERVER_HEALTH, SITE_HEALTH = "server_health", "site_health"
EVERY_MS = 300_000
"""A point so often."""
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}")


class HealthProjection:
    """Writes to one InfluxDB bucket."""

    def __init__(self, connection: InfluxConnection) -> None:
        self._connection = connection

    def write(self, at_ms: int, server: Mapping[str, int], sites: Mapping[str, Mapping[str, int | None]]) -> None:
        """One point of the server and one of each site that is known to be anything."""
        lines = [_line(SERVER_HEALTH, server, at_ms)]
        lines += [_line(f"{SITE_HEALTH},site={checked(site)}", known, at_ms) for site, known in sorted(sites.items())]
        self._connection.write_copy("the server's health", [line for line in lines if line])


def _line(series: str, known: Mapping[str, int | None], at_ms: int) -> str:
    fields = ",".join(f"{_checked_field(name)}={value}i" for name, value in known.items() if value is not None)
    return f"{series} {fields} {at_ms}" if fields else ""


def _checked_field(name: str) -> str:
    if not _FIELD.fullmatch(name):
        raise ValueError(f"{name!r} cannot be the name of a field")
    return name
