"""The site's ports: which devices may share one, and their lines. Knows drivers by their tables only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from edge_agent.drivers import MODBUS, STOP_BITS
from edge_agent.transports.base import Transport
from edge_agent.transports.serial_line import SerialLine
from edge_agent.transports.shared_line import lines_of
from kiosk.errors import ConfigError


class Place(Protocol):
    """A device of the configuration."""

    @property
    def name(self) -> str: ...

    @property
    def driver(self) -> str: ...

    @property
    def port(self) -> str: ...

    @property
    def baud(self) -> int: ...

    @property
    def options(self) -> Mapping[str, int | str]: ...


def check_ports(devices: Sequence[Place]) -> None:
    """Modbus devices of one speed may share a port, each with an address of its own; nothing else may.

    Raises ConfigError with what to change. Ports that are no path are not looked at: simulated lines are given by name.
    """
    on_port: dict[str, list[Place]] = {}
    for device in devices:
        if device.port.startswith("/"):
            on_port.setdefault(device.port, []).append(device)
    for port, sharing in on_port.items():
        if len(sharing) > 1 and not all(device.driver in MODBUS for device in sharing):
            raise ConfigError(
                f'[[device]] port "{port}" is given twice: each needs its own; only Modbus devices can share one'
            )
        if len({(device.baud, STOP_BITS.get(device.driver, 1)) for device in sharing}) > 1:
            names = ", ".join(device.name for device in sharing)
            raise ConfigError(
                f"[[device]] {names} share {port} and differ in speed or stop bits: give each its own port, or set "
                "them alike in the devices and here as baud = ..."
            )
        _check_addresses(port, sharing)


def _check_addresses(port: str, sharing: Sequence[Place]) -> None:
    seen: dict[int, str] = {}
    for device in sharing:
        if device.driver not in MODBUS:
            continue
        address = int(device.options.get("address", MODBUS[device.driver].address))
        if address in seen:
            raise ConfigError(
                f"[[device]] {seen[address]} and {device.name} both have address {address} on {port}: "
                "set another one in the device itself, and here as address = ..."
            )
        seen[address] = device.name


def lines(devices: Sequence[Place]) -> dict[str, Transport]:
    """Device name -> its serial line; devices on one port share it."""
    by_port = {device.port: device for device in devices}

    def make(port: str) -> Transport:
        device = by_port[port]
        return SerialLine(port, device.baud, STOP_BITS.get(device.driver, 1))

    return lines_of([(device.name, device.port) for device in devices], make)
