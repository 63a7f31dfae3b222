"""The charge controller's power stage: bulk, absorption, float and the switched load output; knows no protocol."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from firmware_sim.plant.battery import Battery
from firmware_sim.states import State, flag, integer

CONVERTER_EFFICIENCY = 0.97
CURRENT_LIMIT_A = 20.0
SELF_CONSUMPTION_W = 0.12
_START_W = 1.0  # below this the panel cannot hold the converter's start voltage
_REBULK_BELOW_FLOAT_V = 0.9
_NEW_DAY_DARK_MS = 3_600_000
LOAD_OFF_DELAY_MS = 120_000


class Stage(IntEnum):
    """Numbers as in the vendor's table of charge states."""

    OFF = 0
    BULK = 3
    ABSORPTION = 4
    FLOAT = 5


class Flow(NamedTuple):
    """One step's powers; battery current is + when charging."""

    panel_w: float
    battery_a: float
    battery_v: float
    load_w: float
    throttled: bool
    """The panel could have given more than battery and loads take."""


class Charger:
    """Shares the panel's power between loads and battery, and cuts the loads before the battery is harmed."""

    def __init__(self, battery: Battery, disconnect_v: float, reconnect_v: float) -> None:
        self.battery = battery
        self.stage = Stage.OFF
        self.load_on = True
        self.disconnect_v = disconnect_v
        self.reconnect_v = reconnect_v
        self._absorbed_ms = 0
        self._dark_ms = _NEW_DAY_DARK_MS
        self._low_ms = 0
        self.converter_loss_wh = 0.0

    @property
    def load_about_to_go(self) -> bool:
        """The bus is below its cut-off and the delay before the cut is running: the low-battery lamp blinks."""
        return self.load_on and self._low_ms > 0

    def run(self, available_w: float, load_w: float, duration_ms: int, air_c: float) -> Flow:
        """One step at constant powers. `available_w` is what the panel could give at its best voltage."""
        battery = self.battery
        bus_w = SELF_CONSUMPTION_W + (load_w if self.load_on else 0.0)
        self._follow_light(available_w, duration_ms)
        panel_w = available_w if self.stage is not Stage.OFF else 0.0
        current_a = battery.current_at_power_a(panel_w * CONVERTER_EFFICIENCY - bus_w)
        limit_a = self._acceptance_a(bus_w)
        throttled = self.stage is not Stage.OFF and current_a > limit_a
        if throttled:
            current_a = max(limit_a, battery.current_at_power_a(-bus_w))
            output_w = battery.voltage_v(current_a) * current_a + bus_w
            panel_w = max(0.0, output_w / CONVERTER_EFFICIENCY)
        if battery.soc <= 0.0 and current_a < 0.0:
            current_a, bus_w, self.load_on = 0.0, 0.0, False  # a flat battery feeds nobody
        voltage_v = battery.voltage_v(current_a)
        battery.run(current_a, duration_ms, air_c)
        self.converter_loss_wh += panel_w * (1.0 - CONVERTER_EFFICIENCY) * duration_ms / 3_600_000.0
        self._change_stage(voltage_v, current_a, throttled, duration_ms)
        flow = Flow(panel_w, current_a, voltage_v, load_w if self.load_on and bus_w > 0.0 else 0.0, throttled)
        self._switch_load(voltage_v, duration_ms)
        return flow

    def set_voltage_v(self) -> float:
        """Where the charger holds the battery in this stage, with temperature compensation."""
        chemistry = self.battery.spec.chemistry
        target = chemistry.float_v if self.stage is Stage.FLOAT else chemistry.absorption_v
        return target + chemistry.compensation_v_per_k * (self.battery.temperature_c - 25.0)

    def _acceptance_a(self, bus_w: float) -> float:
        """The most the battery may get: by the set voltage, and by the charger's own current limit."""
        battery = self.battery
        by_voltage_a = (self.set_voltage_v() - battery.ocv_v()) / battery.charge_ohm()
        if by_voltage_a < 0.0:
            by_voltage_a = (self.set_voltage_v() - battery.ocv_v()) / battery.discharge_ohm()
        by_current_a = CURRENT_LIMIT_A - bus_w / self.set_voltage_v()
        return min(by_voltage_a, by_current_a)

    def _follow_light(self, available_w: float, duration_ms: int) -> None:
        if available_w < _START_W:
            self._dark_ms += duration_ms
            self.stage = Stage.OFF
            return
        if self.stage is Stage.OFF:
            self.stage = Stage.BULK
            if self._dark_ms >= _NEW_DAY_DARK_MS:
                self._absorbed_ms = 0
        self._dark_ms = 0

    def _change_stage(self, voltage_v: float, current_a: float, throttled: bool, duration_ms: int) -> None:
        chemistry = self.battery.spec.chemistry
        at_set_voltage = throttled and voltage_v >= self.set_voltage_v() - 0.05
        if self.stage is Stage.BULK and at_set_voltage:
            self.stage = Stage.ABSORPTION
        elif self.stage is Stage.ABSORPTION and at_set_voltage:
            self._absorbed_ms += duration_ms
            tail_a = chemistry.tail_current_c * self.battery.spec.nominal_ah
            long_enough = self._absorbed_ms >= chemistry.absorption_h * 3_600_000
            if long_enough or (current_a < tail_a and self._absorbed_ms >= 600_000):
                self.stage = Stage.FLOAT
        elif self.stage is Stage.FLOAT and voltage_v < self.set_voltage_v() - _REBULK_BELOW_FLOAT_V:
            self.stage = Stage.BULK
            self._absorbed_ms = 0

    def _switch_load(self, voltage_v: float, duration_ms: int) -> None:
        if not self.load_on:
            self.load_on = voltage_v >= self.reconnect_v
            self._low_ms = 0
        elif voltage_v < self.disconnect_v:
            self._low_ms += duration_ms
            self.load_on = self._low_ms <= LOAD_OFF_DELAY_MS
        else:
            self._low_ms = 0

    def to_state(self) -> State:
        return {
            "stage": int(self.stage),
            "load_on": self.load_on,
            "absorbed_ms": self._absorbed_ms,
            "dark_ms": self._dark_ms,
            "low_ms": self._low_ms,
            "converter_loss_wh": self.converter_loss_wh,
        }

    def load_state(self, state: State) -> None:
        self.stage = Stage(integer(state, "stage"))
        self.load_on = flag(state, "load_on")
        self._absorbed_ms = integer(state, "absorbed_ms")
        self._dark_ms = integer(state, "dark_ms")
        self._low_ms = integer(state, "low_ms")
        self.converter_loss_wh = float(state["converter_loss_wh"])
