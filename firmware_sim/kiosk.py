"""One simulated kiosk: the plant drives the devices, their bytes appear on the lines; knows not who reads."""

from __future__ import annotations

from collections.abc import Mapping

from firmware_sim.devices.charging_board import ChargingBoard
from firmware_sim.devices.mppt_history import Sense
from firmware_sim.devices.victron_mppt import VictronMppt
from firmware_sim.faults import (
    CounterReset,
    Fault,
    FaultSchedule,
    LinkOutage,
    PanelDisconnected,
    PowerCut,
    StuckDayCounter,
)
from firmware_sim.lines import DeviceEnd, MemoryLine
from firmware_sim.pi_clock import PiClock
from firmware_sim.plant.customers import Visit
from firmware_sim.plant.plant import MAX_STEP_MS, Plant, Step
from firmware_sim.scenarios import Scenario, load_scenario
from firmware_sim.states import State, StateError, integer, part, text
from firmware_sim.truth import Truth

STATE_VERSION = 1
MPPT, BOARD = "mppt", "board"
_MS_PER_DAY = 86_400_000
_MS_PER_HOUR = 3_600_000
_LAST_CALL_MS = 2 * MAX_STEP_MS
"""Before a power cut nobody is served any more, so that every press can be acknowledged in time: with steps of a minute
a press would otherwise lie unanswered for longer than it does in life."""


class _ShelfWatch:
    """Passes what happens at the shelf to the board, and what the board took to the books."""

    def __init__(self, board: ChargingBoard, scenario: Scenario, truth: Truth) -> None:
        self._board, self._truth = board, truth
        self._services = scenario.services

    def press(self, at_utc_ms: int, service: int) -> bool:
        taken = self._board.press(at_utc_ms, service)
        if taken:
            sold = self._services[service]
            self._truth.sale(at_utc_ms, sold.code, sold.price_minor)
        return taken

    def plug_in(self, at_utc_ms: int, port: int, power_mw: int) -> None:
        self._board.plug_in(at_utc_ms, port, power_mw)

    def plug_out(self, at_utc_ms: int, port: int) -> None:
        self._board.plug_out(at_utc_ms, port)


class SimulatedKiosk:
    """A pure function of scenario, seed, start, the calls of `advance` and the bytes that the host writes."""

    def __init__(
        self,
        scenario: Scenario | str,
        seed: int,
        start_utc_ms: int,
        truth: Truth | None = None,
        *,
        device_ends: Mapping[str, DeviceEnd] | None = None,
        faults: tuple[Fault, ...] | None = None,
    ) -> None:
        """`device_ends`: other lines than memory, by device name (`mppt`, `board`); a device that is left out is not
        connected. `faults`: in UTC, instead of the scenario's own."""
        self.scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
        self.seed = seed
        self.start_utc_ms = self.now_utc_ms = start_utc_ms
        self.truth = truth if truth is not None else Truth()
        self.lines: dict[str, MemoryLine] = {} if device_ends is not None else {MPPT: MemoryLine(), BOARD: MemoryLine()}
        self._ends: Mapping[str, DeviceEnd] = device_ends if device_ends is not None else self.lines
        own_faults = self.scenario.faults_from(start_utc_ms) if faults is None else faults
        self.faults = FaultSchedule(own_faults, seed)
        plant = self.scenario.plant
        self.mppt = VictronMppt(self.scenario.mppt_serial, seed)
        self.board = ChargingBoard(
            self.scenario.board_id, plant.ports, len(self.scenario.services), seed, unattended=BOARD not in self._ends
        )
        self.plant = Plant(plant, seed, start_utc_ms, _ShelfWatch(self.board, self.scenario, self.truth))
        self._clock = PiClock(self.scenario.clock, start_utc_ms)
        self._first_day_utc_ms = start_utc_ms - start_utc_ms % _MS_PER_DAY

    @property
    def powered(self) -> bool:
        """The Pi has power now."""
        return self.plant.powered and not self.faults.any(PowerCut, self.now_utc_ms)

    @property
    def network_up(self) -> bool:
        """The network can be reached from the site now (by a Pi that has power)."""
        return self._network_at(self.now_utc_ms)

    @property
    def pi_clock_offset_ms(self) -> int:
        """What the Pi's own clock shows now, minus the true time."""
        return self._clock.offset_ms + self.faults.clock_offset_ms(self.now_utc_ms)

    def advance(self, to_utc_ms: int) -> None:
        """Runs to an instant in steps of at most a minute; what the devices print is on the lines afterwards. Advance
        by a minute or less where the host is to answer in time."""
        self.pump()
        while self.now_utc_ms < to_utc_ms:
            end_ms = min(to_utc_ms, self.now_utc_ms - self.now_utc_ms % MAX_STEP_MS + MAX_STEP_MS)
            self._step(end_ms)

    def pump(self) -> None:
        """Moves what the host wrote to the devices, and their immediate answers back."""
        for name, end in self._ends.items():
            received = end.device_read()
            if not received or not self.powered:
                continue
            arrived = self.faults.spoil(name, self.now_utc_ms, received)
            answer = self.mppt.receive(arrived) if name == MPPT else self.board.receive(self.now_utc_ms, arrived)
            end.device_write(self.faults.spoil(name, self.now_utc_ms, answer))

    def visit(self, service: int) -> bool:
        """Somebody comes now, besides those whom the scenario sends; whether it became a sale."""
        sold = self.scenario.services[service]
        duration_ms = int(sold.energy_wh / sold.power_w * _MS_PER_HOUR)
        return self.powered and self.plant.shelf.serve(Visit(self.now_utc_ms, service, duration_ms))

    def _step(self, end_ms: int) -> None:
        start_ms = self.now_utc_ms
        powered = self.powered
        self._switch_board(powered, start_ms)
        self.mppt.history.stuck = self.faults.any(StuckDayCounter, start_ms)
        if self.faults.began(CounterReset, start_ms, end_ms):
            self.mppt.history.clear()
        load_on = self.plant.powered
        step = self.plant.advance(
            end_ms,
            panel_connected=not self.faults.any(PanelDisconnected, start_ms),
            computer_powered=not self.faults.any(PowerCut, start_ms),
            serving=not self.faults.began(PowerCut, start_ms, start_ms + _LAST_CALL_MS),
        )
        if step is None:
            return
        self.now_utc_ms = end_ms
        printed = {MPPT: self.mppt.run(end_ms - start_ms, _sense(step)), BOARD: self.board.run(end_ms)}
        for name, end in self._ends.items():
            if powered:
                end.device_write(self.faults.spoil(name, end_ms, printed[name]))
            if not self.powered:
                end.clear()
        network = self._network_at(start_ms)
        self._clock.follow(end_ms, self.powered, network)
        self._book(step, powered, load_on, network)

    def _switch_board(self, powered: bool, at_utc_ms: int) -> None:
        if powered and not self.board.powered:
            self.board.power_up(at_utc_ms)
        elif self.board.powered and not powered:
            self.plant.shelf.power_lost(at_utc_ms)
            self.board.power_down(at_utc_ms)

    def _book(self, step: Step, powered: bool, load_on: bool, network: bool) -> None:
        duration_ms = step.end_utc_ms - step.start_utc_ms
        hours = duration_ms / 3_600_000.0
        day = self.truth.day_of(step.start_utc_ms)
        day.covered_ms += duration_ms
        day.panel_wh += step.panel_w * hours
        day.load_wh += step.load_w * hours
        day.shelf_wh += step.shelf_w * hours
        day.pi_powered_ms += duration_ms * powered
        day.load_on_ms += duration_ms * load_on
        day.bus_above_cutoff_ms += duration_ms * (step.battery_v >= self.scenario.plant.disconnect_v)
        day.network_ms += duration_ms * network
        day.link_ms += duration_ms * (network and powered)

    def _network_at(self, at_utc_ms: int) -> bool:
        return self.scenario.network.is_up(self._first_day_utc_ms, at_utc_ms) and not self.faults.any(
            LinkOutage, at_utc_ms
        )

    def to_state(self) -> State:
        """A JSON object from which `from_state` goes on as if nothing had happened."""
        return {
            "version": STATE_VERSION,
            "scenario": self.scenario.code,
            "seed": self.seed,
            "start_utc_ms": self.start_utc_ms,
            "now_utc_ms": self.now_utc_ms,
            "plant": self.plant.to_state(),
            "mppt": self.mppt.to_state(),
            "board": self.board.to_state(),
            "clock": self._clock.to_state(),
            "truth": self.truth.to_state(),
            "lines": {name: line.to_state() for name, line in self.lines.items()},
        }

    @classmethod
    def from_state(
        cls,
        scenario: Scenario | str,
        state: State,
        *,
        device_ends: Mapping[str, DeviceEnd] | None = None,
        faults: tuple[Fault, ...] | None = None,
    ) -> SimulatedKiosk:
        """Goes on where `to_state` was called; scenario and faults must be the same as then."""
        if integer(state, "version") != STATE_VERSION:
            raise StateError("this state was saved by another version of the simulator: start a fresh run")
        seed, start_ms = integer(state, "seed"), integer(state, "start_utc_ms")
        kiosk = cls(scenario, seed, start_ms, device_ends=device_ends, faults=faults)
        if text(state, "scenario") != kiosk.scenario.code:
            raise StateError(f"this state belongs to scenario {state['scenario']!r}: load that one")
        kiosk.now_utc_ms = integer(state, "now_utc_ms")
        kiosk.plant.load_state(part(state, "plant"))
        kiosk.mppt.load_state(part(state, "mppt"))
        kiosk.board.load_state(part(state, "board"))
        kiosk._clock.load_state(part(state, "clock"))
        kiosk.truth.load_state(part(state, "truth"))
        for name, line in kiosk.lines.items():
            line.load_state(part(part(state, "lines"), name))
        return kiosk


def _sense(step: Step) -> Sense:
    """Volts and watts of the plant as the controller's integers."""
    return Sense(
        battery_mv=round(step.battery_v * 1000),
        battery_ma=round(step.battery_a * 1000),
        panel_mv=round(step.panel_v * 1000),
        panel_mw=round(step.panel_w * 1000),
        load_ma=round(step.load_w / step.battery_v * 1000),
        load_mw=round(step.load_w * 1000),
        load_on=step.load_on,
        stage=int(step.stage),
        limited=step.throttled,
    )
