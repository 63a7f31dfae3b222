"""The site's configuration file: TOML to frozen dataclasses, refusing whatever a person may have meant otherwise.

Knows which drivers exist; opens no line, no link and no key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.drivers import BAUD, MODBUS, OPTIONS, check_driver, profile_of
from edge_agent.drivers.victron_history import DAYS_MAX as HISTORY_DAYS_MAX
from edge_agent.drivers.victron_history import SAMPLE_MAX_S as HISTORY_SAMPLE_MAX_S
from edge_agent.nearest import hint
from edge_agent.ports import check_ports
from edge_agent.transports.modbus_frames import SLAVE_MAX
from kiosk.errors import ConfigError
from kiosk.ledger.kinds import WORD, Kind, pattern
from kiosk.ledger.types import CURRENCY, SITE

CONFIG_MAX_BYTES = 65_536
SAMPLE = Path(__file__).with_name("sample.toml")
"""The shipped example; a test loads it."""


@dataclass(frozen=True, slots=True)
class Site:
    """Whose readings and whose money this is."""

    code: str
    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """Where the agent keeps its state, and how often it measures."""

    state: Path
    """Keys, act, outbox and socket; relative paths of [broker] start here."""
    sample_s: int
    chunk_rows: int
    """Rows stored in one commit: fewer lose less at a power cut, more spare the SD card."""
    rtc: bool
    """The computer has a clock with a battery of its own."""
    low_battery_v: float
    """Below it the power may go at any minute, so each row is stored at once; 0: never."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where frames go."""

    host: str
    port: int
    cadence_s: int
    keepalive_s: int
    ca: Path | None
    certificate: Path | None
    key: Path | None
    plain_loopback: bool
    """No TLS: only towards this very machine."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device on one line."""

    name: str
    driver: str
    port: str
    baud: int
    options: Mapping[str, int | str] = field(default_factory=dict)
    """What only its driver takes (OPTIONS in edge_agent/drivers), as far as the file gives it."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a service costs, and the button that sells it."""

    service: str
    name: str
    price: int
    """In the currency's minor unit; XOF has none, so francs."""
    button: str
    """One letter, or "" where no button sells it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the agent may use up."""

    outbox_rows: int


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file."""

    site: Site
    agent: AgentSettings
    broker: Broker
    devices: tuple[Device, ...]
    tariffs: tuple[Tariff, ...]
    limits: Limits


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


_NOT_GIVEN = ""
"""Default of a driver's option: no such option may have it as a value."""
_FLAG = Kind("true or false", lambda value: type(value) is bool, 0)
_PATH = _text(200)

_DRIVER_OPTIONS: dict[str, _Key] = {
    "history_days": _Key(_integer(1, HISTORY_DAYS_MAX), _NOT_GIVEN),
    "positive_current": _Key(pattern('"charging" or "discharging"', "(dis)?charging"), _NOT_GIVEN),
    "address": _Key(_integer(1, SLAVE_MAX), _NOT_GIVEN),
    "registers": _Key(_PATH, _NOT_GIVEN),
}
"""Keys of [[device]] that only some drivers take; left out, the driver's own default holds."""

_SECTIONS: dict[str, dict[str, _Key]] = {
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
        "keepalive_s": _Key(_integer(10, 65_535), 600),
        "ca": _Key(_PATH, ""),
        "certificate": _Key(_PATH, ""),
        "key": _Key(_PATH, ""),
        "plain_loopback": _Key(_FLAG, False),
    },
    "device": {
        "name": _Key(pattern("a name of 1 to 24 characters a-z 0-9 -", "[a-z0-9-]{1,24}")),
        "driver": _Key(_text(32)),
        "port": _Key(_PATH),
        "baud": _Key(_integer(300, 921_600), 0),
        **_DRIVER_OPTIONS,
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
_LOOPBACK = ("127.0.0.1", "::1")
"""Addresses only: a name such as localhost may be resolved to anything."""


def load(path: Path) -> Config:
    """Read and check a configuration file. Raises ConfigError naming file, section, key and remedy."""
    try:
        with path.open("rb") as file:
            raw = file.read(CONFIG_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); copy {SAMPLE} there and adapt it") from error
    if len(raw) > CONFIG_MAX_BYTES:
        raise ConfigError(f"{path}: longer than {CONFIG_MAX_BYTES} bytes; this is not a configuration file")
    try:
        return parse(raw.decode("utf-8"), path.parent)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse(text: str, folder: Path = Path()) -> Config:
    """The configuration written in `text`; its files of registers lie in `folder`. Raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}") from error
    _refuse_unknown("", document, _SECTIONS)
    config = Config(
        site=Site(**_section(document, "site")),
        agent=_agent(_section(document, "agent")),
        broker=_broker(_section(document, "broker"), _section(document, "agent")),
        devices=_devices(_tables(document, "device"), folder),
        tariffs=_tariffs(_tables(document, "tariff")),
        limits=Limits(**_section(document, "limits")),
    )
    _check_history(config)
    return config


def _check_history(config: Config) -> None:
    """Each day of a device's history is told for a few minutes: rows that are further apart would miss some."""
    for device in config.devices:
        if "history_days" in device.options and config.agent.sample_s > HISTORY_SAMPLE_MAX_S:
            raise ConfigError(
                f"[[device]] {device.name}: history_days needs [agent] sample_s of at most {HISTORY_SAMPLE_MAX_S}, "
                f"is {config.agent.sample_s}"
            )


def _section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{name} must be a section, written [{name}]")
    return _checked(f"[{name}]", table, _SECTIONS[name])


def _tables(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{name} must be written [[{name}]], once for each")
    return [
        _checked(f"[[{name}]] number {number}", table, _SECTIONS[name]) for number, table in enumerate(tables, start=1)
    ]


def _checked(place: str, table: Mapping[str, Any], keys: Mapping[str, _Key]) -> dict[str, Any]:
    """Every key of the section with its value or default."""
    _refuse_unknown(f"{place} ", table, keys)
    for name, key in keys.items():
        if name not in table and key.default is None:
            raise ConfigError(f"{place} {name} is missing: {key.kind.says}")
        if name in table and not key.kind.holds(table[name]):
            raise ConfigError(f"{place} {name} must be {key.kind.says}, is {str(table[name])[:60]!r}")
    return {name: table.get(name, key.default) for name, key in keys.items()}


def _refuse_unknown(place: str, table: Mapping[str, Any], known: Mapping[str, object]) -> None:
    for name in table:
        if name not in known:
            raise ConfigError(f'{place}unknown {"key" if place else "section"} "{name[:40]}"; {hint(name, known)}')


def _agent(keys: dict[str, Any]) -> AgentSettings:
    return AgentSettings(**(keys | {"state": Path(keys["state"])}))


def _broker(keys: dict[str, Any], agent: Mapping[str, Any]) -> Broker:
    state = Path(agent["state"])
    files = {name: state / keys[name] if keys[name] else None for name in ("ca", "certificate", "key")}
    missing = [name for name, file in files.items() if file is None]
    if keys["plain_loopback"]:
        if keys["host"] not in _LOOPBACK:
            raise ConfigError(
                f"[broker] plain_loopback is for 127.0.0.1 and ::1 only, not {keys['host'][:60]!r}: "
                "remove it and give ca, certificate and key"
            )
        if len(missing) < len(files):
            raise ConfigError("[broker] plain_loopback and TLS files exclude each other: keep one of them")
    elif missing:
        raise ConfigError(f"[broker] {', '.join(missing)} missing: `kayasol-edge commission` writes them")
    return Broker(**(keys | files))


def _devices(tables: list[dict[str, Any]], folder: Path) -> tuple[Device, ...]:
    if not tables:
        raise ConfigError("no [[device]]: a site has at least one device to read")
    for table in tables:
        try:
            check_driver(table["driver"])
            table["options"] = _options(table, folder)
        except ConfigError as error:
            raise ConfigError(f"[[device]] {table['name']}: {error}") from error
        table["baud"] = table["baud"] or BAUD[table["driver"]]
    _refuse_twice("device", "name", tables)
    devices = tuple(Device(**table) for table in tables)
    check_ports(devices)
    return devices


def _options(table: dict[str, Any], folder: Path) -> dict[str, int | str]:
    """Takes the driver's options out of the device's table; one that its driver does not take is refused."""
    taken = OPTIONS.get(table["driver"], ())
    given = {name: value for name in _DRIVER_OPTIONS if (value := table.pop(name)) != _NOT_GIVEN}
    for name in given:
        if name not in taken:
            has = f"it takes: {', '.join(taken)}" if taken else "it takes no option"
            raise ConfigError(f'driver {table["driver"]} has no "{name}"; {has}')
    if "registers" in given:
        given["registers"] = str(folder / given["registers"])
    if table["driver"] in MODBUS:
        profile_of(table["driver"], given.get("registers", ""))
    return given


def _tariffs(tables: list[dict[str, Any]]) -> tuple[Tariff, ...]:
    _refuse_twice("tariff", "service", tables)
    _refuse_twice("tariff", "button", tables, bool)
    return tuple(Tariff(**table) for table in tables)


def _refuse_twice(
    section: str, key: str, tables: list[dict[str, Any]], counts: Callable[[str], bool] = lambda _value: True
) -> None:
    """One value of `key` in one table only; values that do not count may be repeated."""
    seen: set[str] = set()
    for table in tables:
        value = table[key]
        if value in seen and counts(value):
            raise ConfigError(f'[[{section}]] {key} "{value}" is given twice: each needs its own')
        seen.add(value)
