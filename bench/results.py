"""Figures with their goals, printed and kept in build/bench.json; knows nothing of what is measured."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent.parent / "build" / "bench.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; without a goal it is there to be read."""

    name: str
    value: float
    unit: str
    goal: str = ""
    """In words or as "<= number"."""
    holds: bool | None = None


def at_most(name: str, value: float, unit: str, goal: float) -> Figure:
    """A figure that must not exceed its goal."""
    return Figure(name, round(value, 4), unit, f"<= {goal:g}", value <= goal)


def at_least(name: str, value: float, unit: str, goal: float) -> Figure:
    """A figure that must reach its goal."""
    return Figure(name, round(value, 4), unit, f">= {goal:g}", value >= goal)


def keep(figures: Iterable[Figure], path: Path = RESULTS) -> None:
    """Put the figures into the list on disk; a name that is there already gets its new figure."""
    told = {each["name"]: each for each in json.loads(path.read_text(encoding="utf-8"))} if path.exists() else {}
    told |= {figure.name: asdict(figure) for figure in figures}
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(list(told.values()), indent=1) + "\n", encoding="utf-8")
