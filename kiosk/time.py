"""Clocks and time fixes: how (boot, monotonic time) becomes UTC. Reads no clock itself."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, Protocol

SOURCES = ("none", "saved", "typed", "phone", "modem", "server", "rtc", "gnss", "ntp")
"""Where a belief about UTC came from; the position is the code on the wire."""

_RANK = {"none": 0, "saved": 1, "typed": 2, "phone": 2, "modem": 3, "server": 4, "rtc": 5, "gnss": 5, "ntp": 5}

DAY_MS = 86_400_000


class Clock(Protocol):
    """What a program may ask of time."""

    def monotonic_ms(self) -> int:
        """Milliseconds since some start, never falling, counting through suspend."""

    def wall_utc_ms(self) -> int:
        """What the system believes is UTC, in milliseconds; may be years off."""


class TimeFix(NamedTuple):
    """One statement: at `mono_ms` of boot `boot`, UTC was `utc_ms`."""

    boot: str
    """Boot id, 16 hex characters."""
    mono_ms: int
    utc_ms: int
    source: str
    """One of SOURCES."""
    uncertainty_ms: int

    def utc_at(self, mono_ms: int) -> int:
        """UTC milliseconds at another monotonic instant of the same boot."""
        return self.utc_ms + (mono_ms - self.mono_ms)


def rank(source: str) -> int:
    """How far a source is believed; greater is better. Unknown words rank as none."""
    return _RANK.get(source, 0)


def supersedes(new: TimeFix, old: TimeFix | None) -> bool:
    """Whether `new` replaces `old` for the same boot: by a better rank, or at equal rank by half the uncertainty."""
    if old is None:
        return rank(new.source) > 0
    if rank(new.source) != rank(old.source):
        return rank(new.source) > rank(old.source)
    return new.uncertainty_ms * 2 < old.uncertainty_ms


def day_of(utc_ms: int) -> str:
    """The site's civil day as YYYY-MM-DD. Africa/Ouagadougou is UTC all year."""
    return _day(utc_ms // DAY_MS)


@lru_cache(maxsize=1024)
def _day(number: int) -> str:
    """By days since 1970: most questions are about the same few."""
    return datetime.fromtimestamp(number * (DAY_MS // 1000), UTC).strftime("%Y-%m-%d")


def day_start_ms(day: str) -> int:
    """UTC milliseconds at which the civil day YYYY-MM-DD begins."""
    return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) * 1000
