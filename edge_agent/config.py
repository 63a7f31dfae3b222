"""The site's configuration file: TOML to frozen dataclasses, refusing whatever a person may have meant otherwise.

Knows which drivers exist; opens no line, no link and no key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.config_keys import (
    DRIVER_OPTIONS,
    KEEPALIVE_MAX_S,
    NOT_GIVEN,
    SECTIONS,
    refuse_twice,
    refuse_unknown,
    section,
    tables,
)
from edge_agent.drivers import BAUD, MODBUS, OPTIONS, check_driver, profile_of
from edge_agent.drivers.victron_history import SAMPLE_MAX_S as HISTORY_SAMPLE_MAX_S
from edge_agent.ports import check_ports
from kiosk.errors import ConfigError

CONFIG_MAX_BYTES = 65_536
KEEPALIVE_BEYOND_S = 300
"""So much longer than the cadence the keep-alive is where nothing else is said."""
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
    """After so long a silence the line is tried with a ping of 250 bytes."""
    ca: Path | None
    certificate: Path | None
    key: Path | None
    plain_loopback: bool
    """No TLS: only towards this very machine."""
    sales_at_once: bool = False
    """A frame for each sale, instead of waiting for the cadence; each costs credit."""


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
    refuse_unknown("", document, SECTIONS)
    config = Config(
        site=Site(**section(document, "site")),
        agent=_agent(section(document, "agent")),
        broker=_broker(section(document, "broker"), section(document, "agent")),
        devices=_devices(tables(document, "device"), folder),
        tariffs=_tariffs(tables(document, "tariff")),
        limits=Limits(**section(document, "limits")),
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
    # Frames keep the line awake; a ping is due only where one fails to come.
    keepalive_s = keys["keepalive_s"] or min(KEEPALIVE_MAX_S, keys["cadence_s"] + KEEPALIVE_BEYOND_S)
    return Broker(**(keys | files | {"keepalive_s": keepalive_s}))


def _devices(given: list[dict[str, Any]], folder: Path) -> tuple[Device, ...]:
    if not given:
        raise ConfigError("no [[device]]: a site has at least one device to read")
    for table in given:
        try:
            check_driver(table["driver"])
            table["options"] = _options(table, folder)
        except ConfigError as error:
            raise ConfigError(f"[[device]] {table['name']}: {error}") from error
        table["baud"] = table["baud"] or BAUD[table["driver"]]
    refuse_twice("device", "name", given)
    devices = tuple(Device(**table) for table in given)
    check_ports(devices)
    return devices


def _options(table: dict[str, Any], folder: Path) -> dict[str, int | str]:
    """Takes the driver's options out of the device's table; one that its driver does not take is refused."""
    taken = OPTIONS.get(table["driver"], ())
    given = {name: value for name in DRIVER_OPTIONS if (value := table.pop(name)) != NOT_GIVEN}
    for name in given:
        if name not in taken:
            has = f"it takes: {', '.join(taken)}" if taken else "it takes no option"
            raise ConfigError(f'driver {table["driver"]} has no "{name}"; {has}')
    if "registers" in given:
        given["registers"] = str(folder / given["registers"])
    if table["driver"] in MODBUS:
        profile_of(table["driver"], given.get("registers", ""))
    return given


def _tariffs(given: list[dict[str, Any]]) -> tuple[Tariff, ...]:
    refuse_twice("tariff", "service", given)
    refuse_twice("tariff", "button", given, bool)
    return tuple(Tariff(**table) for table in given)
