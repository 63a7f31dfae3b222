"""Boards as files and as Grafana's published types see them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import dashboards
from dashboards import site_boards
from dashboards.build import LANGUAGES, Board, Place, boards, folders, text_of, write_files
from dashboards.panel import UNITS
from dashboards.words import FIGURE_WORDS, METRIC_WORDS, SERVER_WORDS, word_of
from ingest.counters import OUTCOMES
from kiosk.figure import FIGURES
from kiosk.metric import CATALOGUE, Kind, Metric

HERE = Path(__file__).parent
FILES = Path(dashboards.__file__).parent / "boards"
SCHEMA = json.loads((HERE / "grafana_schema" / "board.schema.json").read_text())
BOARDS = boards()


def complaints(model: object) -> Iterator[str]:
    """What the schema has against a board, each branch of a choice told apart."""
    for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(model):
        yield f"{list(error.path)}: {error.message[:300]}"
        yield from (f"    {list(each.path)}: {each.message[:300]}" for each in error.context or ())


def plain(board: Board) -> dict[str, Any]:
    """As Grafana reads it."""
    return dict(json.loads(text_of(board)))


@pytest.mark.parametrize("board", BOARDS, ids=[board.uid for board in BOARDS])
def test_a_board_is_of_the_types_that_grafana_publishes(board: Board) -> None:
    assert list(complaints(plain(board))) == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("panels", 0, "fieldConfig", "defaults", "unitt"), "watt"),
        (("panels", 0, "options", "cellHeigth"), "sm"),
        (("panels", 1, "options", "legend", "displayMode"), "grid"),
        (("panels", 1, "fieldConfig", "defaults", "custom", "drawStyle"), "barz"),
        (("panels", 1, "type"), "graph"),
        (("templating", "list", 0, "hide"), "yes"),
        (("time", "from"), 30),
        (("rows",), []),
    ],
)
def test_the_schema_refuses_what_grafana_does_not_know(place: tuple[Any, ...], value: object) -> None:
    model = plain(BOARDS[0])
    *path, last = place
    part: Any = model
    for key in path:
        part = part[key]
    part[last] = value
    assert list(complaints(model))


def test_the_files_are_what_the_code_makes(tmp_path: Path) -> None:
    """After a change: kayasol dashboards build."""
    made = {path.relative_to(tmp_path): path.read_text() for path in write_files(tmp_path)}
    kept = {path.relative_to(FILES): path.read_text() for path in FILES.rglob("*.json")}
    assert kept == made


def test_a_board_that_has_gone_takes_its_file_along(tmp_path: Path) -> None:
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "weather.json").write_text("{}")
    write_files(tmp_path)
    assert not (tmp_path / "fr" / "weather.json").exists()


def test_uids_are_ours_short_and_different() -> None:
    uids = [board.uid for board in BOARDS] + [folder.uid for folder in folders()]
    assert len(set(uids)) == len(uids)
    assert all(uid.startswith("kayasol-") and len(uid) <= 40 for uid in uids)


def test_panels_have_numbers_of_their_own_and_do_not_overlap() -> None:
    for board in BOARDS:
        panels = board.model["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        taken: set[tuple[int, int]] = set()
        for panel in panels:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            assert not cells & taken, (board.uid, panel["title"])
            assert at["x"] + at["w"] <= 24
            taken |= cells


def test_a_new_metric_appears_without_hand_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CATALOGUE, "rain_mm", Metric("rain_mm", "mm", 1, Kind.GAUGE, 0, 9_999))
    written = json.dumps([plain(board) for board in boards() if board.name == "device"])
    assert 'mean(\\"rain_mm:1\\") / 10 AS \\"rain_mm\\"' in written


def test_units_are_known() -> None:
    for unit in site_boards.metrics_by_unit():
        assert unit in UNITS
    for figure in FIGURES.values():
        assert figure.unit in UNITS


def test_words_are_of_things_that_exist() -> None:
    assert set(FIGURE_WORDS) <= set(FIGURES)
    assert set(METRIC_WORDS) <= set(CATALOGUE)
    assert set(SERVER_WORDS) - {"dead_letters", "dirty_days"} <= set(OUTCOMES)
    assert word_of("rain_mm", "fr") == "rain_mm"


def test_both_languages_have_the_same_boards_and_panels_and_neither_is_the_other() -> None:
    by_language = {language: [b for b in BOARDS if b.language == language] for language in LANGUAGES}
    for french, english in zip(by_language["fr"], by_language["en"], strict=True):
        assert french.name == english.name
        assert len(french.model["panels"]) == len(english.model["panels"])
        assert french.model["title"] != english.model["title"]


def test_the_place_is_in_the_boards_and_no_secret_is() -> None:
    (board, *_) = boards(Place("https://kayasol.example.org", "other-uid"))
    text = text_of(board)
    assert '"https://kayasol.example.org"' in text
    assert '"uid": "other-uid"' in text
    assert "kayasol-influxdb" not in text
    provisioned = "".join(path.read_text() for path in FILES.parent.rglob("*.yaml"))
    assert "Token $__file{/run/secrets/influxdb_token}" in provisioned


def test_no_panel_adds_up_energy_or_money() -> None:
    for board in BOARDS:
        for panel in board.model["panels"]:
            assert {each["id"] for each in panel.get("transformations", ())} <= {"renameByRegex"}
            assert panel.get("options", {}).get("legend", {}).get("calcs", []) == []
            assert not any("sum(" in target["query"] for target in panel.get("targets", ()))


def test_provisioning_names_the_same_source_folders_and_files() -> None:
    (source,) = yaml.safe_load((FILES.parent / "provisioning/datasources/kayasol.yaml").read_text())["datasources"]
    assert (source["uid"], source["type"], source["jsonData"]["version"]) == (
        Place().datasource_uid,
        "influxdb",
        "InfluxQL",
    )
    providers = yaml.safe_load((FILES.parent / "provisioning/dashboards/kayasol.yaml").read_text())["providers"]
    assert [(each["folderUid"], each["folder"]) for each in providers] == [(f.uid, f.title) for f in folders()]
    assert [each["options"]["path"].rpartition("/")[2] for each in providers] == list(LANGUAGES)
