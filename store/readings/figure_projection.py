"""The computed figures of days as InfluxDB shows them: a copy to draw from. SQL keeps them, figures/ defines them.

Measurement `figure_day`: one point a site and civil day, dated at its start; tag site; a field a figure of
kiosk/figure.py, an integer in the unit that ends its name, beside `computed_ms`. Measurement `figure_income`: tags
site, kind (service or pay) and item; fields sales and amount_minor. What is not known has no field, and none is left
over from an earlier computation. Writing again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kiosk.figure import FIGURES, SHARED_OUT
from kiosk.time import DAY_MS, day_of, day_start_ms
from store.days import SiteDay
from store.readings.influxdb_http import InfluxConnection
from store.readings.influxql import of_site, select, whole, within
from store.readings.line_protocol import checked, escaped

FIGURE_DAY, FIGURE_INCOME = "figure_day", "figure_income"
_ANY_FIELD = "/^[a-z0-9_]+$/"

_Tags = tuple[str, ...]
"""Of `figure_income`: (kind, item); of `figure_day`: none."""
_Point = tuple[str, str, _Tags]
"""(measurement, day, tags beside the site)"""
_Fields = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FigureDifference:
    """A day of which the copy does not say what SQL says."""

    site: str
    day: str
    measurement: str
    fields: tuple[str, ...]
    """Names that differ, are missing or are too many."""


class FigureProjection:
    """Writes and compares the copy of one InfluxDB bucket."""

    def __init__(self, connection: InfluxConnection) -> None:
        self._connection = connection

    def write(self, computed: Sequence[SiteDay]) -> None:
        """Make these days exactly what their figures say."""
        lines: list[str] = []
        for site in sorted({each.site for each in computed}):
            rows = [each for each in computed if each.site == site]
            lines += self._lines(site, rows)
        self._connection.write_copy("the figures' copy", lines)

    def delete_site(self, site: str) -> None:
        """Remove all that is projected of a site, before it is made anew."""
        for measurement in (FIGURE_DAY, FIGURE_INCOME):
            self._connection.delete(f'_measurement="{measurement}" AND site="{checked(site)}"')

    def differences(self, site: str, first: str, last: str, computed: Sequence[SiteDay]) -> list[FigureDifference]:
        """The days from `first` to `last` on which the copy is not what `computed`, all of them, says."""
        wanted = {point: fields for row in computed for point, fields in _points(row).items()}
        copied = self._copied(site, first, last)
        found = []
        for point in sorted({*wanted, *copied}):
            said, has = wanted.get(point, {}), copied.get(point, {})
            names = tuple(sorted(name for name in {*said, *has} if said.get(name) != has.get(name)))
            if names:
                found.append(FigureDifference(site, point[1], point[0], names))
        return found

    def _lines(self, site: str, rows: Sequence[SiteDay]) -> list[str]:
        """What has to be written of one site; fields that have gone are removed, with their day, beforehand."""
        days = sorted(row.day for row in rows)
        copied = self._copied(site, days[0], days[-1])
        wanted = {point: fields for row in rows for point, fields in _points(row).items()}
        stale = {
            (measurement, day)
            for (measurement, day, tags), has in copied.items()
            if day in days and has.keys() - wanted.get((measurement, day, tags), {}).keys()
        }
        for measurement, day in sorted(stale):
            predicate = f'_measurement="{measurement}" AND site="{checked(site)}"'
            self._connection.delete(predicate, f"{day}T00:00:00Z", f"{day}T23:59:59.999999999Z")
        return [
            _line(site, point, fields)
            for point, fields in wanted.items()
            if fields and (point[:2] in stale or copied.get(point) != fields)
        ]

    def _copied(self, site: str, first: str, last: str) -> dict[_Point, _Fields]:
        where = [of_site(site), within(day_start_ms(first), day_start_ms(last) + DAY_MS)]
        days, lines = self._connection.query(
            [
                select(_ANY_FIELD, FIGURE_DAY, where),
                select("amount_minor,sales", FIGURE_INCOME, where, "GROUP BY kind,item"),
            ]
        )
        found: dict[_Point, _Fields] = {}
        for measurement, tables in ((FIGURE_DAY, days), (FIGURE_INCOME, lines)):
            for table in tables:
                tags = (table["tags"]["kind"], table["tags"]["item"]) if "tags" in table else ()
                names = table["columns"][1:]
                for at_ms, *values in table["values"]:
                    known = {n: whole(v) for n, v in zip(names, values, strict=True) if v is not None and n != "site"}
                    found[measurement, day_of(at_ms), tags] = known
        return found


def _points(row: SiteDay) -> dict[_Point, _Fields]:
    figures = json.loads(row.figures)
    known = {name: figure.of(figures) for name, figure in FIGURES.items()}
    points: dict[_Point, _Fields] = {
        (FIGURE_DAY, row.day, ()): {
            "computed_ms": row.computed_ms,
            **{name: value for name, value in known.items() if value is not None},
        }
    }
    for kind, (part, where) in SHARED_OUT.items():
        for item, line in figures.get(part, {}).get(where, {}).items():
            fields = {"sales": line["count"], "amount_minor": line["amount_minor"]}
            points[FIGURE_INCOME, row.day, (kind, item)] = fields
    return points


def _line(site: str, point: _Point, fields: _Fields) -> str:
    measurement, day, tags = point
    named: Iterable[tuple[str, str]] = zip(("kind", "item"), tags, strict=False)
    tagged = "".join(f",{key}={escaped(value)}" for key, value in named if value)
    written = ",".join(f"{name}={value}i" for name, value in fields.items())
    return f"{measurement},site={checked(site)}{tagged} {written} {day_start_ms(day)}"
