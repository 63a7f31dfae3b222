"""A board's answers as one page of SVG, drawn by us because no Grafana runs here: what it gets, not how it draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from typing import Any

from dashboards.build import Board
from kiosk.time import DAY_MS
from tests.dashboards.drawing import Drawn, drawn
from tests.dashboards.village import DrawnVillage

CELL_PX, ROW_PX = 52, 30
COLORS = ("#1a7f37", "#c77700", "#0b63b0", "#a3262a", "#6b3fa0", "#0f7c80", "#8a6d00", "#555")
SIGNS = {
    "volt": "V",
    "amp": "A",
    "celsius": "°C",
    "watt": "W",
    "watth": "Wh",
    "percent": "%",
    "suffix:F CFA": "F CFA",
    "s": "h",
    "ms": "h",
    "decbytes": "B",
    "hertz": "Hz",
    "amph": "Ah",
    "decmbytes": "MB",
}
HOURS = {"s": 3_600, "ms": 3_600_000}
"""Long times are read in hours, by Grafana too."""
ROWS_MAX = 9


def page_of(board: Board, village: DrawnVillage) -> str:
    """A whole page; panels stand where the board puts them."""
    width = 24 * CELL_PX
    bottom = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in board.model["panels"])
    shown = "".join(_panel(panel, village) for panel in board.model["panels"])
    title = escape(str(board.model["title"]))
    return (
        f"<!doctype html><meta charset=utf-8><title>{title}</title><style>body{{margin:12px;font:13px sans-serif;"
        f"width:{width}px}}main{{position:relative;height:{bottom * ROW_PX}px}}section{{position:absolute;"
        "overflow:hidden;border:1px solid #ccc;border-radius:4px;padding:4px 8px;box-sizing:border-box;background:#fff}"
        "h2{font-size:13px;margin:0}.big{font-size:24px}table{border-collapse:collapse;font-size:12px}"
        "td,th{padding:2px 8px 2px 0;text-align:left}td{white-space:nowrap}p{margin:2px 0;font-size:11px}</style>"
        f"<h1 style='font-size:18px;margin:0 0 8px'>{title}</h1><main>{shown}</main>"
    )


def _panel(panel: Mapping[str, Any], village: DrawnVillage) -> str:
    at = panel["gridPos"]
    place = f"left:{at['x'] * CELL_PX}px;top:{at['y'] * ROW_PX}px"
    size = (at["w"] * CELL_PX - 6, at["h"] * ROW_PX - 6)
    unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "")
    columns = [_in_hours(each, unit) for target in panel.get("targets", ()) for each in drawn(target["query"], village)]
    sign = SIGNS.get(unit, "")
    body = ""
    if panel["type"] == "stat":
        body = _stats(columns, sign)
    elif panel["type"] == "table":
        body = _table(panel, columns)
    elif columns:
        bars = panel["fieldConfig"]["defaults"]["custom"]["drawStyle"] == "bars"
        body = _chart(columns, _names(panel, columns), sign, bars, size, village)
    style = f"{place};width:{size[0]}px;height:{size[1]}px"
    return f"<section style='{style}'><h2>{escape(panel['title'])}</h2>{body}</section>"


def _in_hours(column: Drawn, unit: str) -> Drawn:
    return replace(column, points={at: value / HOURS.get(unit, 1) for at, value in column.points.items()})


def _stats(columns: Sequence[Drawn], sign: str) -> str:
    if len(columns) == 1:
        return f"<div class=big>{_number(columns[0].points[max(columns[0].points)])} {sign}</div>"
    cells = [f"{escape(each.label)}: <b>{_number(each.points[max(each.points)])}</b>" for each in columns]
    return f"<p style='columns:5'>{'<br>'.join(cells)}</p>"


def _table(panel: Mapping[str, Any], columns: Sequence[Drawn]) -> str:
    units = {each["matcher"]["options"]: each["properties"][0]["value"] for each in panel["fieldConfig"]["overrides"]}
    head = "".join(f"<th>{escape(each.label)}" for each in columns)
    times = sorted({at for each in columns for at in each.points}, reverse=True)[:ROWS_MAX]
    rows = "".join(
        f"<tr><td>{_date(at)}<td>{columns[0].tags.get('site', '')}"
        + "".join(f"<td>{_cell(each, at)} {SIGNS.get(str(units.get(each.label)), '')}" for each in columns)
        for at in times
    )
    return f"<table><tr><th>Time<th>site{head}{rows}</table>"


def _cell(column: Drawn, at_ms: int) -> str:
    return _number(column.points[at_ms]) if at_ms in column.points else ""


def _names(panel: Mapping[str, Any], columns: Sequence[Drawn]) -> list[str]:
    """As Grafana would call the lines: by alias, then by override."""
    said = {
        each["matcher"]["options"]: each["properties"][0]["value"]
        for each in panel["fieldConfig"]["overrides"]
        if each["properties"][0]["id"] == "displayName"
    }
    names = []
    for target, each in ((panel["targets"][0], column) for column in columns):
        alias = target["alias"].replace("$col", each.label)
        for tag, value in each.tags.items():
            alias = alias.replace(f"$tag_{tag}", value)
        names.append(said.get(alias, alias))
    return names


def _chart(
    columns: Sequence[Drawn], names: Sequence[str], sign: str, bars: bool, size: tuple[int, int], village: DrawnVillage
) -> str:
    wide, tall = size[0] - 70, size[1] - 78
    values = [value for each in columns for value in each.points.values()]
    low, high = min([*values, 0.0] if bars else values), max(values)
    if bars and sign == "V":
        low = min(values) - 0.5
    high = high if high > low else low + 1

    def x(at_ms: float) -> float:
        return 50 + (at_ms - village.start_ms) / (village.end_ms - village.start_ms) * wide

    def y(value: float) -> float:
        return 8 + tall - (value - low) / (high - low) * tall

    marks = "".join(
        f"<text x=46 y={y(value) + 4:.0f} font-size=10 text-anchor=end>{_number(value)}</text>"
        f"<path d='M50 {y(value):.1f}h{wide}' stroke='#ddd'/>"
        for value in (low, (low + high) / 2, high)
    )
    days = range(village.start_ms, village.end_ms, DAY_MS)
    marks += "".join(f"<text x={x(at):.0f} y={tall + 22} font-size=10>{_date(at)[5:]}</text>" for at in days)
    drawing = ""
    for number, each in enumerate(columns):
        color = COLORS[number % len(COLORS)]
        if bars:
            room = (x(DAY_MS) - x(0)) * 0.8 / len(columns)
            drawing += "".join(
                f"<rect x={x(at) + number * room:.1f} y={min(y(value), y(max(low, 0))):.1f} width={room:.1f}"
                f" height={abs(y(value) - y(max(low, 0))):.1f} fill='{color}'/>"
                for at, value in each.points.items()
            )
        else:
            drawing += f"<path d='{_line(each, x, y)}' fill=none stroke='{color}' stroke-width=1.3 />"
    legend = " ".join(
        f"<span style='color:{COLORS[number % len(COLORS)]}'>■</span> {escape(name)}"
        for number, name in enumerate(names)
    )
    return f"<svg width={size[0] - 16} height={tall + 28}>{marks}{drawing}</svg><p>{legend} ({sign or '1'})</p>"


def _line(column: Drawn, x: Any, y: Any) -> str:
    """Broken where an interval of an hour is empty."""
    path, before = "", None
    for at_ms, value in sorted(column.points.items()):
        path += f"{'L' if before is not None and at_ms - before <= DAY_MS // 24 else 'M'}{x(at_ms):.1f} {y(value):.1f}"
        before = at_ms
    return path


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}".replace(",", "\u202f")


def _date(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d")
