"""Four cells, a coulomb counter and two switches: what every simulated battery management keeps. Knows no protocol."""

from __future__ import annotations

from firmware_sim.devices.around import AroundPack

CELLS = 4
_MS_PER_HOUR = 3_600_000
_CELL_MV_MAX, _CELL_MV_BACK = 3_700, 3_500
_CELL_MV_MIN, _CELL_MV_REST = 2_500, 2_800


class BatteryPack:
    """Cells in series that differ a little, always in the same way."""

    _SPREAD_MV = (6, -2, -8, 4)

    def __init__(self) -> None:
        self.pack_mv = 13_200
        self.current_ma = 0
        """+ when charging."""
        self.soc = 0.5
        self.capacity_mah = 100_000
        self.remaining_mah = 50_000
        self.celsius = 25.0
        self.cycles = 0
        self.overvoltages = self.undervoltages = 0
        """How often a cell passed its limit."""
        self.charge_on = self.discharge_on = True
        self._drawn_mah = 0.0

    def run(self, duration_ms: int, around: AroundPack) -> None:
        """Senses for a while."""
        self.pack_mv, self.current_ma = around.sense.battery_mv, around.sense.battery_ma
        self.soc, self.celsius = around.soc, around.battery_c
        self.capacity_mah = round(around.capacity_ah * 1000)
        self.remaining_mah = round(self.soc * self.capacity_mah)
        self._drawn_mah += max(0.0, -self.current_ma * duration_ms / _MS_PER_HOUR)
        if self._drawn_mah >= self.capacity_mah:
            self._drawn_mah -= self.capacity_mah
            self.cycles += 1
        self._protect()

    def cells_mv(self) -> list[int]:
        """Each cell; their sum is the pack, but for what the division leaves."""
        return [self.pack_mv // CELLS + spread for spread in self._SPREAD_MV]

    def _protect(self) -> None:
        highest, lowest = max(self.cells_mv()), min(self.cells_mv())
        if self.charge_on and highest > _CELL_MV_MAX:
            self.overvoltages += 1
        if self.discharge_on and lowest < _CELL_MV_MIN:
            self.undervoltages += 1
        self.charge_on = highest <= _CELL_MV_MAX if self.charge_on else highest < _CELL_MV_BACK
        self.discharge_on = lowest >= _CELL_MV_MIN if self.discharge_on else lowest > _CELL_MV_REST
