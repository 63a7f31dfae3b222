"""The port of a readings store: integers by (site, device, metric), boot and UTC milliseconds. Knows no engine.

Values are integers in the metric's resolution: value x 10^decimals of the unit in the metric's name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

POINTS_MAX = 200_000
"""So many raw points are given at once: 138 days of one metric, one a minute."""

BUCKETS_MAX = 10_000


class Series(NamedTuple):
    """One metric of one device over time, oldest first.

    No dataclass, because fourteen of them are made of each block and a tuple takes a quarter of the time.
    """

    device: str
    metric: str
    decimals: int
    times_ms: list[int]
    """UTC."""
    values: list[int]


class Values(Protocol):
    """What is written of one boot."""

    @property
    def site(self) -> str:
        """The site's code."""

    @property
    def boot(self) -> str:
        """The boot's id."""

    @property
    def rows(self) -> int:
        """Instants of the longest series."""

    @property
    def columns(self) -> Sequence[Series]:
        """One a device and metric."""


class Batch(NamedTuple):
    """Values as series; dated.DatedBlock has them as they came."""

    site: str
    boot: str
    columns: Sequence[Series]

    @property
    def rows(self) -> int:
        """Instants of the longest series."""
        return max((len(column.values) for column in self.columns), default=0)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Values that a readings store will never take."""

    site: str
    boot: str
    series: Series
    reason: str


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest value of a series."""

    utc_ms: int
    value: int
    decimals: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a series was in [start, start + interval)."""

    start_ms: int
    mean: float
    """In the resolution, like the integers beside it."""
    low: int
    high: int
    last: int
    count: int


@dataclass(frozen=True, slots=True)
class Channel:
    """A metric of a device that a site has values of."""

    device: str
    metric: str
    decimals: int


class ReadingsStore(Protocol):
    """What every readings store does. Each call may raise RetryLater or RepairFirst, and then may be made again."""

    beside: bool
    """Keeps its values outside the ledger's database: `write_many` may run in a thread beside the transaction's."""

    def write(self, site: str, boot: str, columns: Sequence[Series]) -> None:
        """Keep the values; what is there under the same site, device, metric, boot and time is overwritten.

        Raises RefusedValues when all but some are written.
        """

    def write_many(self, batches: Sequence[Values]) -> None:
        """As `write`, for many boots at once: a store behind a network takes ten times as many values a second."""

    def has_boot(self, site: str, boot: str) -> bool:
        """Whether any value of a boot is there."""

    def delete_boot(self, site: str, boot: str) -> None:
        """Remove all values of one boot, before they are written again under another date."""

    def latest(self, site: str) -> dict[tuple[str, str], Latest]:
        """The newest value of each (device, metric)."""

    def series(
        self, site: str, device: str, metric: str, start_ms: int, end_ms: int, *, limit: int = POINTS_MAX
    ) -> Series:
        """Every value in [start, end); LimitError above `limit`. Empty, with decimals 0, where nothing is known."""

    def buckets(
        self, site: str, device: str, metric: str, start_ms: int, end_ms: int, *, interval_ms: int
    ) -> list[Bucket]:
        """[start, end) by intervals counted from `start`; empty ones are absent. LimitError above BUCKETS_MAX."""

    def day(self, site: str, start_ms: int, end_ms: int) -> list[Series]:
        """Everything that the site has in [start, end), by device and metric; series without values are absent."""

    def devices(self, site: str) -> list[Channel]:
        """What the site has ever sent, by device and metric."""


def check_buckets(start_ms: int, end_ms: int, interval_ms: int) -> int:
    """How many buckets are asked for. Raises ValueError for an interval or a span that is none."""
    if interval_ms < 1 or end_ms < start_ms:
        raise ValueError(f"no buckets of {interval_ms} ms from {start_ms} to {end_ms}: both must be positive")
    return -((start_ms - end_ms) // interval_ms)
