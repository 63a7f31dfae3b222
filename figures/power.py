"""Energy from sampled power: trapezoids between readings that are near enough. Knows no counter and no day."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from figures.facts import Points

_MS_PER_HOUR = 3_600_000.0


@dataclass(frozen=True, slots=True)
class PowerCurve:
    """Power over time, with its running integral."""

    times_ms: Sequence[int]
    power_w: Sequence[float]
    sums_wh: Sequence[float]
    """Energy from the first reading to each; a gap adds nothing."""
    covered_ms: Sequence[int]
    """Time vouched for from the first reading to each."""
    gap_limit_ms: int

    def energy_wh(self, start_ms: int, end_ms: int) -> float:
        """Between two instants; what readings do not vouch for is left out, not guessed."""
        return self._at(end_ms)[0] - self._at(start_ms)[0]

    def known_ms(self, start_ms: int, end_ms: int) -> int:
        """How much of the time between two instants the energy is known of."""
        return self._at(end_ms)[1] - self._at(start_ms)[1]

    def _at(self, instant_ms: int) -> tuple[float, int]:
        index = bisect_right(self.times_ms, instant_ms) - 1
        if index < 0:
            return 0.0, 0
        energy_wh, known_ms = self.sums_wh[index], self.covered_ms[index]
        if index + 1 < len(self.times_ms):
            left_ms, span_ms = self.times_ms[index], self.times_ms[index + 1] - self.times_ms[index]
            part_ms = instant_ms - left_ms
            if 0 < span_ms <= self.gap_limit_ms and part_ms:
                left_w, right_w = self.power_w[index], self.power_w[index + 1]
                there_w = left_w + (right_w - left_w) * part_ms / span_ms
                energy_wh += (left_w + there_w) / 2 * part_ms / _MS_PER_HOUR
                known_ms += part_ms
        return energy_wh, known_ms


def curve(times_ms: Sequence[int], power_w: Sequence[float], gap_limit_ms: int) -> PowerCurve:
    """The curve through these readings, which rise in time."""
    sums, covered = [0.0], [0]
    energy_wh, known_ms = 0.0, 0
    for (left_ms, right_ms), (left_w, right_w) in zip(pairwise(times_ms), pairwise(power_w), strict=True):
        span_ms = right_ms - left_ms
        if span_ms <= gap_limit_ms:
            energy_wh += (left_w + right_w) / 2 * span_ms / _MS_PER_HOUR
            known_ms += span_ms
        sums.append(energy_wh)
        covered.append(known_ms)
    return PowerCurve(times_ms, power_w, sums, covered, gap_limit_ms)


def curve_of_power(points: Points, gap_limit_ms: int) -> PowerCurve:
    """Of a metric in watts."""
    scale = points.scale
    return curve(points.times_ms, [value / scale for value in points.values], gap_limit_ms)


def curve_of_product(current: Points, voltage: Points, gap_limit_ms: int) -> PowerCurve:
    """Of a current and a voltage of one device; instants at which only one of them is known are left out."""
    scale = current.scale * voltage.scale
    if current.times_ms == voltage.times_ms:
        power = [amps * volts / scale for amps, volts in zip(current.values, voltage.values, strict=True)]
        return curve(current.times_ms, power, gap_limit_ms)
    volts_at = dict(zip(voltage.times_ms, voltage.values, strict=True))
    both = [
        (at_ms, amps * volts_at[at_ms] / scale)
        for at_ms, amps in zip(current.times_ms, current.values, strict=True)
        if at_ms in volts_at
    ]
    return curve([at_ms for at_ms, _ in both], [power for _, power in both], gap_limit_ms)


def span_of(times_ms: Sequence[int], start_ms: int, end_ms: int) -> range:
    """Indexes of the readings in [start, end)."""
    return range(bisect_left(times_ms, start_ms), bisect_left(times_ms, end_ms))
