"""A series that was sent in several resolutions, as one in the finest of them. Knows no engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from store.errors import LimitError
from store.readings.base import BUCKETS_MAX, Bucket, Series, check_buckets


@dataclass(frozen=True, slots=True)
class Part:
    """What a series holds in one resolution, by time."""

    decimals: int
    times_ms: list[int]
    values: list[int]


def merged(device: str, metric: str, decimals: int, parts: Sequence[Part], limit: int) -> Series:
    """One series of at least one part, none finer than `decimals`. Raises LimitError above `limit` values."""
    if sum(len(part.values) for part in parts) > limit:
        raise LimitError(f"more than {limit} values of {device} {metric}: ask for a shorter span, or for intervals")
    scaled = [_rescaled(part, decimals) for part in parts if part.values]
    if len(scaled) == 1:
        return Series(device, metric, decimals, scaled[0].times_ms, scaled[0].values)
    points = sorted(point for part in scaled for point in zip(part.times_ms, part.values, strict=True))
    return Series(device, metric, decimals, [point[0] for point in points], [point[1] for point in points])


def merged_buckets(parts: Iterable[tuple[int, Iterable[Bucket]]], decimals: int) -> list[Bucket]:
    """Buckets in several resolutions, each with its decimals, as one list in `decimals`; by start."""
    scaled = [
        (bucket.start_ms, part_decimals, _scaled(bucket, 10 ** (decimals - part_decimals)))
        for part_decimals, buckets in parts
        for bucket in buckets
    ]
    scaled.sort(key=lambda each: each[:2])
    return [_joined([bucket for _, _, bucket in same]) for _, same in groupby(scaled, key=lambda each: each[0])]


def refuse_too_many_buckets(start_ms: int, end_ms: int, interval_ms: int) -> None:
    """Raises LimitError above BUCKETS_MAX, ValueError where none can be counted."""
    if check_buckets(start_ms, end_ms, interval_ms) > BUCKETS_MAX:
        raise LimitError(f"more than {BUCKETS_MAX} intervals of {interval_ms} ms: ask for longer intervals")


def _rescaled(part: Part, decimals: int) -> Part:
    if part.decimals == decimals:
        return part
    scale = 10 ** (decimals - part.decimals)
    return Part(decimals, part.times_ms, [value * scale for value in part.values])


def _scaled(bucket: Bucket, scale: int) -> Bucket:
    if scale == 1:
        return bucket
    return Bucket(
        bucket.start_ms, bucket.mean * scale, bucket.low * scale, bucket.high * scale, bucket.last * scale, bucket.count
    )


def _joined(parts: list[Bucket]) -> Bucket:
    """Buckets of one interval in several resolutions as one; the finest, which comes last, is taken as the newest."""
    if len(parts) == 1:
        return parts[0]
    count = sum(part.count for part in parts)
    mean = sum(part.mean * part.count for part in parts) / count
    low, high = min(part.low for part in parts), max(part.high for part in parts)
    return Bucket(parts[0].start_ms, mean, low, high, parts[-1].last, count)
