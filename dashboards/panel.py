"""A panel as Grafana's JSON: units, thresholds, gaps that stay gaps, and the grid they stand on. Knows no board."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboards.query import TABLE, Query
from dashboards.words import Words

GRID_WIDTH = 24
STAT, SERIES, BARS, GRID, TEXT, ROW = "stat", "series", "bars", "table", "text", "row"
FRANCS = "suffix:F CFA"
UNITS = {
    "V": "volt",
    "A": "amp",
    "°C": "celsius",
    "W": "watt",
    "%": "percent",
    "Wh": "watth",
    "Ah": "amph",
    "B": "decbytes",
    "MB": "decmbytes",
    "Hz": "hertz",
    "s": "s",
    "ms": "ms",
    "1": "none",
    "": "none",
    "wh": "watth",
    "mv": "volt",
    "permille": "percent",
    "minor": FRANCS,
    "flag": "none",
}
"""Unit of a metric or figure -> Grafana's id of the unit in which its columns are drawn."""
_TYPES = {STAT: "stat", SERIES: "timeseries", BARS: "timeseries", GRID: "table", TEXT: "text"}
_HIDE_EMPTY = {
    "matcher": {"id": "byValue", "options": {"reducer": "allIsNull", "op": "gte", "value": 1}},
    "properties": [{"id": "custom.hideFrom", "value": {"legend": True, "tooltip": True, "viz": True}}],
}
"""A metric that this device does not have is a column of nulls: it needs no place in the legend."""
_HIDDEN_NOWHERE = {"legend": False, "tooltip": False, "viz": False}


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on, this colour."""

    value: float | None
    """None: from below."""
    color: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing."""

    title: Words
    kind: str
    queries: tuple[Query, ...] = ()
    unit: str = ""
    """A key of UNITS."""
    width: int = 12
    height: int = 8
    about: Words | None = None
    steps: tuple[Step, ...] = ()
    stacked: bool = False
    decimals: int | None = None
    low: float | None = None
    high: float | None = None
    states: dict[int, Words] = field(default_factory=dict)
    """What the codes of a state are called."""
    per_column: dict[str, str] = field(default_factory=dict)
    """Label of a table's column -> key of UNITS."""
    items: dict[str, Words] = field(default_factory=dict)
    """What a line that is named by a tag is called."""
    renamed: tuple[str, str] | None = None
    """(pattern, name) by which Grafana renames columns."""
    link: tuple[str, str, str] | None = None
    """(label of the column, title, address) in a table."""


def row(title: Words) -> Panel:
    """A heading over panels."""
    return Panel(title, ROW, width=GRID_WIDTH, height=1)


def rendered(panels: Sequence[Panel], language: str, datasource: str) -> list[dict[str, Any]]:
    """The panels of a board, set from left to right."""
    made: list[dict[str, Any]] = []
    x = y = tallest = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > GRID_WIDTH:
            x, y, tallest = 0, y + tallest, 0
        place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        made.append(_json(panel, language, datasource, number, place))
        x, tallest = x + panel.width, max(tallest, panel.height)
    return made


def _json(panel: Panel, language: str, datasource: str, number: int, place: dict[str, int]) -> dict[str, Any]:
    made: dict[str, Any] = {"id": number, "title": panel.title.to(language), "gridPos": place}
    if panel.about is not None:
        made["description"] = panel.about.to(language)
    if panel.kind == ROW:
        return {**made, "type": "row", "collapsed": False, "panels": []}
    if panel.kind == TEXT:
        about = "" if panel.about is None else panel.about.to(language)
        made.pop("description", None)
        return {**made, "type": "text", "options": {"mode": "markdown", "content": about}}
    source = {"type": "influxdb", "uid": datasource}
    if panel.renamed is not None:
        pattern, name = panel.renamed
        made["transformations"] = [{"id": "renameByRegex", "options": {"regex": pattern, "renamePattern": name}}]
    return {
        **made,
        "type": _TYPES[panel.kind],
        "datasource": source,
        "targets": [_target(query, source, name) for query, name in zip(panel.queries, _names(), strict=False)],
        "fieldConfig": {"defaults": _defaults(panel, language), "overrides": _overrides(panel, language)},
        "options": _options(panel),
    }


def _names() -> Iterable[str]:
    return (chr(ord("A") + number) for number in range(26))


def _target(query: Query, source: dict[str, str], name: str) -> dict[str, Any]:
    alias = {} if query.format == TABLE else {"alias": query.alias}
    shape = {"query": query.text, "rawQuery": True, "resultFormat": query.format}
    return {"refId": name, "datasource": source, **shape, **alias}


def _defaults(panel: Panel, language: str) -> dict[str, Any]:
    made: dict[str, Any] = {"color": {"mode": "palette-classic"}, "mappings": _mappings(panel, language)}
    if panel.unit or panel.kind != GRID:
        made["unit"] = UNITS[panel.unit]
    bounds = {"decimals": panel.decimals, "min": panel.low, "max": panel.high}
    made |= {name: value for name, value in bounds.items() if value is not None}
    steps = panel.steps or (Step(None, "green"),)
    made["thresholds"] = {"mode": "absolute", "steps": [{"value": s.value, "color": s.color} for s in steps]}
    if panel.kind == STAT and panel.steps:
        made["color"] = {"mode": "thresholds"}
    made["noValue"] = "–"
    if panel.kind in {SERIES, BARS}:
        made["custom"] = _drawn(panel)
    elif panel.kind == GRID:
        made["custom"] = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}
    return made


def _drawn(panel: Panel) -> dict[str, Any]:
    """Lines break where an interval has no readings; days are bars, which connect nothing."""
    bars = panel.kind == BARS
    return {
        "drawStyle": "bars" if bars else "line",
        "barAlignment": 0,
        "fillOpacity": 70 if bars else 10 if panel.stacked else 0,
        "lineWidth": 1,
        "lineInterpolation": "stepAfter" if panel.states else "linear",
        "showPoints": "never" if bars else "auto",
        "pointSize": 4,
        "spanNulls": False,
        "insertNulls": False,
        "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "line" if panel.steps else "off"},
        "hideFrom": _HIDDEN_NOWHERE,
    }


def _mappings(panel: Panel, language: str) -> list[dict[str, Any]]:
    if not panel.states:
        return []
    named = {str(code): {"text": words.to(language), "index": code} for code, words in panel.states.items()}
    return [{"type": "value", "options": named}]


def _overrides(panel: Panel, language: str) -> list[dict[str, Any]]:
    if panel.kind != GRID:
        named = [_override(item, "displayName", words.to(language)) for item, words in panel.items.items()]
        return [*named, _HIDE_EMPTY] if panel.kind == SERIES else named
    made = [_override(label, "unit", UNITS[unit]) for label, unit in panel.per_column.items()]
    if panel.link is not None:
        label, title, url = panel.link
        made.append(_override(label, "links", [{"title": title, "url": url, "targetBlank": True}]))
    return made


def _override(label: str, what: str, value: object) -> dict[str, Any]:
    return {"matcher": {"id": "byName", "options": label}, "properties": [{"id": what, "value": value}]}


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind == STAT:
        return {
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "percentChangeColorMode": "standard",
            "showPercentChange": False,
            "textMode": "auto",
            "wideLayout": True,
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        }
    if panel.kind == GRID:
        return {"showHeader": True, "frameIndex": 0, "cellHeight": "sm"}
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "none"},
    }
