"""One further device at a simulated kiosk: it measures the same plant, on a line of its own. Must not know who reads.

The kiosk's own controller and board run on, connected to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from firmware_sim.devices import epever, pzem, srne
from firmware_sim.devices.daly_bms import DalyBms
from firmware_sim.devices.jbd_bms import JbdBms
from firmware_sim.devices.mppt_history import Sense
from firmware_sim.devices.victron_bmv import VictronBmv
from firmware_sim.faults import Fault
from firmware_sim.kiosk import SimulatedKiosk
from firmware_sim.lines import DeviceEnd
from firmware_sim.plant.plant import MAX_STEP_MS
from firmware_sim.scenarios import Scenario


class Surroundings(NamedTuple):
    """What a device at the kiosk can sense, or know from its own past; battery current + when charging."""

    sense: Sense
    soc: float
    """True state of charge, 0 to 1."""
    battery_c: float
    capacity_ah: float
    """What the battery really holds."""
    shelf_mw: int
    """At the ports of the charging shelf, mean of the step."""


class PlantDevice(Protocol):
    """A device that measures the plant."""

    def run(self, duration_ms: int, around: Surroundings) -> bytes:
        """Measures for a while; returns what it says unasked."""

    def receive(self, received: bytes) -> bytes:
        """Answers what the host wrote."""


class Bench:
    """Moves the kiosk and the device on together."""

    def __init__(
        self,
        make: Callable[[Scenario, int], PlantDevice],
        name: str,
        end: DeviceEnd,
        scenario: Scenario | str,
        seed: int,
        start_utc_ms: int,
        *,
        faults: tuple[Fault, ...] | None = None,
    ) -> None:
        """`make` builds the device for a scenario and a seed; faults name it by `name`."""
        self.kiosk = SimulatedKiosk(scenario, seed, start_utc_ms, device_ends={}, faults=faults)
        self.device = make(self.kiosk.scenario, seed)
        self._name, self._end = name, end
        self._shelf_mw_ms = 0

    @property
    def now_utc_ms(self) -> int:
        """Simulated time."""
        return self.kiosk.now_utc_ms

    def advance(self, to_utc_ms: int) -> None:
        """Runs to an instant in steps of at most a minute; what the device says is on its line afterwards."""
        while self.now_utc_ms < to_utc_ms:
            self.pump()
            start_ms = self.now_utc_ms
            self.kiosk.advance(min(to_utc_ms, start_ms - start_ms % MAX_STEP_MS + MAX_STEP_MS))
            duration_ms = self.now_utc_ms - start_ms
            self._say(self.device.run(duration_ms, self._surroundings(duration_ms)))

    def pump(self) -> None:
        """Moves what the host wrote to the device, and its immediate answer back."""
        received = self._end.device_read()
        if received:
            self._say(self.device.receive(self.kiosk.faults.spoil(self._name, self.now_utc_ms, received)))

    def _surroundings(self, duration_ms: int) -> Surroundings:
        battery = self.kiosk.plant.battery
        shelf_mw_ms = self.kiosk.board.energy_total_mw_ms(self.now_utc_ms)
        shelf_mw = (shelf_mw_ms - self._shelf_mw_ms) // duration_ms
        self._shelf_mw_ms = shelf_mw_ms
        return Surroundings(
            self.kiosk.mppt.sense, battery.soc, battery.temperature_c, battery.spec.capacity_ah, shelf_mw
        )

    def _say(self, said: bytes) -> None:
        if said:
            self._end.device_write(self.kiosk.faults.spoil(self._name, self.now_utc_ms, said))


FURTHER: dict[str, tuple[Callable[[Scenario, int], PlantDevice], int]] = {
    "daly": (lambda _scenario, _seed: DalyBms(), 9_600),
    "jbd": (lambda _scenario, _seed: JbdBms(), 9_600),
    "epever-tracer": (lambda scenario, _seed: epever.EpeverTracer(scenario.mppt_serial), epever.BAUD),
    "pzem-004t": (lambda _scenario, _seed: pzem.Pzem004t(), pzem.BAUD),
    "pzem-017": (lambda _scenario, _seed: pzem.Pzem017(), pzem.BAUD),
    "srne-rover": (lambda _scenario, seed: srne.SrneRover(202_100_000 + seed), srne.BAUD),
    "victron-bmv": (lambda scenario, _seed: VictronBmv(scenario.plant.battery.nominal_ah), 19_200),
}
"""Device name -> (how to build it for a scenario and a seed, speed of its line in baud)."""
