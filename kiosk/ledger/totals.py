"""The running sums of a log, in minor units of its currency (docs/ledger-format.md, section 4). Knows no record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums up to and with one record."""

    sum_in: int = 0
    """Of positive effects on income."""
    sum_out: int = 0
    """Of negative effects on income, as a positive number."""
    box: int = 0
    """Of effects on the cash box: what must be in it."""

    @property
    def income(self) -> int:
        """Income after corrections."""
        return self.sum_in - self.sum_out


def after(totals: Totals, amt: int, cash: int) -> Totals:
    """The totals once a record with these effects has followed."""
    return Totals(totals.sum_in + max(amt, 0), totals.sum_out + max(-amt, 0), totals.box + cash)


def difference(later: Totals, earlier: Totals) -> Totals:
    """What happened between two records of one log, as sums: for instance what was sold but not yet received."""
    return Totals(later.sum_in - earlier.sum_in, later.sum_out - earlier.sum_out, later.box - earlier.box)
