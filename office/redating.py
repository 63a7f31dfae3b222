"""Dates boots anew: when a better time fix comes, a boot's readings and records move to where they belong.

A readings store that was lost or exchanged is led back to what the archive says in the same way.

Step by step, so that ingest never waits long, and each step may be the last before a power cut: first what is dated by
the old fix goes and the new one holds, then the archive's blocks are written again. Which fix is better is said by
kiosk.time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection

from kiosk.errors import WireError
from kiosk.time import DAY_MS, day_of
from kiosk.wire.block import Columns, decode_columns
from kiosk.wire.schema import Schema
from store import blocks, boots, counters, days
from store.boots import Boot
from store.engine import Store
from store.readings.base import ReadingsStore
from store.readings.dated import DatedBlock, datable, days_of, flagged_of

BLOCKS_A_STEP = 100
"""Written in one transaction: some tenths of a second on a small machine."""
DAYS_MAX = 400

_Readable = tuple[blocks.Block, Columns, Schema]


class Redating:
    """Works off `boot.needs_redating`."""

    def __init__(self, store: Store, readings: ReadingsStore, clock: Callable[[], int]) -> None:
        """`clock` gives UTC milliseconds."""
        self._store = store
        self._readings = readings
        self._clock = clock

    def begin_anew(self, site: str) -> int:
        """Let all dated boots of a site wait to be written from the archive; gives how many.

        From here on it is work like any other: `run_once`, here or in a server that runs beside, does it, and a power
        cut only interrupts it.
        """
        with self._store.read() as connection:
            named = [state.boot for state in boots.of_site(connection, site)]
        begun = 0
        for boot_id in named:
            with self._store.write() as connection:
                boot = boots.get(connection, site, boot_id)
                if boot is None or boot.fix is None or (boot.offset_ms is None and boot.needs_redating):
                    continue
                # Without a date nothing of it counts as written: whoever dates it removes first what is there.
                blocks.set_boot_undated(connection, site, boot_id)
                boots.save(connection, boot._replace(offset_ms=None, needs_redating=True))
                begun += 1
        return begun

    def run_once(self) -> bool:
        """One step for one boot; False if no boot waits."""
        with self._store.write() as connection:
            waiting = boots.to_redate(connection, 1)
            boot = boots.get(connection, waiting[0].site, waiting[0].boot) if waiting else None
            if boot is None:
                return False
            if boot.fix is None:
                boots.save(connection, boot._replace(needs_redating=False))
                return True
            if boot.offset_ms != boot.fix.utc_at(0):
                self._move(connection, boot)
            elif not self._write_blocks(connection, boot, boot.offset_ms):
                boots.save(connection, boot._replace(needs_redating=False))
            return True

    def _move(self, connection: Connection, boot: Boot) -> None:
        """Take away what the old fix dated, date the records, and let the blocks wait to be written."""
        self._readings.delete_boot(boot.site, boot.boot)
        blocks.delete_flagged(connection, boot.site, boot.boot)
        blocks.set_boot_undated(connection, boot.site, boot.boot)
        moved, touched = boots.adopt_fix(connection, boot)
        days.mark_dirty(connection, boot.site, {*touched, *_days_of_boot(boot), *_days_of_boot(moved)}, self._clock())

    def _write_blocks(self, connection: Connection, boot: Boot, offset_ms: int) -> bool:
        """Write the next blocks that wait; False if none does that can be dated."""
        after_id = 0
        while found := blocks.of_boot(
            connection, boot.site, boot.boot, (blocks.UNDATED,), after_id=after_id, limit=BLOCKS_A_STEP
        ):
            readable = [pair for block in found if (pair := _columns(connection, block, offset_ms)) is not None]
            if readable:
                self._write(connection, boot, offset_ms, readable)
                blocks.set_state(connection, [block.id for block, _, _ in readable], blocks.WRITTEN)
                return True
            # These have no date that can be true by this fix; they go on waiting for a better one.
            after_id = found[-1].id
        return False

    def _write(self, connection: Connection, boot: Boot, offset_ms: int, readable: Sequence[_Readable]) -> None:
        self._readings.write_many(
            [DatedBlock(boot.site, columns, schema, offset_ms) for _, columns, schema in readable]
        )
        touched: set[str] = set()
        for _, columns, schema in readable:
            blocks.add_flagged(connection, flagged_of(columns, schema, boot.site, offset_ms))
            touched |= days_of(columns, offset_ms)
        days.mark_dirty(connection, boot.site, touched, self._clock())


def _columns(connection: Connection, block: blocks.Block, offset_ms: int) -> _Readable | None:
    """A block with what is in it, None where it cannot be read or has no date that can be true."""
    schema = blocks.get_schema(connection, block.site, block.schema_hash)
    if schema is None:
        blocks.set_state(connection, [block.id], blocks.PARKED)
        return None
    try:
        columns = decode_columns(block.body, len(schema.columns))
    except WireError:
        blocks.set_state(connection, [block.id], blocks.REFUSED)
        counters.add(connection, {"redating_refused_blocks": 1})
        return None
    return (block, columns, schema) if datable(columns, offset_ms) else None


def _days_of_boot(boot: Boot) -> Iterable[str]:
    """The civil days that the boot touches by its present date; of one that claims to be years long, the last ones."""
    if boot.start_ms is None or boot.end_ms is None:
        return []
    last = boot.end_ms // DAY_MS
    return [day_of(number * DAY_MS) for number in range(max(boot.start_ms // DAY_MS, last - DAYS_MAX), last + 1)]
