"""The boots section: when the edge's earlier lives were, as far as it knows. Reads no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.errors import WireError
from kiosk.time import SOURCES, TimeFix
from kiosk.wire.elements import Reader, Writer
from kiosk.wire.frame import BOOT_BYTES, read_source

BOOTS_MAX = 64

_ENTRY_MIN_BYTES = 12


@dataclass(frozen=True, slots=True)
class BootState:
    """One life of the agent and the best time fix known for it."""

    boot: str
    boot_number: int
    first_mono_ms: int
    """Monotonic milliseconds at the start of the boot's agent."""
    last_mono_ms: int
    """The last such instant known."""
    fix: TimeFix | None = None


def encode_boots(boots: Sequence[BootState]) -> bytes:
    """The section's body; 1 to 64 boots."""
    writer = Writer()
    writer.varint(len(boots), 1, BOOTS_MAX)
    for state in boots:
        writer.hex(state.boot, BOOT_BYTES)
        writer.varint(state.boot_number, 1)
        writer.varint(state.first_mono_ms)
        writer.varint(state.last_mono_ms, state.first_mono_ms)
        _write_fix(writer, state)
    return writer.octets()


def decode_boots(body: bytes) -> tuple[BootState, ...]:
    """Read the section's body."""
    reader = Reader(body)
    boots = tuple(_read_boot(reader) for _ in range(reader.count(1, BOOTS_MAX, _ENTRY_MIN_BYTES)))
    reader.end()
    return boots


def _write_fix(writer: Writer, state: BootState) -> None:
    fix = state.fix
    if fix is None:
        writer.u8(0)
        return
    if fix.boot != state.boot or fix.source not in SOURCES[1:]:
        raise WireError(f"a fix of boot {fix.boot} by {fix.source!r} does not date boot {state.boot}")
    writer.u8(SOURCES.index(fix.source))
    writer.varint(fix.mono_ms)
    writer.varint(fix.utc_ms, 1)
    writer.varint(fix.uncertainty_ms)


def _read_boot(reader: Reader) -> BootState:
    boot, number, first = reader.hex(BOOT_BYTES), reader.varint(1), reader.varint()
    last = reader.varint(first)
    source = read_source(reader)
    if source == SOURCES[0]:
        return BootState(boot, number, first, last)
    mono_ms, utc_ms, uncertainty_ms = reader.varint(), reader.varint(1), reader.varint()
    return BootState(boot, number, first, last, TimeFix(boot, mono_ms, utc_ms, source, uncertainty_ms))
