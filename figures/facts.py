"""Everything that is known of one site's day, frozen: the input of every figure. Must not know where it came from."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from figures.spans import Span
from kiosk.time import DAY_MS, day_of, day_start_ms

_start_ms = lru_cache(maxsize=1024)(day_start_ms)
"""Reading a date costs as much as reading ten values, and every figure asks."""

TOLD_BY = "history_days_ago"
"""A row with this metric tells of the civil day so many days before its own."""


@dataclass(frozen=True, slots=True)
class Points:
    """One metric of one device over time, rising. May begin before the day and end after it: a difference across
    midnight needs the last value before and the first after."""

    device: str
    metric: str
    decimals: int
    times_ms: Sequence[int]
    values: Sequence[int]
    """In 10^-decimals of the metric's unit."""

    @property
    def scale(self) -> int:
        """Integers of the resolution in one unit."""
        return int(10**self.decimals)


@dataclass(frozen=True, slots=True)
class BootSpan:
    """One life of the agent, dated by its time fix."""

    boot: str
    start_ms: int
    end_ms: int
    """The last instant at which it is known to have lived."""


@dataclass(frozen=True, slots=True)
class IncomeRow:
    """One ledger record that counts, as far as income goes. Amounts are signed minor units."""

    log: str
    seq: int
    at_ms: int
    """UTC."""
    kind: str
    """The record's type; for FALLBACK the type that it stands for."""
    service: str
    pay: str
    amount_minor: int
    cash_minor: int
    box_minor: int
    """In the box after this record."""


@dataclass(frozen=True, slots=True)
class PastDay:
    """What a controller remembers of a civil day, told later by its `history_*` metrics; None: it does not know.

    Its day begins where it believes midnight to be."""

    device: str
    day: str
    """YYYY-MM-DD."""
    told_ms: int
    """UTC of the row that told it: of several, one with the fewest days in between."""
    pv_energy_wh: int | None = None
    load_energy_wh: int | None = None
    pv_power_max_w: int | None = None
    battery_min_mv: int | None = None
    battery_max_mv: int | None = None
    bulk_s: int | None = None
    absorption_s: int | None = None
    float_s: int | None = None


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a figure must be told about a site; the defaults are those of a 12 V lead-acid kiosk near Kaya."""

    lat_deg: float = 13.09
    lon_deg: float = -1.08
    cutoff_mv: int = 11_700
    """The load output is switched off below this battery voltage."""
    low_margin_mv: int = 100
    """An agent that went silent with less than this above the cut-off lost its power to an empty battery."""
    warn_margin_mv: int = 300
    """A battery this near above the cut-off is shown as low."""
    agent_on_bus: bool = True
    """Whether the agent's computer is fed from the load output, so that its life proves the bus."""
    power_limit_w: int = 2_000
    """No counter of this site can grow faster: what does is another device or a misread value."""
    gap_limit_ms: int = 300_000
    """Readings further apart vouch for nothing between them."""
    rested_current_ma: int = 500
    """A battery is at rest while its current stays within this."""
    battery_device: str = ""
    """The device whose battery voltage and current are believed; empty: by figures.witness.rank."""
    battery_disagree_mv: int = 300
    """Two devices may read one battery's voltage so far apart, by cables and their own errors."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """Values of the day that were measured and not believed."""

    device: str
    metric: str
    count: int


@dataclass(frozen=True, slots=True)
class DayFacts:
    """A site's civil day (UTC, which is Africa/Ouagadougou)."""

    day: str
    """YYYY-MM-DD."""
    now_ms: int
    """A day that is not over is judged up to here."""
    series: tuple[Points, ...] = ()
    boots: tuple[BootSpan, ...] = ()
    """Those that touch the day, the last one before it and the first one after it."""
    undated_boots: int = 0
    """Boots without a clock that may have been in this day."""
    arrivals_ms: tuple[int, ...] = ()
    """Starts of the quarter hours of the day in which a frame arrived, by the server's clock."""
    cadence_s: int = 900
    """How often the site means to be heard."""
    currency: str = "XOF"
    income: tuple[IncomeRow, ...] = ()
    flagged: tuple[Flagged, ...] = ()
    rows_waiting: int = 0
    """Rows that are still at the kiosk."""
    dropped_rows: int = 0
    """Rows that the kiosk ever gave up for want of space; which days they were of is seen by what is missing."""
    parameters: Parameters = field(default_factory=Parameters)
    history: tuple[PastDay, ...] = ()
    """Of this day, and of the days that share a gap with it."""

    @property
    def start_ms(self) -> int:
        return _start_ms(self.day)

    @property
    def end_ms(self) -> int:
        return self.start_ms + DAY_MS

    @property
    def until_ms(self) -> int:
        """The end of what can be judged: now, while the day lasts. A day still to come (wrong clock) is whole."""
        return min(self.end_ms, self.now_ms) if self.now_ms > self.start_ms else self.end_ms

    @property
    def whole(self) -> Span:
        return (self.start_ms, self.until_ms)

    def in_order(self) -> DayFacts:
        """The same facts with series by name, points and boots by time, and no point twice."""
        series = tuple(_rising(points) for points in sorted(self.series, key=lambda each: (each.device, each.metric)))
        boots = tuple(sorted(self.boots, key=lambda boot: (boot.start_ms, boot.boot)))
        history = tuple(sorted(self.history, key=lambda past: (past.device, past.day)))
        return replace(self, series=series, boots=boots, history=history)

    def told_days(self) -> tuple[str, ...]:
        """Earlier days that the day's own readings tell of."""
        told = set()
        for points in self.series:
            if points.metric == TOLD_BY:
                for at_ms, days_ago in zip(points.times_ms, points.values, strict=True):
                    if self.start_ms <= at_ms < self.end_ms:
                        told.add(day_of(at_ms - days_ago * DAY_MS))
        return tuple(sorted(told))

    def edges(self) -> tuple[str, str]:
        """What was known before and after the day, as two short digests: another day's new readings concern this day
        only if one of them changes. What a controller remembers of the day is always told after it."""
        return self.in_order().edges_in_order()

    def edges_in_order(self) -> tuple[str, str]:
        """`edges` of facts that `in_order` has given."""
        before, after = hashlib.sha256(), hashlib.sha256()
        for points in self.series:
            first, last = (bisect_left(points.times_ms, at_ms) for at_ms in (self.start_ms, self.end_ms))
            for digest, part in ((before, slice(0, first)), (after, slice(last, None))):
                pairs = list(zip(points.times_ms[part], points.values[part], strict=True))
                if pairs:  # a series of the day's own readings alone is no edge
                    digest.update(f"{points.device} {points.metric} {pairs}\n".encode())
        for boot in self.boots:
            if boot.end_ms <= self.start_ms:
                before.update(f"boot {boot.end_ms}\n".encode())
            elif boot.start_ms >= self.end_ms:
                after.update(f"boot {boot.start_ms}\n".encode())
        for past in self.history:
            after.update(f"{past}\n".encode())
        return before.hexdigest()[:16], after.hexdigest()[:16]


def _rising(points: Points) -> Points:
    times_ms = list(points.times_ms)
    if all(map(int.__lt__, times_ms, times_ms[1:])):
        return points
    # Two boots dated over each other may have spoken of the same instant.
    pairs = sorted(set(zip(times_ms, points.values, strict=True)))
    return replace(points, times_ms=[at_ms for at_ms, _ in pairs], values=[value for _, value in pairs])
