"""Every panel's question on a real InfluxDB: it is answered, and with the API's figures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pytest

from dashboards.query import FIGURE_DAY, FIGURE_INCOME, READING, SERVER_HEALTH, SITE_HEALTH
from kiosk.figure import FIGURES, SHARED_OUT
from kiosk.metric import CATALOGUE
from kiosk.time import DAY_MS, day_of, day_start_ms
from store import health, status
from tests.dashboards.drawing import PERIOD, Asked, Drawn, all_asked, drawn, filled_in
from tests.dashboards.village import BENCH, BENCH_SITE, SITE, DrawnVillage

ASKED = all_asked()
IDS = [each.name for each in ASKED]


@cache
def figures_by_day(village: DrawnVillage) -> dict[int, dict[str, object]]:
    """The API's figures, by the start of the day."""
    span = f"from={day_of(village.start_ms)}&to={day_of(village.end_ms - 1)}"
    answer = village.api.get(f"/api/v1/sites/{SITE}/days?{span}").json()
    return {day_start_ms(each["day"]): each["figures"] for each in answer["days"]}


@cache
def series(village: DrawnVillage, site: str, device: str, metric: str, fold: str) -> Mapping[int, float]:
    """The API's series in the same intervals."""
    span = f"start={village.start_ms}&end={village.end_ms}&interval={PERIOD}"
    answer = village.api.get(f"/api/v1/sites/{site}/series?device={device}&metric={metric}&{span}").json()
    return dict(zip(answer["times_ms"], answer["means" if fold == "mean" else "lasts"], strict=True))


@cache
def metrics(village: DrawnVillage) -> dict[str, float]:
    """What /metrics tells of the server."""
    told = re.findall(r"^kayasol_([a-z0-9_]+?)(?:_total)? ([0-9.e+]+)$", village.api.get("/metrics").text, re.MULTILINE)
    return {name: float(value) for name, value in told}


def expected_figures(village: DrawnVillage, column: Drawn) -> dict[int, float]:
    known = figures_by_day(village)
    found = {at_ms: FIGURES[column.field].of(figures) for at_ms, figures in known.items()}
    return {at_ms: value / column.scale for at_ms, value in found.items() if value is not None}


def expected_income(village: DrawnVillage, query: str, column: Drawn) -> dict[int, float]:
    kind = "service" if "'service'" in query else "pay"
    field = {"sales": "count", "amount_minor": "amount_minor"}[column.field]
    if kind == "pay":
        return {}
    part, where = SHARED_OUT[kind]
    found: dict[int, float] = {}
    for at_ms, figures in figures_by_day(village).items():
        lines = figures[part][where]  # type: ignore[index]
        if column.tags["item"] in lines:
            found[at_ms] = lines[column.tags["item"]][field]
    return found


def compare(village: DrawnVillage, query: str, column: Drawn) -> None:
    """The column's points are the API's, no more and no fewer."""
    match column.measurement:
        case "figure_day":
            assert column.points == pytest.approx(expected_figures(village, column))
        case "figure_income":
            expected = expected_income(village, query, column)
            assert not expected or column.points == pytest.approx(expected)
        case "reading":
            metric, _, decimals = column.field.partition(":")
            at = (SITE, column.tags["device"]) if column.tags else (BENCH_SITE, BENCH)
            known = series(village, *at, metric, column.fold)
            assert column.points == pytest.approx(known, abs=0.01 / column.scale)
            assert (column.scale, int(decimals)) == (10 ** CATALOGUE[metric].decimals, CATALOGUE[metric].decimals)
        case "server_health":
            assert column.points[max(column.points)] == metrics(village)[column.field]
        case "site_health":
            pass  # test_the_health_of_a_site_is_what_the_api_and_the_site_itself_say
        case other:
            raise AssertionError(f"nobody compares {other}")


@pytest.mark.parametrize("asked", ASKED, ids=IDS)
def test_every_panel_draws_the_figures_of_the_api(village: DrawnVillage, asked: Asked) -> None:
    columns = list(drawn(asked.query, village))
    assert columns, filled_in(asked.query, village)
    for column in columns:
        compare(village, asked.query, column)


def test_every_figure_metric_and_measurement_is_on_a_board() -> None:
    """What is new in a catalogue is drawn, or this says what nobody drew."""
    written = "\n".join(each.query for each in ASKED)
    assert {name for name in CATALOGUE if f'"{name}:' not in written} == set()
    for measurement in (FIGURE_DAY, FIGURE_INCOME, READING, SERVER_HEALTH, SITE_HEALTH):
        assert f'FROM "{measurement}"' in written


def test_sums_by_means_of_payment_are_the_sales_of_the_api(village: DrawnVillage) -> None:
    (asked,) = [each for each in ASKED if each.board.uid == "kayasol-fr-income" and "'pay'" in each.query]
    by_day: dict[int, float] = {}
    for column in drawn(asked.query, village):
        for at_ms, value in column.points.items():
            by_day[at_ms] = by_day.get(at_ms, 0) + value
    sold = {at: FIGURES["income_sales_minor"].of(figures) for at, figures in figures_by_day(village).items()}
    assert by_day == {at: value for at, value in sold.items() if value}
    assert sum(by_day.values()) > 1_000


def test_the_health_of_a_site_is_what_the_api_and_the_site_itself_say(village: DrawnVillage) -> None:
    midnight_ms = village.now_ms - village.now_ms % DAY_MS
    with village.store.read() as connection:
        standing = status.get(connection, SITE)
        answered = health.answered_ms(connection)
        octets = status.octets_received(connection, SITE, midnight_ms, village.now_ms + 1)
    assert standing is not None
    arrival_ms = village.api.get(f"/api/v1/sites/{SITE}").json()["last_arrival_ms"]
    expected = {
        "arrival_age_s": (village.now_ms - arrival_ms) // 1000,
        "acknowledgement_age_s": (village.now_ms - answered[SITE, standing.dev]) // 1000,
        "rows_waiting": standing.rows_waiting,
        "oldest_age_s": standing.oldest_age_s,
        "rows_dropped": standing.rows_dropped,
        "received_today_bytes": octets,
        "blocks_without_schema": 0,
        "blocks_without_date": 0,
    }
    seen = {}
    for each in ASKED:
        if SITE_HEALTH in each.query:
            for column in drawn(each.query, village):
                seen[column.field] = column.points[max(column.points)]
    assert seen == expected


def test_absent_values_stay_absent() -> None:
    for asked in ASKED:
        fills = re.findall(r"fill\((\w+)\)", asked.query)
        assert set(fills) <= {"null"}, asked.name
        custom = asked.panel["fieldConfig"]["defaults"].get("custom", {})
        assert custom.get("spanNulls", False) is False
        assert custom.get("insertNulls", False) is False


def test_the_choices_of_a_board_are_found_in_the_store(village: DrawnVillage) -> None:
    found = {}
    for asked in ASKED:
        for variable in asked.board.model["templating"]["list"]:
            if variable["type"] == "query":
                (tables,) = village.connection.query([filled_in(variable["query"], village)])
                found[variable["name"]] = {row[1] for table in tables for row in table["values"]}
    assert found["site"] == {SITE}
    assert {"mppt", "board", "link"} <= found["device"]
