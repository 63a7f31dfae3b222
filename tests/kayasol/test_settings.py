"""Which readings store a server has: what is accepted, what is refused, and what the refusal tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from kayasol.settings import load_settings
from kiosk.errors import ConfigError


def test_by_itself_a_server_keeps_all_in_one_file_of_its_folder(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert (settings.readings, settings.database) == ("sqlite", f"sqlite:///{tmp_path / 'kayasol.db'}")


def test_influxdb_is_named_in_the_folders_file_and_its_token_lies_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "kayasol.toml").write_text('readings = "influxdb"\ninfluxdb_url = "https://influx.example.org:8086"\n')
    settings = load_settings(tmp_path)
    assert (settings.readings, settings.influxdb_token) == ("influxdb", tmp_path / "influxdb.token")


def test_a_token_file_elsewhere_keeps_its_absolute_path(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, influxdb_token_file="/run/secrets/influxdb")
    assert settings.influxdb_token == Path("/run/secrets/influxdb")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8086", "http://localhost:8086", "http://[::1]:8086"])
def test_plain_http_is_for_this_machine(tmp_path: Path, url: str) -> None:
    assert load_settings(tmp_path, influxdb_url=url).influxdb_url == url


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://influx.example.org:8086", "use https"),
        ("influx.example.org:8086", "write it as https://"),
        ("ftp://127.0.0.1", "write it as https://"),
        ("https://somebody:secret@influx.example.org", "the token has a file of its own"),
        ("", "write it as https://"),
    ],
)
def test_an_address_that_would_betray_the_token_is_refused(tmp_path: Path, url: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_settings(tmp_path, influxdb_url=url)


def test_a_kind_that_is_none_is_refused_with_the_kinds_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"readings: .*'sqlite' or 'influxdb'"):
        load_settings(tmp_path, readings="influx")


def test_a_key_that_is_nearly_right_is_told(tmp_path: Path) -> None:
    (tmp_path / "kayasol.toml").write_text('influxdb_bukket = "readings"\n')
    with pytest.raises(ConfigError, match="did you mean 'influxdb_bucket'"):
        load_settings(tmp_path)
