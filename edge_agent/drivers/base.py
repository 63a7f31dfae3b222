"""What the poller may ask of a driver, and the events a device can report. Knows no device and no till."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from kiosk.metric import CATALOGUE
from kiosk.reading import Reading

AGE_UNKNOWN = -1
"""`age_ms` of an event that happened before the device's last power-up: it has no clock."""

NO_TARIFF, TILL_CLOSED, STORAGE, VOID = REASONS = ("no-tariff", "till-closed", "storage", "void")
"""Why a press was refused (docs/charging-board.md, section 4): no price on the button, till closed, the sale could not
be written, taken back before it was written."""

_NOT_IN_SERIAL = re.compile(r"[^A-Za-z0-9._-]")
_SERIAL_MAX = 32


@dataclass(frozen=True, slots=True)
class Press:
    """A tariff button was pressed: a sale to record, exactly once."""

    press_id: str
    """32 hexadecimal digits; the same for every repetition of this press, for ever."""
    button: str
    """One letter, `A` is the first button."""
    age_ms: int
    """How long before its arrival it happened; AGE_UNKNOWN if that was before the board's last power-up."""
    board_boot: str
    """The power-up of the board (16 hexadecimal digits) under which it happened."""
    board_press: int
    """The board's number of it within `board_boot`, from 1."""


@dataclass(frozen=True, slots=True)
class PortOpened:
    """Something was plugged into a port of the shelf."""

    session: int
    """The board's number of the session within `board_boot`, from 1."""
    port: int
    """1 is the first port."""
    age_ms: int
    """As in Press."""
    board_boot: str


@dataclass(frozen=True, slots=True)
class PortClosed:
    """What a port delivered between plug-in and plug-out."""

    session: int
    port: int
    duration_s: int
    energy_mwh: int
    age_ms: int
    board_boot: str


Event = Press | PortOpened | PortClosed


class Driver(Protocol):
    """One device on one line. Never blocks, reads no clock, keeps a bounded amount of memory whatever arrives."""

    @property
    def driver_name(self) -> str:
        """Its key in DRIVERS."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names from the catalogue, in schema order; fixed for the driver's life."""

    @property
    def stale_ms(self) -> int:
        """A reading older than this is not given any more, and a device without one for so long is called silent."""

    def opened(self, now_ms: int) -> None:
        """The line has just been opened: forget half-received bytes, greet the device. Raises LineError."""

    def read(self, now_ms: int) -> Reading | None:
        """Take what the line has and return the newest complete reading, the same object until there is a newer one;
        None if that is older than `stale_ms`. Raises LineError."""

    def events(self) -> list[Event]:
        """What happened since last asked, oldest first; most devices never report any. Each one must be answered:
        until then it is not reported again, however often the device repeats it."""

    def answer(self, event: Event, accepted: bool, reason: str = "") -> None:
        """Tell the device that `event` is on disk (accepted), or that no sale was made of it, with one of REASONS.
        Until then the device keeps the event and sends it again. Raises LineError."""

    def counters(self) -> dict[str, int]:
        """Lifetime counts for a technician's eye: bytes, good, bad and whatever else this protocol has."""


class WithoutEvents:
    """What most drivers do about events: there are none."""

    driver_name = ""

    def events(self) -> list[Event]:
        return []

    def answer(self, event: Event, accepted: bool, reason: str = "") -> None:  # noqa: ARG002 - nothing to answer
        raise ValueError(f"{self.driver_name} reports no events, and never reported {event!r}")


class Decoder(Protocol):
    """The same protocol without a line: for looking at recorded or piped bytes."""

    good: int
    """Blocks or frames understood."""
    bad: int
    """Blocks or frames that ended, but were not right."""
    hex: int
    """HEX messages understood; 0 for protocols that have none."""

    def feed(self, raw: bytes) -> list[dict[str, object]]:
        """One JSON-able row for each block or frame understood."""


def in_units(values: Mapping[str, int]) -> dict[str, object]:
    """A decoder's row: each metric in its unit, and `implausible`, the metrics that a row of the agent would flag."""
    row: dict[str, object] = {
        metric: CATALOGUE[metric].real(value) if CATALOGUE[metric].decimals else value
        for metric, value in values.items()
    }
    doubted = [metric for metric, value in values.items() if not CATALOGUE[metric].plausible(value)]
    return row | ({"implausible": doubted} if doubted else {})


def serial_of(said: str) -> str:
    """The serial number a device gave, reduced to what a schema may hold (docs/wire.md, section 2)."""
    serial = _NOT_IN_SERIAL.sub("", said)[:_SERIAL_MAX]
    return "" if serial == "-" else serial
