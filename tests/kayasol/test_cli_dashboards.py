"""`kayasol dashboards` as a person types it: settings, the token's file, what is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kayasol.cli import app
from kayasol.settings import load_settings
from kiosk.errors import ConfigError
from tests.dashboards.grafana_server import PASSWORD, TOKEN, USER, Fault, Grafana, serving

RUN = CliRunner()


@pytest.fixture
def state() -> Grafana:
    return Grafana()


@pytest.fixture
def folder(tmp_path: Path, state: Grafana) -> Iterator[Path]:
    """A server's folder whose settings name a Grafana."""
    with serving(state) as url:
        (tmp_path / "kayasol.toml").write_text(f'grafana_url = "{url}"\npages_url = "https://kayasol.example.org/"\n')
        keep(tmp_path, TOKEN)
        yield tmp_path


def keep(folder: Path, secret: str) -> None:
    path = folder / "grafana.token"
    path.write_text(f"{secret}\n")
    path.chmod(0o600)


def push(folder: Path) -> str:
    result = RUN.invoke(app, ["dashboards", "push", "--folder", str(folder)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_boards_are_pushed_with_the_pages_address_and_a_second_time_nothing_is_written(
    folder: Path, state: Grafana
) -> None:
    assert "18 written, 0 as they should be" in push(folder)
    constant = state.boards["kayasol-fr-sites"][-1]["templating"]["list"][-1]
    assert constant["query"] == "https://kayasol.example.org"
    assert "0 written, 18 as they should be" in push(folder)


def test_a_password_goes_with_its_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAYASOL_GRAFANA_USER", USER)
    keep(folder, PASSWORD)
    assert "18 written" in push(folder)


@pytest.mark.parametrize("mode", [0o644, None])
def test_a_token_that_others_can_read_or_that_is_missing_is_refused(folder: Path, mode: int | None) -> None:
    path = folder / "grafana.token"
    path.unlink() if mode is None else path.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        push(folder)


def test_a_refusal_says_that_nothing_was_written(folder: Path, state: Grafana) -> None:
    state.faults.append(Fault("GET", "/search", 403))
    result = RUN.invoke(app, ["dashboards", "push", "--folder", str(folder)])
    assert (result.exit_code, state.writes) == (1, [])
    assert "Nothing was written." in result.output
    assert "give the service account the role Editor" in str(result.exception)


def test_the_token_is_not_sent_over_a_network_in_the_open(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="grafana_url: http would show the token"):
        load_settings(tmp_path, grafana_url="http://grafana.example.org")


def test_files_are_written_where_one_wants_them(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["dashboards", "build", "--into", str(tmp_path), "--pages-url", "https://here/"])
    assert result.exit_code == 0
    assert '"query": "https://here"' in (tmp_path / "en" / "sites.json").read_text()
    assert len(list(tmp_path.rglob("*.json"))) == 16
