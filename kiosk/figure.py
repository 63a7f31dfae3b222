"""The catalogue of a day's figures: name, unit, and where each stands in the stored figures. Defines none of them.

docs/figures.md says what each one means. The names are those of the fields in InfluxDB and so a public API: never
renamed. Amounts of `reasons` are told by code: how long something was missing on that day, 0 if it was not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REASONS = "reasons"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a day."""

    name: str
    path: tuple[str, ...]
    """Keys into the stored figures; (`reasons`, code) is the sum of a code's amounts."""

    @property
    def unit(self) -> str:
        """What the name ends in: wh mv ms s permille minor; `1` is a count, `flag` 0 or 1."""
        last = self.name.rpartition("_")[2]
        return last if last in {"wh", "mv", "ms", "s", "permille", "minor", "flag"} else "1"

    def of(self, figures: Mapping[str, Any]) -> int | None:
        """This figure of a day; None is not known, and so is a figure of which an older definition knew nothing."""
        if self.path[0] == REASONS:
            return _amount(figures.get(REASONS), self.path[1])
        found: Any = figures
        for key in self.path:
            if not isinstance(found, Mapping) or found.get(key) is None:
                return None
            found = found[key]
        return int(found)


def _amount(reasons: object, code: str) -> int | None:
    if not isinstance(reasons, list):
        return None
    return sum(int(reason["amount"]) for reason in reasons if reason["code"] == code)


_PATHS = (
    *(
        f"{energy} {field}"
        for energy in ("solar", "load", "shelf")
        for field in ("energy_wh", "coverage_permille", "uncertainty_wh", "integral_wh")
    ),
    *(
        f"{uptime} {field}"
        for uptime in ("power", "agent")
        for field in ("permille", "up_ms", "down_ms", "unknown_ms", "coverage_permille")
    ),
    "link permille",
    "link heard",
    "link slots",
    "battery min_mv",
    "battery rested_min_mv",
    "battery coverage_permille",
    "daylight coverage_permille",
    "income net_minor",
    "income sales",
    "income sales_minor",
    "income voids",
    "income voided_minor",
    "income refunds",
    "income refunded_minor",
    "income adjusted_minor",
    "coverage_permille",
    "until_ms",
)
_NAMED = {
    "battery_at_06_mv": "battery at_mv 06",
    "battery_at_18_mv": "battery at_mv 18",
    "battery_at_22_mv": "battery at_mv 22",
    "battery_bulk_s": "battery stages bulk_s",
    "battery_absorption_s": "battery stages absorption_s",
    "battery_float_s": "battery stages float_s",
    "battery_equalise_s": "battery stages equalise_s",
    "battery_full_flag": "battery stages full",
    "missing_no_readings_ms": "reasons no_readings",
    "missing_agent_off_ms": "reasons agent_off",
    "missing_power_lost_ms": "reasons power_lost",
    "missing_at_kiosk_ms": "reasons at_kiosk",
    "missing_dropped_rows_ms": "reasons dropped_rows",
    "missing_device_silent_ms": "reasons device_silent",
    "missing_undated_boot": "reasons undated_boot",
    "missing_flagged_values": "reasons flagged_values",
}

FIGURES: dict[str, Figure] = {
    **{path.replace(" ", "_"): Figure(path.replace(" ", "_"), tuple(path.split())) for path in _PATHS},
    **{name: Figure(name, tuple(path.split())) for name, path in _NAMED.items()},
}
"""Every figure by name. What lies in a cash box is not among them: it tells a thief when to come."""

SHARED_OUT = {"service": ("income", "by_service"), "pay": ("income", "by_pay")}
"""Income by something: where its lines stand, {name: {count, amount_minor}}."""
