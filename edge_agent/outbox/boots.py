"""Lives of the agent: a persistent number, a random id, a start, an end, and the best clock each has met.

Knows no row and no money. The number is also kept in a small file of its own, so that it never falls, not even when
edge.db had to be started anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge_agent.outbox.database import Database
from kiosk.time import TimeFix
from kiosk.wire.boots import BOOTS_MAX, BootState

BOOT_ID_BYTES = 8
_COLUMNS = "number, boot, machine, first_mono_ms, last_mono_ms, fix_source, fix_mono_ms, fix_utc_ms, fix_unc_ms"
_NUMBER_DIGITS_MAX = 15
_SET_FIX = "UPDATE boot SET fix_source = ?, fix_mono_ms = ?, fix_utc_ms = ?, fix_unc_ms = ?, told = 0 WHERE number = ?"


@dataclass(frozen=True, slots=True)
class Life:
    """This life of the agent."""

    boot: str
    """16 hex, random."""
    number: int
    first_mono_ms: int
    before: BootState | None
    """The life before this one, if any."""
    carried: TimeFix | None
    """The earlier life's fix restated for this one, where the machine itself has not restarted in between."""
    uptime_before_ms: int
    """Uptime since the last seal, as far as earlier lives have told."""


class Boots:
    """The table of lives."""

    def __init__(self, database: Database, number_file: Path) -> None:
        self._database = database
        self._number_file = number_file

    def begin(self, now_ms: int, machine: str, entropy: Callable[[int], bytes]) -> Life:
        """Open a new life on the disk. `machine` is the operating system's own boot id, "" if unknown."""
        newest = self._database.row(f"SELECT {_COLUMNS} FROM boot ORDER BY number DESC LIMIT 1")  # noqa: S608
        last_mono_ms, uptime_ms = self._database.row("SELECT last_mono_ms, seal_uptime_ms FROM state")
        before = None
        if newest is not None:
            before = _state_of((*newest[:4], max(last_mono_ms, newest[3]), *newest[5:]))
        number = max(before.boot_number if before else 0, _read_number(self._number_file)) + 1
        boot = entropy(BOOT_ID_BYTES).hex()
        carried = None
        if before is not None and before.fix is not None and machine and newest[2] == machine:
            fix = before.fix
            carried = TimeFix(boot, fix.mono_ms, fix.utc_ms, fix.source, fix.uncertainty_ms)
        with self._database.transaction():
            if before is not None:
                closing = "UPDATE boot SET last_mono_ms = ?, told = 0 WHERE number = ?"
                self._database.write(closing, (before.last_mono_ms, before.boot_number))
            self._database.write(
                "INSERT INTO boot VALUES (?, ?, ?, ?, ?, 'none', 0, 0, 0, 0)", (number, boot, machine, now_ms, now_ms)
            )
            self._database.write("UPDATE state SET last_mono_ms = ?", (now_ms,))
        _write_number(self._number_file, number)
        return Life(boot, number, now_ms, before, carried, uptime_ms)

    def fix_statement(self, number: int, fix: TimeFix) -> tuple[str, Sequence[object]]:
        """What keeps the best fix of a life, for the transaction in which it is signed."""
        return (
            _SET_FIX,
            (fix.source, fix.mono_ms, fix.utc_ms, fix.uncertainty_ms, number),
        )

    def untold(self, current: int) -> list[BootState]:
        """Earlier lives that the server has not confirmed to know as they stand, the newest first to be told."""
        rows = self._database.rows(
            f"SELECT {_COLUMNS} FROM boot WHERE told = 0 AND number < ? ORDER BY number DESC LIMIT ?",  # noqa: S608
            (current, BOOTS_MAX),
        )
        return [_state_of(row) for row in rows]

    def mark_told(self, states: Sequence[BootState]) -> None:
        """The server has these; inside the caller's transaction. A life whose fix changed meanwhile stays untold."""
        for state in states:
            self._database.write(
                "UPDATE boot SET told = 1 WHERE number = ? AND fix_source = ? AND fix_mono_ms = ? AND last_mono_ms = ?",
                (
                    state.boot_number,
                    state.fix.source if state.fix else "none",
                    state.fix.mono_ms if state.fix else 0,
                    state.last_mono_ms,
                ),
            )

    def tell_again(self) -> None:
        """The server has been set back: whatever it knew of earlier lives counts as unknown. Inside a transaction."""
        self._database.write("UPDATE boot SET told = 0")

    def state(self, number: int) -> BootState | None:
        """One life, None if it is not kept any more."""
        row = self._database.row(f"SELECT {_COLUMNS} FROM boot WHERE number = ?", (number,))  # noqa: S608
        return None if row is None else _state_of(row)

    def since(self, number: int) -> list[BootState]:
        """That life and all later ones, in order; the last known instant of the newest lags behind."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM boot WHERE number >= ? ORDER BY number", (number,))  # noqa: S608
        return [_state_of(row) for row in rows]

    def forget_before(self, number: int) -> None:
        """Drop lives that nothing kept refers to and that the server knows; inside the caller's transaction."""
        self._database.write("DELETE FROM boot WHERE number < ? AND told = 1", (number,))


def _state_of(row: Sequence[object]) -> BootState:
    number, boot, _machine, first, last, source, mono, utc, uncertainty = row
    fix = None if source == "none" else TimeFix(str(boot), int(mono), int(utc), str(source), int(uncertainty))  # type: ignore[call-overload]
    return BootState(str(boot), int(number), int(first), max(int(last), int(first)), fix)  # type: ignore[call-overload]


def _read_number(path: Path) -> int:
    with suppress(OSError, ValueError):
        return int(path.read_text("ascii")[:_NUMBER_DIGITS_MAX])
    return 0


def _write_number(path: Path, number: int) -> None:
    """Best effort: on a full disk the database alone knows the number."""
    partial = path.with_suffix(".partial")
    with suppress(OSError):
        with partial.open("w", encoding="ascii") as file:
            file.write(f"{number}\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
