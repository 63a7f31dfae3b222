"""The table of drivers: adding a device is one file and one line in each table here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from edge_agent.drivers import epever_tracer, modbus_registers, pzem_004t, pzem_017, srne_rover
from edge_agent.drivers.base import Decoder, Driver
from edge_agent.drivers.board_decoder import BoardDecoder
from edge_agent.drivers.charging_board import ChargingBoard
from edge_agent.drivers.daly import Daly, DalyDecoder
from edge_agent.drivers.jbd import Jbd, JbdDecoder
from edge_agent.drivers.modbus_decoder import ModbusDecoder
from edge_agent.drivers.modbus_device import ModbusDevice
from edge_agent.drivers.modbus_profile import Profile
from edge_agent.drivers.victron_bmv import BmvDecoder, VictronBmv
from edge_agent.drivers.victron_vedirect import VictronDecoder, VictronVeDirect
from edge_agent.nearest import hint
from edge_agent.transports.base import Transport
from kiosk.errors import ConfigError

MODBUS: dict[str, Profile] = {
    "epever-tracer": epever_tracer.PROFILE,
    "modbus-registers": modbus_registers.PROFILE,
    "pzem-004t": pzem_004t.PROFILE,
    "pzem-017": pzem_017.PROFILE,
    "srne-rover": srne_rover.PROFILE,
}
"""Driver name -> table of registers: for a Modbus device, its line here is all; several may share one port."""


def profile_of(driver_name: str, registers: str = "") -> Profile:
    """A Modbus driver's table, changed by a file of registers if one is given. Raises ConfigError."""
    profile = MODBUS[driver_name]
    if registers:
        return modbus_registers.with_file(profile, Path(registers))
    if not profile.registers:
        raise ConfigError(f'{driver_name} reads nothing by itself: registers = "file.toml" tells it what')
    return profile


def _modbus(driver_name: str, device: str, line: Transport, *, address: int = 0, registers: str = "") -> Driver:
    return ModbusDevice(device, line, profile_of(driver_name, registers), address)


DRIVERS: dict[str, Callable[..., Driver]] = {
    "charging-board": ChargingBoard,
    "daly": Daly,
    "jbd": Jbd,
    "victron-bmv": VictronBmv,
    "victron-vedirect": VictronVeDirect,
    **{name: partial(_modbus, name) for name in MODBUS},
}
"""Driver name -> maker of a driver for (device name, its line), and for its OPTIONS by name."""

DECODERS: dict[str, Callable[[], Decoder]] = {
    "charging-board": BoardDecoder,
    "daly": DalyDecoder,
    "jbd": JbdDecoder,
    "victron-bmv": BmvDecoder,
    "victron-vedirect": VictronDecoder,
    **{name: partial(ModbusDecoder, profile) for name, profile in MODBUS.items()},
}

BAUD: dict[str, int] = {
    "charging-board": 115_200,
    "daly": 9_600,
    "jbd": 9_600,
    "victron-bmv": 19_200,
    "victron-vedirect": 19_200,
    **{name: profile.baud for name, profile in MODBUS.items()},
}
"""Line speed of each driver's device; 8 data bits, no parity for all of them."""

STOP_BITS: dict[str, int] = {name: profile.stop_bits for name, profile in MODBUS.items()}
"""1 for every driver that is not here."""

OPTIONS: dict[str, tuple[str, ...]] = {
    "daly": ("positive_current",),
    "victron-vedirect": ("history_days",),
    **dict.fromkeys(MODBUS, ("address", "registers")),
}
"""Driver name -> keys of [[device]] that only this driver takes (edge_agent/config.py says what each may be)."""


def check_driver(name: str) -> str:
    """The name itself if there is such a driver; else ConfigError with the nearest known name."""
    if name not in DRIVERS:
        raise ConfigError(f'unknown driver "{name}"; {hint(name, DRIVERS)}')
    return name


def create(driver_name: str, device: str, line: Transport, options: Mapping[str, int | str] | None = None) -> Driver:
    """The driver for a device of the configuration. Raises ConfigError for an unknown driver."""
    return DRIVERS[check_driver(driver_name)](device, line, **(options or {}))
