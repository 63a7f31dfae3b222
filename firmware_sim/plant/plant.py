"""The whole plant in steps of at most a minute: panel, charger, battery, loads, shelf; knows no protocol."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from firmware_sim.plant.battery import Battery, BatterySpec
from firmware_sim.plant.charger import Charger, Stage
from firmware_sim.plant.customers import Customers, CustomerSpec
from firmware_sim.plant.loads import Loads, LoadSpec, SchoolCalendar
from firmware_sim.plant.shelf import IDLE_W, SUPPLY_EFFICIENCY, Counter, Shelf
from firmware_sim.plant.sun import Plane, SunVector, clear_sky, sun_vector
from firmware_sim.plant.weather import Sky, Weather
from firmware_sim.states import State, flag, integer, number, part

MAX_STEP_MS = 60_000


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """The panel as mounted; azimuth 180 is south."""

    peak_w: float
    tilt_deg: float
    azimuth_deg: float


@dataclass(frozen=True, slots=True)
class PlantSpec:
    """Everything that is installed at a site and who comes there."""

    lat_deg: float
    lon_deg: float
    panel: PanelSpec
    battery: BatterySpec
    disconnect_v: float
    reconnect_v: float
    loads: LoadSpec
    calendar: SchoolCalendar
    ports: int
    customers: CustomerSpec


class Step(NamedTuple):
    """What held between two instants: means of the step, battery current + when charging."""

    start_utc_ms: int
    end_utc_ms: int
    panel_w: float
    panel_v: float
    battery_v: float
    battery_a: float
    load_w: float
    """Everything on the load output, shelf included."""
    shelf_w: float
    """At the ports."""
    load_on: bool
    """At the end of the step."""
    stage: Stage
    throttled: bool
    sun_up: float


class Plant:
    """Owns the physical state of one kiosk."""

    def __init__(self, spec: PlantSpec, seed: int, start_utc_ms: int, counter: Counter) -> None:
        self.spec = spec
        self.now_utc_ms = start_utc_ms
        self.battery = Battery(spec.battery)
        self.charger = Charger(self.battery, spec.disconnect_v, spec.reconnect_v)
        self.weather = Weather(seed)
        self.loads = Loads(spec.loads, spec.calendar)
        self.shelf = Shelf(spec.ports, spec.customers.services, counter)
        self.customers = Customers(spec.customers, spec.calendar, seed)
        self.panel_wh = self.load_wh = 0.0
        self._plane = Plane(spec.panel.tilt_deg, spec.panel.azimuth_deg)
        self._was_powered = True

    @property
    def powered(self) -> bool:
        """The load output feeds the Pi, the board and the shelf."""
        return self.charger.load_on

    def advance(
        self, to_utc_ms: int, *, panel_connected: bool = True, computer_powered: bool = True, serving: bool = True
    ) -> Step | None:
        """Runs to an instant and returns the last step (None: nothing to do). Without `computer_powered` the Pi and the
        shelf are off although the load output is on; without `serving` customers are turned away."""
        last = None
        while self.now_utc_ms < to_utc_ms:
            # Steps end on whole minutes and never cross midnight, however advance() is called.
            end_ms = min(to_utc_ms, self.now_utc_ms - self.now_utc_ms % MAX_STEP_MS + MAX_STEP_MS)
            last = self._step(end_ms, panel_connected, computer_powered, serving)
        return last

    def _step(self, end_ms: int, panel_connected: bool, computer_powered: bool, serving: bool) -> Step:
        start_ms = self.now_utc_ms
        duration_ms = end_ms - start_ms
        middle_ms = start_ms + duration_ms // 2
        sun = sun_vector(middle_ms, self.spec.lat_deg, self.spec.lon_deg)
        sky = self.weather.at(middle_ms)
        available_w, light_w_m2 = self._panel(sun, sky) if panel_connected and sun.up > 0.0 else (0.0, 0.0)

        powered = self.charger.load_on
        shelf_powered = powered and computer_powered
        if self._was_powered and not shelf_powered:
            self.shelf.power_lost(start_ms)
        self._was_powered = shelf_powered
        open_for_sale = shelf_powered and serving and not self.charger.load_about_to_go
        shelf_w = self.shelf.run(start_ms, end_ms, self.customers.between(start_ms, end_ms), open_for_sale)
        load_w = self.loads.power_w(middle_ms, sun.up, powered, sky.air_c, duration_ms)
        if not computer_powered and powered:
            load_w -= self.spec.loads.pi_w
        if shelf_powered:
            load_w += shelf_w / SUPPLY_EFFICIENCY + IDLE_W

        flow = self.charger.run(available_w, load_w, duration_ms, sky.air_c)
        self.now_utc_ms = end_ms
        self.panel_wh += flow.panel_w * duration_ms / 3_600_000.0
        self.load_wh += flow.load_w * duration_ms / 3_600_000.0
        panel_v = self._panel_v(light_w_m2, flow.panel_w, available_w)
        return Step(
            start_ms, end_ms, flow.panel_w, panel_v, flow.battery_v, flow.battery_a, flow.load_w, shelf_w,
            self.charger.load_on, self.charger.stage, flow.throttled, sun.up,
        )  # fmt: skip

    def _panel(self, sun: SunVector, sky: Sky) -> tuple[float, float]:
        """Power at the best voltage in W, and the light on the glass in W/m2."""
        clear = clear_sky(sun.up, sky.linke_turbidity)
        beam, diffuse = clear.beam_w_m2 * sky.beam_share, clear.diffuse_w_m2 * sky.diffuse_share
        light = self._plane.irradiance_w_m2(sun, beam, diffuse) * sky.clean_share
        cell_c = sky.air_c + 0.03 * light
        return self.spec.panel.peak_w * light / 1000.0 * (1.0 - 0.004 * (cell_c - 25.0)), light

    @staticmethod
    def _panel_v(light_w_m2: float, panel_w: float, available_w: float) -> float:
        """A 36-cell panel: near 17.5 V while it is used to the full, towards 21.5 V the less is taken from it."""
        if light_w_m2 <= 0.0:
            return 0.01
        open_v = 21.5 * min(1.0, math.pow(light_w_m2 / 1000.0, 0.06))
        used = panel_w / available_w if available_w > 0.0 else 0.0
        return open_v - 4.0 * used * used * used

    def to_state(self) -> State:
        return {
            "now_utc_ms": self.now_utc_ms,
            "battery": self.battery.to_state(),
            "charger": self.charger.to_state(),
            "loads": self.loads.to_state(),
            "shelf": self.shelf.to_state(),
            "panel_wh": self.panel_wh,
            "load_wh": self.load_wh,
            "was_powered": self._was_powered,
        }

    def load_state(self, state: State) -> None:
        self.now_utc_ms = integer(state, "now_utc_ms")
        self.battery.load_state(part(state, "battery"))
        self.charger.load_state(part(state, "charger"))
        self.loads.load_state(part(state, "loads"))
        self.shelf.load_state(part(state, "shelf"))
        self.panel_wh = number(state, "panel_wh")
        self.load_wh = number(state, "load_wh")
        self._was_powered = flag(state, "was_powered")
