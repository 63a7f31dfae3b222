"""A Modbus device described by a file of registers: TOML to a profile, refusing whatever may be meant otherwise.

The file's form: docs/devices/modbus-registers.md and sample_registers.toml. Given to another Modbus driver, the file's
registers take the place of the driver's own of the same metric, for a device that differs from its table.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from edge_agent.drivers.modbus_profile import (
    HIGH_BYTE,
    LOW_BYTE,
    S16,
    S32_HIGH_FIRST,
    S32_LOW_FIRST,
    U16,
    U32_HIGH_FIRST,
    U32_LOW_FIRST,
    Form,
    Identity,
    Profile,
    Register,
    ascii_text,
    blocks_of,
)
from edge_agent.nearest import hint
from edge_agent.transports.modbus_frames import READS, Answer, read_request
from kiosk.errors import ConfigError
from kiosk.metric import CATALOGUE

SAMPLE = Path(__file__).with_name("sample_registers.toml")
"""The shipped example; a test loads it."""
FILE_MAX_BYTES = 65_536
REGISTERS_MAX = 64

PROFILE = Profile("modbus-registers", baud=9_600, registers=(), blocks=())
"""Nothing is read without a file."""

_FORMS: dict[str, dict[str, Form]] = {
    "high-first": {"u32": U32_HIGH_FIRST, "s32": S32_HIGH_FIRST},
    "low-first": {"u32": U32_LOW_FIRST, "s32": S32_LOW_FIRST},
}
_SHORT_FORMS = {"u16": U16, "s16": S16, "high-byte": HIGH_BYTE, "low-byte": LOW_BYTE}
_TYPES = (*_SHORT_FORMS, *_FORMS["high-first"])
_SECTIONS = ("word_order", "function", "register", "serial")
_REGISTER = ("metric", "address", "type", "times", "per", "function")
_SERIAL = ("address", "words", "type", "function")


def with_file(profile: Profile, path: Path) -> Profile:
    """The profile with the file's registers in it. Raises ConfigError naming file, place and remedy."""
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); copy {SAMPLE} there and adapt it") from error
    if len(raw) > FILE_MAX_BYTES:
        raise ConfigError(f"{path}: longer than {FILE_MAX_BYTES} bytes; this is not a file of registers")
    try:
        return parse(profile, raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse(profile: Profile, text: str) -> Profile:
    """As `with_file`, for the file's text. Raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}") from error
    _refuse_unknown("", document, _SECTIONS)
    order = _one_of("", document, "word_order", tuple(_FORMS), "high-first")
    function = _integer("", document, "function", READS[0], READS[-1], 4)
    tables = document.get("register", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError("register must be written [[register]], once for each")
    if not 1 <= len(tables) <= REGISTERS_MAX:
        raise ConfigError(f"1 to {REGISTERS_MAX} [[register]] make a device, not {len(tables)}")
    registers = tuple(
        _register(f"[[register]] number {number} ", table, order, function) for number, table in enumerate(tables, 1)
    )
    _refuse_twice(registers)
    own = tuple(each for each in profile.registers if each.name not in {found.name for found in registers})
    unread = tuple(each for each in registers if not any(block.holds(each) for block in profile.blocks))
    return replace(
        profile,
        registers=own + registers,
        blocks=profile.blocks + blocks_of(unread),
        identity=_identity(document["serial"], order, function) if "serial" in document else profile.identity,
    )


def _register(place: str, table: Mapping[str, Any], order: str, function: int) -> Register:
    _refuse_unknown(place, table, _REGISTER)
    metric = _one_of(place, table, "metric", tuple(CATALOGUE))
    kind = _one_of(place, table, "type", _TYPES, "u16")
    form = _SHORT_FORMS.get(kind) or _FORMS[order][kind]
    if table.get("times") == 0:
        raise ConfigError(f"{place}times must not be 0: every value would be")
    return Register(
        metric,
        _integer(place, table, "address", 0, 0x10000 - form.words),
        form,
        per=_integer(place, table, "per", 1, 1_000_000, 1),
        times=_integer(place, table, "times", -1_000_000, 1_000_000, 1),
        function=_integer(place, table, "function", READS[0], READS[-1], function),
    )


def _identity(table: object, order: str, default_function: int) -> Identity:
    place = "[serial] "
    if not isinstance(table, dict):
        raise ConfigError("serial must be a section, written [serial]")
    _refuse_unknown(place, table, _SERIAL)
    kind = _one_of(place, table, "type", ("u32", "text"), "u32")
    words = _integer(place, table, "words", 1, 16, 2)
    start = _integer(place, table, "address", 0, 0x10000 - words)
    function = _integer(place, table, "function", 3, 4, default_function)
    if kind == "u32" and words != 2:
        raise ConfigError(f"{place}a u32 has 2 words, not {words}; a longer serial number is a text")

    def serial(answer: Answer) -> str:
        return ascii_text(answer.words) if kind == "text" else str(_FORMS[order]["u32"].number(answer.words) or "")

    return Identity(lambda slave: read_request(slave, function, start, words), serial)


def _one_of(place: str, table: Mapping[str, Any], key: str, allowed: tuple[str, ...], default: str = "") -> str:
    value = table.get(key, default)
    if value not in allowed:
        if key not in table:
            raise ConfigError(f"{place}{key} is missing")
        raise ConfigError(f'{place}unknown {key} "{str(value)[:40]}"; {hint(str(value), allowed)}')
    return str(value)


def _integer(place: str, table: Mapping[str, Any], key: str, low: int, high: int, default: int | None = None) -> int:
    value = table.get(key, default)
    if value is None:
        raise ConfigError(f"{place}{key} is missing: an integer from {low} to {high}")
    if type(value) is not int or not low <= value <= high:
        raise ConfigError(f"{place}{key} must be an integer from {low} to {high}, is {str(value)[:40]!r}")
    return value


def _refuse_unknown(place: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
    for name in table:
        if name not in known:
            raise ConfigError(f'{place}unknown key "{name[:40]}"; {hint(name, known)}')


def _refuse_twice(registers: tuple[Register, ...]) -> None:
    names = [each.name for each in registers]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f'metric "{name}" is given twice: a row has one place for it')
