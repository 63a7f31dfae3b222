"""InfluxQL of the boards, always one shape: named columns from one measurement. Computes no energy and no money.

A column is a stored integer, divided by its resolution. Readings are means (last, for what only grows or is a code) of
an interval over all boots, because the boot is a tag; intervals without readings stay empty. Figures are drawn as
they were computed, one point a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.figure import FIGURES
from kiosk.metric import CATALOGUE, Kind

FIGURE_DAY, FIGURE_INCOME, READING = "figure_day", "figure_income", "reading"
SERVER_HEALTH, SITE_HEALTH = "server_health", "site_health"
TIME_SERIES, TABLE = "time_series", "table"
_OF_SITE = "\"site\" = '$site'"
_EACH_PERIOD, _EMPTY = "GROUP BY time($period)", "fill(null)"
_SCALES = {"permille": 10, "mv": 1000}
"""By which a figure is divided to be drawn in a unit that people read: per cent, volts."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field as it is drawn."""

    field: str
    label: str
    scale: int = 1
    fold: str = ""
    """How an interval becomes one value: mean, last, or nothing where each point is drawn."""

    @property
    def text(self) -> str:
        """Of the SELECT."""
        field = f'"{self.field}"'
        folded = f"{self.fold}({field})" if self.fold else field
        return f'{folded}{f" / {self.scale}" if self.scale > 1 else ""} AS "{self.label}"'


@dataclass(frozen=True, slots=True)
class Query:
    """One question of a panel."""

    text: str
    alias: str = "$col"
    """What a line is called in Grafana."""
    format: str = TIME_SERIES


def figure(name: str, label: str) -> Column:
    """A day's figure in the unit that people read."""
    return Column(name, label, _SCALES.get(FIGURES[name].unit, 1))


def metric(name: str, label: str) -> Column:
    """A metric in its unit: the mean of an interval for a gauge, the last value for a counter or a code."""
    known = CATALOGUE[name]
    fold = "mean" if known.kind is Kind.GAUGE else "last"
    return Column(f"{name}:{known.decimals}", label, 10**known.decimals, fold)


def figures_of_site(columns: Sequence[Column]) -> Query:
    """Figures of the chosen site, day by day."""
    return Query(_select(columns, FIGURE_DAY, _OF_SITE))


def figures_of_all(columns: Sequence[Column], *, table: bool = False) -> Query:
    """Figures of every site, day by day: a line a site, or a table."""
    text = _select(columns, FIGURE_DAY, rest='GROUP BY "site"')
    return Query(text, "$tag_site", TABLE if table else TIME_SERIES)


def income_by(kind: str, column: Column) -> Query:
    """Income of the chosen site by service or by means of payment, day by day."""
    return Query(
        _select([column], FIGURE_INCOME, _OF_SITE, f"\"kind\" = '{kind}'", rest='GROUP BY "item"'), "$tag_item"
    )


def readings_of_site(columns: Sequence[Column]) -> Query:
    """Metrics of every device of the chosen site that has them."""
    return Query(_select(columns, READING, _OF_SITE, rest=f'{_EACH_PERIOD}, "device" {_EMPTY}'), "$tag_device: $col")


def readings_of_device(columns: Sequence[Column]) -> Query:
    """Metrics of the chosen device."""
    return Query(_select(columns, READING, _OF_SITE, "\"device\" = '$device'", rest=f"{_EACH_PERIOD} {_EMPTY}"))


def health_of_site(columns: Sequence[Column]) -> Query:
    """How the chosen site stood."""
    return Query(_select(columns, SITE_HEALTH, _OF_SITE, rest=f"{_EACH_PERIOD} {_EMPTY}"))


def health_of_all(column: Column) -> Query:
    """How every site stood."""
    return Query(_select([column], SITE_HEALTH, rest=f'{_EACH_PERIOD}, "site" {_EMPTY}'), "$tag_site")


def health_of_server(columns: Sequence[Column]) -> Query:
    """How the server stood: what it had counted, and what waited then."""
    return Query(_select(columns, SERVER_HEALTH, rest=f"{_EACH_PERIOD} {_EMPTY}"))


def all_counters() -> Query:
    """Everything that the server counts, whatever its name: a new counter appears by itself."""
    return Query(" ".join(("SELECT last(*) FROM", f'"{SERVER_HEALTH}"', "WHERE $timeFilter")))


def _select(columns: Sequence[Column], measurement: str, *where: str, rest: str = "") -> str:
    listed = ", ".join(column.text for column in columns)
    parts = ["SELECT", listed, "FROM", f'"{measurement}"', "WHERE", " AND ".join((*where, "$timeFilter")), rest]
    return " ".join(parts).strip()
