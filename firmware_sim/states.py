"""Reading back what `to_state` wrote: plain JSON objects with checked types; must not know whose state it is."""

from __future__ import annotations

from typing import Any

State = dict[str, Any]
"""A JSON object: strings, integers, floats, booleans, null, lists and objects of these."""


class StateError(ValueError):
    """A saved state does not fit this version of the simulator; start a fresh run."""


def _field(state: State, key: str) -> Any:
    try:
        return state[key]
    except KeyError:
        raise StateError(f"the saved state has no {key!r}: another version wrote it, start a fresh run") from None


def integer(state: State, key: str) -> int:
    value = _field(state, key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise StateError(f"{key!r} of the saved state is not an integer: {value!r}")
    return value


def number(state: State, key: str) -> float:
    value = _field(state, key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise StateError(f"{key!r} of the saved state is not a number: {value!r}")
    return float(value)


def flag(state: State, key: str) -> bool:
    value = _field(state, key)
    if not isinstance(value, bool):
        raise StateError(f"{key!r} of the saved state is not true or false: {value!r}")
    return value


def text(state: State, key: str) -> str:
    value = _field(state, key)
    if not isinstance(value, str):
        raise StateError(f"{key!r} of the saved state is not a text: {value!r}")
    return value


def part(state: State, key: str) -> State:
    value = _field(state, key)
    if not isinstance(value, dict):
        raise StateError(f"{key!r} of the saved state is not an object: {value!r}")
    return value


def items(state: State, key: str) -> list[Any]:
    value = _field(state, key)
    if not isinstance(value, list):
        raise StateError(f"{key!r} of the saved state is not a list: {value!r}")
    return value
