"""How a site's state is said and drawn: a word, a shape and a colour together, never colour alone. Judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from api.pages import formats
from api.pages.texts import text
from office.overview import Standing, State

Level = Literal["ok", "warn", "bad", "unknown"]

SIGNS: dict[Level, str] = {"ok": "●", "warn": "▲", "bad": "■", "unknown": "○"}
"""By level; the same on lists, pages and the map."""

_LEVELS: dict[State, Level] = {
    State.NEVER_SEEN: "unknown",
    State.SILENT_LOW_BATTERY: "bad",
    State.SILENT: "unknown",
    State.POWER_OFF: "bad",
    State.LOW_BATTERY: "warn",
    State.DEVICE_SILENT: "warn",
    State.BEHIND: "warn",
    State.NIGHT: "ok",
    State.OK: "ok",
}

NOTHING_TO_DO = frozenset({State.OK, State.NIGHT})


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state as a reader meets it."""

    level: Level
    """Style class, and the word for programs."""
    sign: str
    word: str
    reason: str
    """What is the matter."""
    advice: str
    """What to do; "" where nothing is to be done."""


def level_of(state: State) -> Level:
    """How bad a state is."""
    return _LEVELS[state]


def in_words(language: str, standing: Standing, now_ms: int) -> StateWords:
    """The state in a language."""
    level = level_of(standing.state)
    since = formats.span(language, now_ms - standing.since_ms) if standing.since_ms is not None else ""
    facts = {"span": since, "device": standing.subject}
    reason = text(language, f"reason_{standing.state.value}", **facts)
    advice = "" if standing.state in NOTHING_TO_DO else text(language, f"do_{standing.state.value}")
    return StateWords(level, SIGNS[level], text(language, f"state_{level}"), reason, advice)
