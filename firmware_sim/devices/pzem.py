"""Two cheap energy meters on the charging shelf's supply, as simulated slaves; they know no plant and no UTC.

Input registers, 32-bit values with the low word first; the energy total survives power cuts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from firmware_sim.devices.modbus_slave import BusFaults, ModbusSlave, RegisterMap, words_32
from firmware_sim.devices.mppt_history import Sense

BAUD = 9_600
_MW_MS_PER_WH = 3_600_000_000
_MAINS_MV, _MAINS_DECIHERTZ, _POWER_FACTOR_PERCENT = 228_400, 500, 62


class Around(Protocol):
    """What passes the meter."""

    @property
    def sense(self) -> Sense: ...

    @property
    def shelf_mw(self) -> int: ...


class _Meter(ABC):
    """Counts what the shelf takes, and answers when asked."""

    def __init__(
        self, address: int, holding: Callable[[], dict[int, int]] | None = None, faults: BusFaults | None = None
    ) -> None:
        self.energy_mw_ms = 0
        self.power_mw = 0
        self.supply_mv = 12_500
        tables = {4: self.inputs} | ({3: holding} if holding else {})
        self.slave = ModbusSlave(address, RegisterMap(tables), faults)

    def run(self, duration_ms: int, around: Around) -> bytes:
        """Counts for a while."""
        self.power_mw, self.supply_mv = around.shelf_mw, around.sense.battery_mv
        self.energy_mw_ms += self.power_mw * duration_ms
        self.slave.forget()
        return b""

    def receive(self, received: bytes) -> bytes:
        return self.slave.receive(received)

    @abstractmethod
    def inputs(self) -> dict[int, int]:
        """Function 4, at this instant."""


class Pzem017(_Meter):
    """DC, with a shunt of 100 A; its alarms are not set."""

    def __init__(self, address: int = 1, *, faults: BusFaults | None = None) -> None:
        super().__init__(address, lambda: {0: 30_000, 1: 700, 2: address, 3: 0}, faults)

    def inputs(self) -> dict[int, int]:
        words = {0: self.supply_mv // 10, 1: self.power_mw * 100 // max(1, self.supply_mv), 6: 0, 7: 0}
        words[2], words[3] = words_32(self.power_mw // 100, low_first=True)
        words[4], words[5] = words_32(self.energy_mw_ms // _MW_MS_PER_WH, low_first=True)
        return words


class Pzem004t(_Meter):
    """AC behind an inverter, where phone chargers have a poor power factor."""

    def __init__(self, address: int = 1, *, faults: BusFaults | None = None) -> None:
        super().__init__(address, None, faults)

    def inputs(self) -> dict[int, int]:
        current_ma = self.power_mw * 100_000 // (_MAINS_MV * _POWER_FACTOR_PERCENT)
        words = {0: _MAINS_MV // 100, 7: _MAINS_DECIHERTZ, 8: _POWER_FACTOR_PERCENT, 9: 0}
        words[1], words[2] = words_32(current_ma, low_first=True)
        words[3], words[4] = words_32(self.power_mw // 100, low_first=True)
        words[5], words[6] = words_32(self.energy_mw_ms // _MW_MS_PER_WH, low_first=True)
        return words
