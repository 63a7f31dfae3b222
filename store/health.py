"""What is asked of all sites at once to tell how the server stands: answers, bytes, blocks that wait."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from store.schema import arrival, block, down_state
from store.schema_rows import WAITING


def octets_by_site(connection: Connection, start_ms: int, end_ms: int) -> dict[str, int]:
    """Bytes of the frames that came in [start, end), headers of MQTT and TLS not counted."""
    table = arrival.c
    query = select(table.site, func.sum(table.octets)).where(table.slot_ms >= start_ms, table.slot_ms < end_ms)
    return {site: int(octets) for site, octets in connection.execute(query.group_by(table.site))}


def answered_ms(connection: Connection) -> dict[tuple[str, str], int]:
    """When each device, (site, device), was answered last."""
    table = down_state.c
    return {
        (row.site, row.dev): row.sent_ms for row in connection.execute(select(table.site, table.dev, table.sent_ms))
    }


def waiting_blocks(connection: Connection) -> dict[tuple[str, str], int]:
    """How many blocks wait: (site, `parked` or `undated`) -> count."""
    table = block.c
    query = select(table.site, table.state, func.count()).where(WAITING)
    rows = connection.execute(query.group_by(table.site, table.state))
    return {(site, state): int(number) for site, state, number in rows}
