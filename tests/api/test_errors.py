"""How the server says no: to a program, to a person, and to somebody who should not ask."""

from __future__ import annotations

import logging

import anyio.to_thread
import pytest
from starlette.testclient import TestClient

from api.guard import BODY_BYTES_MAX
from store.errors import RepairFirst, RetryLater
from tests.api.conftest import app_of, client_of
from tests.api.village import Village


def test_an_unknown_site_is_a_problem_that_names_where_to_look(client: TestClient) -> None:
    answer = client.get("/api/v1/sites/nowhere/latest")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:kayasol:problem:unknown-site",
        "title": "Not Found",
        "status": 404,
        "detail": "no site has the code 'nowhere'",
        "instead": "/api/v1/sites",
    }


def test_a_site_code_that_cannot_be_is_malformed(client: TestClient) -> None:
    assert client.get("/api/v1/sites/No_Site!/latest").status_code == 422


def test_an_unknown_path_under_api_is_a_problem(client: TestClient) -> None:
    answer = client.get("/api/v2/sites")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_verb_that_is_not_offered_is_refused_with_those_that_are(client: TestClient) -> None:
    answer = client.delete("/api/v1/sites/damane/latest")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("path", "words"),
    [("/nulle-part", "n’existe pas"), ("/en/nowhere", "There is no such page"), ("/sites/x", "n’existe pas")],
)
def test_a_person_gets_a_page_in_the_language_of_the_path(client: TestClient, path: str, words: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert words in answer.text


def test_a_body_that_nobody_reads_is_refused(client: TestClient) -> None:
    answer = client.request("GET", "/api/v1/health", content=b"x" * (BODY_BYTES_MAX + 1))
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:kayasol:problem:too-large"
    assert client.request("GET", "/api/v1/health", content=b"x").status_code == 200


def test_a_length_that_is_no_number_is_refused(client: TestClient) -> None:
    assert client.get("/api/v1/health", headers={"Content-Length": "-1"}).status_code == 400


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::2]:8000"])
def test_a_name_that_is_not_this_servers_gets_nothing(client: TestClient, host: str) -> None:
    answer = client.get("/api/v1/health", headers={"Host": host})
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:kayasol:problem:unknown-host"


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_this_machines_names_are_served(client: TestClient, host: str) -> None:
    assert client.get("/api/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/sites/damane", "/api/v1/health", "/nowhere", "/api/v1/sites/nowhere/days"])
def test_no_answer_lets_a_browser_run_or_fetch_anything(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "script" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/api/v1/sites/damane/latest", "application/problem+json"), ("/sites/damane", "text/html; charset=utf-8")],
)
def test_our_own_fault_is_logged_here_and_not_told_there(
    empty: Village, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, path: str, kind: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("store.sites.get", broken)
    with caplog.at_level(logging.ERROR):
        answer = client_of(empty).get(path)
    assert answer.status_code == 500
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-security-policy"].startswith("default-src 'none';")
    assert answer.headers["cache-control"] == "no-store"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "the secret of the house" in caplog.text


@pytest.mark.parametrize("error", [RetryLater("away", after_s=5), RepairFirst("disk full")])
def test_a_store_that_is_away_asks_for_patience_and_is_not_called_our_fault(
    empty: Village, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(*_: object) -> None:
        raise error

    monkeypatch.setattr("store.sites.get", away)
    answer = client_of(empty).get("/api/v1/sites/damane/latest")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/", "private, max-age=60"),
        ("/sites/damane", "private, max-age=60"),
        ("/api/v1/sites", "private, max-age=30"),
        ("/api/v1/sites/damane/days.csv", "private, max-age=30"),
        ("/metrics", "no-store"),
        ("/api/v1/sites/nowhere", "no-store"),
        ("/sites/nowhere", "no-store"),
    ],
)
def test_only_what_went_well_is_kept_and_only_by_who_asked(client: TestClient, path: str, kept: str) -> None:
    assert client.get(path).headers["cache-control"] == kept


def test_large_answers_are_packed(client: TestClient) -> None:
    answer = client.get("/api/v1/sites/damane/days", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["vary"]


def test_as_many_threads_as_the_store_has_readers(empty: Village) -> None:
    with TestClient(app_of(empty), base_url="http://localhost") as client:
        limit = client.portal.call(_threads)  # type: ignore[union-attr] # open inside the with
    assert limit == 8


async def _threads() -> float:
    return anyio.to_thread.current_default_thread_limiter().total_tokens
