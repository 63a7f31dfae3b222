"""One metric over time: what a program gets, and what it is told when it asks for too much."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import client_of
from tests.api.village import NOW_MS, Kiosk, Village

SERIES = "/api/v1/sites/damane/series"
VOLTS = {"device": "mppt", "metric": "battery_voltage_v"}


def test_latest_gives_value_unit_and_age(client: TestClient) -> None:
    answer = client.get("/api/v1/sites/damane/latest").json()
    values = {value["metric"]: value for value in answer["values"]}
    assert answer["now_ms"] == NOW_MS
    assert values["battery_voltage_v"]["unit"] == "V"
    assert 12 < values["battery_voltage_v"]["value"] < 15
    assert values["battery_voltage_v"]["age_s"] == 120
    assert values["battery_voltage_v"]["time"] == "2026-11-23T14:10:00Z"
    assert values["charger_state"]["unit"] == ""


def test_latest_of_a_site_that_never_spoke_is_empty(empty: Village) -> None:
    empty.register(Kiosk("boussouma", "École"))
    assert client_of(empty).get("/api/v1/sites/boussouma/latest").json()["values"] == []


def test_raw_values_are_real_numbers_of_the_last_day_by_default(client: TestClient) -> None:
    answer = client.get(SERIES, params=VOLTS).json()
    assert answer["end_ms"] - answer["start_ms"] == 86_400_000
    assert answer["interval_s"] is None
    assert len(answer["times_ms"]) == len(answer["values"]) == 288
    assert all(11 < value < 15 for value in answer["values"])


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-20", "2026-11-21"),
        ("2026-11-20T00:00:00Z", "2026-11-21T02:00:00+02:00"),
        ("1795132800000", "1795219200000"),
    ],
)
def test_a_span_may_be_written_as_day_as_rfc_3339_or_as_milliseconds(client: TestClient, start: str, end: str) -> None:
    answer = client.get(SERIES, params={**VOLTS, "start": start, "end": end}).json()
    assert (answer["start_ms"], answer["end_ms"]) == (1_795_132_800_000, 1_795_219_200_000)


def test_intervals_agree_with_the_raw_values(client: TestClient) -> None:
    span = {"start": "2026-11-20", "end": "2026-11-21"}
    raw = client.get(SERIES, params={**VOLTS, **span}).json()
    hours = client.get(SERIES, params={**VOLTS, **span, "interval": "1h"}).json()
    assert hours["interval_s"] == 3600
    assert len(hours["times_ms"]) == 24
    assert hours["counts"] == [12] * 24
    first = raw["values"][:12]
    assert hours["lows"][0] == min(first)
    assert hours["highs"][0] == max(first)
    assert hours["lasts"][0] == first[-1]
    assert hours["means"][0] == pytest.approx(sum(first) / 12, abs=1e-4)


def test_intervals_without_values_are_absent(client: TestClient) -> None:
    span = {"start": "2026-11-10", "end": "2026-11-14", "interval": "1d"}
    answer = client.get(SERIES, params={**VOLTS, **span}).json()
    assert len(answer["times_ms"]) == 2


def test_too_long_a_span_is_refused_with_the_interval_that_fits(client: TestClient) -> None:
    answer = client.get(SERIES, params={**VOLTS, "start": "2020-01-01", "end": "2026-11-23", "interval": "1m"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["type"] == "urn:kayasol:problem:too-much"
    name, _, word = told["instead"].partition("=")
    again = client.get(SERIES, params={**VOLTS, "start": "2020-01-01", "end": "2026-11-23", name: word})
    assert again.status_code == 200


def test_too_many_raw_values_are_refused_with_the_interval_that_fits(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.series.POINTS_MAX", 100)
    answer = client.get(SERIES, params=VOLTS)
    assert answer.status_code == 400
    assert answer.json()["instead"] == "interval=1m"


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": "yesterday"},
        {"start": "2026-11-20T00:00:00"},
        {"start": "20261120"},
        {"interval": "0m"},
        {"interval": "15"},
        {"metric": "../../etc"},
    ],
)
def test_what_is_not_of_its_form_is_named(client: TestClient, wrong: dict[str, str]) -> None:
    answer = client.get(SERIES, params={**VOLTS, **wrong})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == f"query.{next(iter(wrong))}"


@pytest.mark.parametrize(
    "absurd",
    [
        {"start": "2026-11-20", "end": "2026-11-20"},
        {"start": "2026-13-45"},
        {"start": "1970-01-01"},
        {"end": "9999999999999"},
        {"start": "2026-11-20T00:00:00+99:99"},
    ],
)
def test_a_span_that_cannot_be_is_refused(client: TestClient, absurd: dict[str, str]) -> None:
    answer = client.get(SERIES, params={**VOLTS, **absurd})
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_a_metric_that_was_never_sent_is_not_an_empty_series(client: TestClient) -> None:
    answer = client.get(SERIES, params={"device": "mppt", "metric": "soc_percent"})
    assert answer.status_code == 404
    assert answer.json()["instead"] == "/api/v1/sites/damane/latest"


def test_the_present_interval_is_not_cut_off_by_a_default_end(client: TestClient) -> None:
    answer = client.get(SERIES, params={**VOLTS, "start": "2026-11-23", "interval": "1h"}).json()
    assert answer["times_ms"][-1] == NOW_MS - NOW_MS % 3_600_000
