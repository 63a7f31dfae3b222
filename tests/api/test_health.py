"""Whether the server can tell that it is well, and that it is not."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from store import counters
from store.engine import Store
from tests.api.conftest import client_of
from tests.api.village import NOW_MS, Village


def test_health_says_when_a_site_was_heard_last(client: TestClient) -> None:
    answer = client.get("/api/v1/health")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "status": "ok",
        "database": "ok",
        "last_arrival_ms": NOW_MS - 240_000,
        "last_arrival_age_s": 240,
        "dirty_days": 0,
        "dead_letters": 0,
    }


def test_an_empty_server_is_healthy(empty: Village) -> None:
    answer = client_of(empty).get("/api/v1/health")
    assert (answer.status_code, answer.json()["last_arrival_ms"]) == (200, None)


def test_a_database_without_this_programs_tables_is_unhealthy_and_says_what_to_do(tmp_path: Path) -> None:
    answer = client_of(_unmigrated(tmp_path)).get("/api/v1/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "broken"
    assert "kayasol migrate" in answer.json()["database"]


def test_a_lost_database_is_unhealthy_and_answers_nothing_of_the_inside(tmp_path: Path) -> None:
    client = client_of(_unmigrated(tmp_path))
    answer = client.get("/api/v1/sites/damane/latest")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert "sqlite" not in answer.text.lower()
    assert "select" not in answer.text.lower()


def test_metrics_of_a_database_of_another_version_are_refused_with_what_to_do(tmp_path: Path) -> None:
    answer = client_of(_unmigrated(tmp_path)).get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert "kayasol migrate" in answer.json()["detail"]


def test_metrics_show_the_counters_that_every_process_keeps(empty: Village) -> None:
    with empty.store.write() as connection:
        counters.add(connection, {"frames_accepted": 7})
    client = client_of(empty)
    assert "kayasol_frames_accepted_total 7.0" in client.get("/metrics").text.splitlines()
    with empty.store.write() as connection:
        counters.add(connection, {"frames_accepted": 1})
    assert "kayasol_frames_accepted_total 8.0" in client.get("/metrics").text.splitlines()


def test_metrics_name_each_site_that_was_heard(client: TestClient) -> None:
    lines = client.get("/metrics").text.splitlines()
    assert NOW_MS - 240_000 == 1_795_442_880_000
    assert 'kayasol_last_arrival_seconds{site="damane"} 1.79544288e+09' in lines
    assert "kayasol_dirty_days 0.0" in lines


def _unmigrated(folder: Path) -> Village:
    """A file in which no table was ever made."""
    return Village(Store.open(f"sqlite:///{folder / 'other.db'}"))
