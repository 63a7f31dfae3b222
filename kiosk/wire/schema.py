"""What the positions of a row mean: devices and metrics, as canonical bytes with a hash. Knows no driver.

An encoder takes the decimals from the catalogue; a reader believes the decimals that are written, because a newer
agent may know metrics that this program does not.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from kiosk.errors import WireError
from kiosk.metric import CATALOGUE

SCHEMA_MAX_BYTES: Final = 8192
POSITIONS_MAX: Final = 128
HASH_BYTES: Final = 8

_NAME = re.compile(r"[a-z0-9-]{1,24}")
_DRIVER = re.compile(r"[a-z0-9-]{1,32}")
_SERIAL = re.compile(r"[A-Za-z0-9._-]{1,32}")
_METRIC = re.compile(r"[a-z0-9_]{1,40}")
_COLUMN = re.compile(r"([a-z0-9_]{1,40}):([0-6])")
_NO_SERIAL = "-"


@dataclass(frozen=True, slots=True)
class DeviceSchema:
    """One device's line of a schema."""

    name: str
    driver: str
    serial: str
    """"" if it gave none."""
    metrics: tuple[str, ...]
    decimals: tuple[int, ...] = ()
    """One a metric; left out, they are the catalogue's."""

    def __post_init__(self) -> None:
        if not self.decimals:
            object.__setattr__(self, "decimals", tuple(_catalogue_decimals(metric) for metric in self.metrics))
        _check_device(self)

    def line(self) -> str:
        """The line of the canonical bytes."""
        columns = ",".join(f"{name}:{decimals}" for name, decimals in zip(self.metrics, self.decimals, strict=True))
        return f"{self.name} {self.driver} {self.serial or _NO_SERIAL} {columns}"


@dataclass(frozen=True, slots=True)
class Schema:
    """All positions of a site's rows."""

    devices: tuple[DeviceSchema, ...]
    canonical: bytes = field(init=False, repr=False)
    hash: str = field(init=False)
    """First 8 bytes of SHA-256 over the canonical bytes, in hexadecimal."""
    columns: tuple[tuple[str, str, int], ...] = field(init=False, repr=False)
    """(device, metric, decimals) of each position."""

    def __post_init__(self) -> None:
        columns = tuple(
            (device.name, metric, decimals)
            for device in self.devices
            for metric, decimals in zip(device.metrics, device.decimals, strict=True)
        )
        canonical = "\n".join(device.line() for device in self.devices).encode("ascii")
        if len({device.name for device in self.devices}) != len(self.devices):
            raise WireError("two devices of a schema have the same name")
        if not 1 <= len(columns) <= POSITIONS_MAX:
            raise WireError(f"a schema has 1 to {POSITIONS_MAX} positions, not {len(columns)}")
        if len(canonical) > SCHEMA_MAX_BYTES:
            raise WireError(f"a schema of {len(canonical)} bytes is above {SCHEMA_MAX_BYTES}")
        object.__setattr__(self, "columns", columns)
        object.__setattr__(self, "canonical", canonical)
        object.__setattr__(self, "hash", schema_hash(canonical))


def schema_hash(canonical: bytes) -> str:
    """How a block names its schema."""
    return hashlib.sha256(canonical).digest()[:HASH_BYTES].hex()


def parse_schema(canonical: bytes) -> Schema:
    """Read canonical bytes, from any agent; metrics that the catalogue does not know keep the decimals written."""
    if len(canonical) > SCHEMA_MAX_BYTES:
        raise WireError(f"a schema of {len(canonical)} bytes is above {SCHEMA_MAX_BYTES}")
    try:
        lines = canonical.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise WireError("a schema holds a byte outside ASCII") from None
    schema = Schema(tuple(_parse_line(line) for line in lines))
    if schema.canonical != canonical:
        raise WireError("a schema is not written in its canonical form")
    return schema


def _parse_line(line: str) -> DeviceSchema:
    parts = line.split(" ")
    if len(parts) != 4:
        raise WireError(f"a schema line has four words, not {len(parts)}: {line[:80]!r}")
    name, driver, serial, columns = parts
    metrics: list[str] = []
    decimals: list[int] = []
    for column in columns.split(","):
        match = _COLUMN.fullmatch(column)
        if match is None:
            raise WireError(f"{column[:48]!r} is not <metric>:<decimals>")
        metrics.append(match[1])
        decimals.append(int(match[2]))
    return DeviceSchema(name, driver, "" if serial == _NO_SERIAL else serial, tuple(metrics), tuple(decimals))


def _catalogue_decimals(metric: str) -> int:
    known = CATALOGUE.get(metric)
    if known is None:
        raise WireError(f"{metric!r} is not in the catalogue of metrics; add it to kiosk/metric.py")
    return known.decimals


def _check_device(device: DeviceSchema) -> None:
    if not _NAME.fullmatch(device.name):
        raise WireError(f"device name {device.name[:40]!r}: 1 to 24 of a-z 0-9 -")
    if not _DRIVER.fullmatch(device.driver):
        raise WireError(f"driver {device.driver[:40]!r}: 1 to 32 of a-z 0-9 -")
    if device.serial and (device.serial == _NO_SERIAL or not _SERIAL.fullmatch(device.serial)):
        raise WireError(f"serial {device.serial[:40]!r}: 1 to 32 of A-Z a-z 0-9 . _ -, and not a lone -")
    if not device.metrics:
        raise WireError(f"device {device.name} has no metric; leave it out of the schema")
    if len(device.metrics) != len(device.decimals) or len(set(device.metrics)) != len(device.metrics):
        raise WireError(f"device {device.name}: each metric once, each with its decimals")
    if not all(_METRIC.fullmatch(metric) for metric in device.metrics):
        raise WireError(f"device {device.name}: a metric is 1 to 40 of a-z 0-9 _")
    if not all(0 <= decimals <= 6 for decimals in device.decimals):
        raise WireError(f"device {device.name}: decimals are 0 to 6")
