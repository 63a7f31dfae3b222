"""The keys of the configuration file: what each may be, and what it is when left out. Makes no object of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_agent.drivers.victron_history import DAYS_MAX as HISTORY_DAYS_MAX
from edge_agent.nearest import hint
from edge_agent.transports.modbus_frames import SLAVE_MAX
from kiosk.errors import ConfigError
from kiosk.ledger.kinds import WORD, Kind, pattern
from kiosk.ledger.types import CURRENCY, SITE

KEEPALIVE_MAX_S = 65_535
"""What MQTT can express."""


@dataclass(frozen=True, slots=True)
class _Key:
    """One key of a section: what it must be, and what it is when left out (None: it may not be)."""

    kind: Kind
    default: str | int | None = None


def _integer(low: int, high: int) -> Kind:
    return Kind(f"an integer from {low} to {high}", lambda value: type(value) is int and low <= value <= high, low)


def _number(low: int, high: int) -> Kind:
    return Kind(
        f"a number from {low} to {high}", lambda value: type(value) in (int, float) and low <= float(value) <= high, low
    )


def _text(characters: int) -> Kind:
    return Kind(
        f"a text of 1 to {characters} printable characters",
        lambda value: type(value) is str and 1 <= len(value) <= characters and value.isprintable(),
        "",
    )


NOT_GIVEN = ""
"""Default of a driver's option: no such option may have it as a value."""
_FLAG = Kind("true or false", lambda value: type(value) is bool, 0)
_PATH = _text(200)

DRIVER_OPTIONS: dict[str, _Key] = {
    "history_days": _Key(_integer(1, HISTORY_DAYS_MAX), NOT_GIVEN),
    "positive_current": _Key(pattern('"charging" or "discharging"', "(dis)?charging"), NOT_GIVEN),
    "address": _Key(_integer(1, SLAVE_MAX), NOT_GIVEN),
    "registers": _Key(_PATH, NOT_GIVEN),
}
"""Keys of [[device]] that only some drivers take; left out, the driver's own default holds."""

SECTIONS: dict[str, dict[str, _Key]] = {
    "site": {
        "code": _Key(SITE),
        "name": _Key(_text(80)),
        "currency": _Key(CURRENCY, "XOF"),
    },
    "agent": {
        "state": _Key(_PATH, "/var/lib/kayasol"),
        "sample_s": _Key(_integer(1, 3600), 60),
        "chunk_rows": _Key(_integer(1, 60), 15),
        "rtc": _Key(_FLAG, False),
        "low_battery_v": _Key(_number(0, 1_000), 0),
    },
    "broker": {
        "host": _Key(_text(253)),
        "port": _Key(_integer(1, 65_535), 8883),
        "cadence_s": _Key(_integer(10, 86_400), 900),
        "keepalive_s": _Key(_integer(10, KEEPALIVE_MAX_S), 0),
        "ca": _Key(_PATH, ""),
        "certificate": _Key(_PATH, ""),
        "key": _Key(_PATH, ""),
        "plain_loopback": _Key(_FLAG, False),
        "sales_at_once": _Key(_FLAG, False),
    },
    "device": {
        "name": _Key(pattern("a name of 1 to 24 characters a-z 0-9 -", "[a-z0-9-]{1,24}")),
        "driver": _Key(_text(32)),
        "port": _Key(_PATH),
        "baud": _Key(_integer(300, 921_600), 0),
        **DRIVER_OPTIONS,
    },
    "tariff": {
        "service": _Key(WORD),
        "name": _Key(_text(40)),
        "price": _Key(_integer(0, 10**9)),
        "button": _Key(pattern("one letter A to H", "[A-H]"), ""),
    },
    "limits": {
        "outbox_rows": _Key(_integer(1_000, 10_000_000), 600_000),
    },
}


def section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{name} must be a section, written [{name}]")
    return _checked(f"[{name}]", table, SECTIONS[name])


def tables(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{name} must be written [[{name}]], once for each")
    return [
        _checked(f"[[{name}]] number {number}", table, SECTIONS[name]) for number, table in enumerate(tables, start=1)
    ]


def _checked(place: str, table: Mapping[str, Any], keys: Mapping[str, _Key]) -> dict[str, Any]:
    """Every key of the section with its value or default."""
    refuse_unknown(f"{place} ", table, keys)
    for name, key in keys.items():
        if name not in table and key.default is None:
            raise ConfigError(f"{place} {name} is missing: {key.kind.says}")
        if name in table and not key.kind.holds(table[name]):
            raise ConfigError(f"{place} {name} must be {key.kind.says}, is {str(table[name])[:60]!r}")
    return {name: table.get(name, key.default) for name, key in keys.items()}


def refuse_unknown(place: str, table: Mapping[str, Any], known: Mapping[str, object]) -> None:
    for name in table:
        if name not in known:
            raise ConfigError(f'{place}unknown {"key" if place else "section"} "{name[:40]}"; {hint(name, known)}')


def refuse_twice(
    section: str, key: str, tables: list[dict[str, Any]], counts: Callable[[str], bool] = lambda _value: True
) -> None:
    """One value of `key` in one table only; values that do not count may be repeated."""
    seen: set[str] = set()
    for table in tables:
        value = table[key]
        if value in seen and counts(value):
            raise ConfigError(f'[[{section}]] {key} "{value}" is given twice: each needs its own')
        seen.add(value)
