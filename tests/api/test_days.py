"""The figures by day: JSON says all, CSV opens in a spreadsheet and runs nothing there."""

from __future__ import annotations

import csv
import io

import pytest
from starlette.testclient import TestClient

from api.routes import days
from store import days as store_days
from tests.api.conftest import client_of
from tests.api.village import Kiosk, Village

DAYS = "/api/v1/sites/damane/days"


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def test_thirty_days_until_today_by_default(client: TestClient) -> None:
    answer = client.get(DAYS).json()
    assert (answer["first"], answer["last"]) == ("2026-10-25", "2026-11-23")
    assert [day["day"] for day in answer["days"]] == sorted(day["day"] for day in answer["days"])
    assert len(answer["days"]) == 30


def test_each_figure_carries_its_coverage_and_reasons(client: TestClient) -> None:
    answer = client.get(DAYS, params={"from": "2026-11-12", "to": "2026-11-12"}).json()
    figures = answer["days"][0]["figures"]
    assert figures["coverage_permille"] == 0
    assert figures["solar"]["energy_wh"] != 0
    assert {"agent_off", "no_readings"} <= {reason["code"] for reason in figures["reasons"]}


def test_what_lies_in_the_cash_box_is_not_told(client: TestClient) -> None:
    text = client.get(DAYS).text
    for word in ("box", "cash", "handed", "paid_out", "floated"):
        assert word not in text


def test_csv_has_a_row_a_day_and_the_same_sums(client: TestClient) -> None:
    span = {"from": "2026-11-01", "to": "2026-11-22"}
    answer = client.get(f"{DAYS}.csv", params=span)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="damane_2026-11-01_2026-11-22.csv"'
    rows = rows_of(answer.text)
    json_days = client.get(DAYS, params=span).json()["days"]
    assert [int(row["income"]) for row in rows] == [day["figures"]["income"]["net_minor"] for day in json_days]
    assert [row["day"] for row in rows] == [day["day"] for day in json_days]


def test_csv_leaves_a_cell_empty_where_nothing_is_known(client: TestClient) -> None:
    answer = client.get("/api/v1/sites/louda/days.csv", params={"from": "2026-11-23", "to": "2026-11-23"})
    row = rows_of(answer.text)[0]
    assert row["solar_wh"] == row["load_wh"] == row["battery_min_mv"] == ""
    assert "agent_off:=" in row["reasons"]


def test_csv_for_a_french_spreadsheet_has_semicolons_and_a_mark(client: TestClient) -> None:
    answer = client.get(f"{DAYS}.csv", params={"sep": "semicolon", "bom": "true"})
    assert answer.content.startswith(b"\xef\xbb\xbfday;currency;")
    assert len(rows_of(answer.content.decode("utf-8-sig"), ";")) == 30


def test_a_subject_from_outside_is_no_formula(empty: Village) -> None:
    empty.register(Kiosk("boussouma", "École"))
    stored = store_days.SiteDay("boussouma", "2026-11-22", "{}", "=1+2", -5, 0, 0, 0, 0, 0, 0, 1)
    with empty.store.write() as connection:
        store_days.save(connection, stored)
    row = rows_of(client_of(empty).get("/api/v1/sites/boussouma/days.csv").text)[0]
    assert row["currency"] == "'=1+2"
    assert row["income"] == "-5"


def test_figures_of_another_version_are_said_to_wait(empty: Village) -> None:
    empty.register(Kiosk("boussouma", "École"))
    with empty.store.write() as connection:
        old = store_days.SiteDay("boussouma", "2026-11-22", '{"version":0}', "XOF", 100, 0, 5, 6, 7, 8, 9, 1)
        store_days.save(connection, old)
    client = client_of(empty)
    assert client.get("/api/v1/sites/boussouma/days").json()["days"][0]["figures"] is None
    row = rows_of(client.get("/api/v1/sites/boussouma/days.csv").text)[0]
    assert (row["income"], row["solar_wh"], row["sales"]) == ("100", "5", "")


@pytest.mark.parametrize("path", [DAYS, f"{DAYS}.csv"])
def test_more_than_is_given_at_once_is_refused_with_what_to_ask(client: TestClient, path: str) -> None:
    answer = client.get(path, params={"from": "2020-01-01", "to": "2026-11-23"})
    assert answer.status_code == 400
    assert client.get(f"{path}?{answer.json()['instead']}").status_code == 200
    assert (days.DAYS_MAX, answer.json()["instead"]) == (400, "from=2025-10-20&to=2026-11-23")


@pytest.mark.parametrize(
    ("query", "status"), [("from=2026-11-31", 400), ("from=2026-11-23&to=2026-11-01", 400), ("from=1.11.2026", 422)]
)
def test_days_that_cannot_be_are_refused(client: TestClient, query: str, status: int) -> None:
    assert client.get(f"{DAYS}?{query}").status_code == status
