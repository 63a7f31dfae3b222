"""The demo's InfluxDB: found or explained, set up once, and found again on another port."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kayasol.demo.children import Children
from kayasol.demo.influxdb import find_influxd, start_influxdb
from kayasol.demo.places import INFLUXDB, SQLITE, Places, Run, load_run
from kayasol.demo.run import Wish, run_demo
from kayasol.readings_store import open_projection
from kayasol.settings import load_settings
from kiosk.errors import ConfigError
from store.migrate import upgrade
from tests.server_process import free_port
from tests.servers import require_server


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    made = Children(tmp_path / "logs")
    yield made
    made.stop_all()


@pytest.mark.parametrize("named", ["", "/nowhere/influxd"])
def test_without_the_program_it_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="`make servers` builds it once"):
        find_influxd(named)


def test_a_demo_of_another_store_is_neither_mixed_nor_thrown_away(tmp_path: Path) -> None:
    places = Places(tmp_path / "demo")
    places.server.mkdir(parents=True)
    Run(1, 30).save(places.run_file)
    wish = Wish(port=free_port(), days=1, seed=1, store=INFLUXDB, influxd=None)
    with pytest.raises(ConfigError, match="keeps readings in sqlite"):
        run_demo(places.root, wish, fresh=False)
    assert places.server.exists()


def test_what_a_demo_was_started_with_is_read_again(tmp_path: Path) -> None:
    run = Run(7, 30, INFLUXDB, "/opt/influxd")
    run.save(tmp_path / "demo.json")
    assert load_run(tmp_path / "demo.json") == run


def test_a_demo_from_before_there_was_a_choice_is_one_of_sqlite(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(json.dumps({"seed": 7, "days": 30}))
    assert load_run(tmp_path / "demo.json") == Run(7, 30, SQLITE)


@pytest.mark.parametrize("text", ["", "[]", "7", '{"seed": 1}', '{"seed": "x", "days": 1}'])
def test_a_damaged_note_of_a_demo_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "demo.json").write_text(text)
    with pytest.raises(ConfigError, match="start anew with"):
        load_run(tmp_path / "demo.json")


def test_a_second_start_uses_the_same_bucket_and_token_on_another_port(tmp_path: Path, children: Children) -> None:
    influxd = require_server("influxdb")
    places = Places(tmp_path)
    tokens = []
    for _ in range(2):
        start_influxdb(places, children, influxd, free_port())
        settings = load_settings(places.server)
        tokens.append(settings.influxdb_token.read_text())
        upgrade(settings.database)
        with open_projection(settings) as projection:
            assert projection.copied("damane") == {"ledger_record": {}, "ledger_day": {}}
        children.stop(INFLUXDB)
    assert tokens[0] == tokens[1]
    assert (places.influxdb / "operator.token").stat().st_mode & 0o077 == 0
