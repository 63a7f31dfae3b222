"""A TOML table that is read key by key and refuses what nobody asked for; must not know what a scenario is."""

from __future__ import annotations

import difflib
from typing import Any

from firmware_sim.scenarios.scenario import ScenarioError


class StrictTable:
    """Every read names a known key; `done` compares them with what the file holds."""

    def __init__(self, where: str, content: dict[str, Any]) -> None:
        self._where = where
        self._content = content
        self._known: list[str] = []

    def has(self, key: str) -> bool:
        self._known.append(key)
        return key in self._content

    def number(self, key: str, least: float, most: float) -> float:
        value = self._get(key)
        if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
            raise ScenarioError(f"{self._where}: {key} = {value!r}; write a number from {least:g} to {most:g}")
        return float(value)

    def integer(self, key: str, least: int, most: int) -> int:
        value = self._get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ScenarioError(f"{self._where}: {key} = {value!r}; write a whole number from {least} to {most}")
        return value

    def text(self, key: str) -> str:
        value = self._get(key)
        if not isinstance(value, str) or not value:
            raise ScenarioError(f"{self._where}: {key} = {value!r}; write a text in quotes")
        return value

    def choice(self, key: str, choices: list[str]) -> str:
        value = self.text(key)
        if value not in choices:
            raise ScenarioError(f"{self._where}: {key} = {value!r}{_nearest(value, choices)}")
        return value

    def flag(self, key: str) -> bool:
        value = self._get(key)
        if not isinstance(value, bool):
            raise ScenarioError(f"{self._where}: {key} = {value!r}; write true or false")
        return value

    def array(self, key: str) -> list[Any]:
        value = self._get(key)
        if not isinstance(value, list):
            raise ScenarioError(f"{self._where}: {key} = {value!r}; write a list in square brackets")
        return value

    def pairs(self, key: str) -> tuple[tuple[Any, Any], ...]:
        value = self.array(key)
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in value):
            raise ScenarioError(f"{self._where}: {key} = {value!r}; write pairs, as in [[first, last]]")
        return tuple((first, last) for first, last in value)

    def table(self, key: str) -> StrictTable:
        value = self._get(key)
        if not isinstance(value, dict):
            raise ScenarioError(f"{self._where}: {key} must be a table: write [{key}] on a line of its own")
        return StrictTable(f"{self._where} [{key}]", value)

    def tables(self, key: str) -> list[StrictTable]:
        """An absent list is an empty one."""
        if not self.has(key):
            return []
        value = self.array(key)
        if not all(isinstance(item, dict) for item in value):
            raise ScenarioError(f"{self._where}: {key} must be tables: write [[{key}]] before each")
        return [StrictTable(f"{self._where} [[{key}]] no. {n}", item) for n, item in enumerate(value, 1)]

    def done(self) -> None:
        """Refuses keys that no read has named."""
        for key in self._content:
            if key not in self._known:
                raise ScenarioError(f"{self._where}: unknown key {key!r}{_nearest(key, self._known)}")

    def _get(self, key: str) -> Any:
        if not self.has(key):
            strangers = [other for other in self._content if other not in self._known]
            # A misspelt key is the likelier reason: name it.
            if misspelt := difflib.get_close_matches(key, strangers, n=1, cutoff=0.6):
                raise ScenarioError(f"{self._where}: unknown key {misspelt[0]!r}; did you mean {key!r}?")
            raise ScenarioError(f"{self._where}: {key} is missing; add a line `{key} = ...`")
        return self._content[key]


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.4)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(set(known)))}"
