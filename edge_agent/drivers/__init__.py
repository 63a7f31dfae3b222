"""The table of drivers: adding a device is one file and one line in each table here."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping

from edge_agent.drivers.base import Decoder, Driver
from edge_agent.drivers.charging_board import BoardDecoder, ChargingBoard
from edge_agent.drivers.victron_bmv import BmvDecoder, VictronBmv
from edge_agent.drivers.victron_vedirect import VictronDecoder, VictronVeDirect
from edge_agent.transports.base import Transport
from kiosk.errors import ConfigError

DRIVERS: dict[str, Callable[..., Driver]] = {
    "charging-board": ChargingBoard,
    "victron-bmv": VictronBmv,
    "victron-vedirect": VictronVeDirect,
}
"""Driver name -> maker of a driver for (device name, its line), and for its OPTIONS by name."""

DECODERS: dict[str, Callable[[], Decoder]] = {
    "charging-board": BoardDecoder,
    "victron-bmv": BmvDecoder,
    "victron-vedirect": VictronDecoder,
}

BAUD: dict[str, int] = {
    "charging-board": 115_200,
    "victron-bmv": 19_200,
    "victron-vedirect": 19_200,
}
"""Line speed of each driver's device; 8 data bits, no parity, 1 stop bit for all of them."""

OPTIONS: dict[str, tuple[str, ...]] = {}
"""Driver name -> keys of [[device]] that only this driver takes (edge_agent/config.py says what each may be)."""


def check_driver(name: str) -> str:
    """The name itself if there is such a driver; else ConfigError with the nearest known name."""
    if name not in DRIVERS:
        nearest = difflib.get_close_matches(name, DRIVERS, n=1, cutoff=0.4)
        hint = f'did you mean "{nearest[0]}"?' if nearest else f"there are: {', '.join(DRIVERS)}"
        raise ConfigError(f'unknown driver "{name}"; {hint}')
    return name


def create(
    driver_name: str, device: str, line: Transport, options: Mapping[str, int | str] | None = None
) -> Driver:
    """The driver for a device of the configuration. Raises ConfigError for an unknown driver."""
    return DRIVERS[check_driver(driver_name)](device, line, **(options or {}))
