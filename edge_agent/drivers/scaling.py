"""From a device's integer to a metric's: the one rounding of all drivers. Knows no device."""

from __future__ import annotations


def scaled(number: int, multiplier: int, divisor: int) -> int:
    """number x multiplier / divisor, rounded to the nearest, halves away from zero: charging and discharging alike."""
    product = number * multiplier
    rounded = (abs(product) * 2 + divisor) // (divisor * 2)
    return -rounded if product < 0 else rounded
