"""Every command, argument, setting, metric and route is documented, and nothing documented is gone."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi import FastAPI

from api.app import create_app
from edge_agent import main as edge
from edge_agent.config_keys import SECTIONS
from kayasol.cli import app as server_commands
from kayasol.settings import ServerSettings
from kiosk.metric import CATALOGUE, Kind
from store.engine import Store
from store.migrate import upgrade
from store.readings.sql import SqlReadings
from tests.house.reading import ROOT

Names = dict[str, set[str]]
"""A command or section, and what belongs to it."""

FIRST_CELL = re.compile(r"^\| ([^|]+) \|", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
NOT_ROUTES = frozenset({"/api/v1/openapi.json"})
"""Answered by the framework; the page names it in its own sentence."""


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def told_below(text: str, heading: str) -> Names:
    """What the tables' first cells name below each heading that the pattern finds."""
    parts = re.split(heading, text, flags=re.MULTILINE)
    return {
        name: {word for cell in FIRST_CELL.findall(below) for word in CODE.findall(cell)}
        for name, below in zip(parts[1::2], parts[2::2], strict=True)
    }


def server_command_names(command: Any, name: str) -> Iterator[tuple[str, set[str]]]:
    if hasattr(command, "commands"):
        for word, inner in command.commands.items():
            yield from server_command_names(inner, f"{name} {word}")
        return
    words = {
        max(each.opts, key=len) if each.param_type_name == "option" else (each.name or "").upper()
        for each in command.params
    }
    yield name, words - {"--help"}


def edge_command_names(parser: argparse.ArgumentParser) -> Iterator[tuple[str, set[str]]]:
    (commands,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    for word, inner in commands.choices.items():
        yield (
            f"kayasol-edge {word}",
            {
                max(each.option_strings, key=len) if each.option_strings else each.dest.upper()
                for each in inner._actions
                if not isinstance(each, argparse._HelpAction)
            },
        )


def differences(real: Mapping[str, set[str]], told: Mapping[str, set[str]]) -> list[str]:
    lines = [f"{name}: not documented" for name in real.keys() - told.keys()]
    lines += [f"{name}: documented, and gone" for name in told.keys() - real.keys()]
    for name in real.keys() & told.keys():
        lines += [f"{name} {each}: not documented" for each in real[name] - told[name]]
        lines += [f"{name} {each}: documented, and gone" for each in told[name] - real[name]]
    return sorted(lines)


def test_every_command_and_argument_is_documented() -> None:
    real = dict(server_command_names(typer.main.get_command(server_commands), "kayasol"))
    real |= dict(edge_command_names(edge._parser()))
    assert differences(real, told_below(page("commands.md"), r"^### `([^`]+)`$")) == []


def test_every_setting_is_documented() -> None:
    real: Names = {"The server": set(ServerSettings.model_fields)}
    real |= {name: set(keys) for name, keys in SECTIONS.items()}
    told = told_below(page("settings.md"), r"^##+ (The server|`\[+[a-z]+\]+`)[^\n]*$")
    assert differences(real, {name.strip("`[]"): words for name, words in told.items()}) == []


def test_every_metric_is_documented_as_it_is() -> None:
    rows = [line.split(" | ") for line in page("metrics.md").splitlines() if line.startswith("| `")]
    told = {cells[0].strip("| `"): cells[1:4] for cells in rows}
    assert told == {
        name: [metric.unit, "" if metric.kind is Kind.STATE else f"{10.0**-metric.decimals:g}", metric.kind.value]
        for name, metric in CATALOGUE.items()
    }


def test_every_route_is_documented(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'kayasol.db'}")
    store = Store.open(f"sqlite:///{tmp_path / 'kayasol.db'}")
    try:
        app = create_app(store=store, readings=SqlReadings(store), clock=lambda: 0)
        real = {re.sub(r"\{\w+\}", "{}", path) for path in paths(app)} - NOT_ROUTES
    finally:
        store.close()
    rows = [cell for cell in FIRST_CELL.findall(page("api.md")) if cell.startswith("`/")]
    told = {re.sub(r"\{\w+\}", "{}", path) for cell in rows for path in CODE.findall(cell)}
    assert differences({"routes": real}, {"routes": told}) == []


def paths(app: FastAPI) -> Iterator[str]:
    routes: list[Any] = list(app.routes)
    for route in routes:
        inner = getattr(route, "effective_route_contexts", None)  # a router that was included
        for each in inner() if inner else [route]:
            yield each.path


@pytest.mark.parametrize("name", ["a word too few", "a word too many"])
def test_a_difference_is_seen(name: str) -> None:
    real, told = {"kayasol x": {"--a"}}, {"kayasol x": {"--a", "--b"}}
    ends = "documented, and gone" if name == "a word too many" else "not documented"
    found = differences(real, told) if name == "a word too many" else differences(told, real)
    assert found == [f"kayasol x --b: {ends}"]
