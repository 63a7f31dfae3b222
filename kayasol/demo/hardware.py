"""The simulated kiosks in real time: their devices on pseudo-terminals, their power told on standard output.

A process of its own, as hardware is: it goes on while agents and server are stopped and started around it.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from firmware_sim.faults import PowerCut
from firmware_sim.kiosk import BOARD, MPPT, SimulatedKiosk
from firmware_sim.lines import PtyLine
from firmware_sim.scenarios import Scenario
from kayasol.demo.places import Places, replace_file, scenario_of

TICK_S = 0.1
SAVE_EVERY_MS = 10_000
CUSTOMER = "--customer"
_MS_PER_S = 1000


def begin(places: Places, scenario: Scenario, seed: int, now_ms: int) -> None:
    """A kiosk without a past, unless it has one already."""
    if not places.simulation(scenario.code).exists():
        save_kiosk(places, SimulatedKiosk(scenario, seed, now_ms - now_ms % _MS_PER_S))


def save_kiosk(places: Places, kiosk: SimulatedKiosk) -> None:
    """Keep what a later start goes on from."""
    code = kiosk.scenario.code
    replace_file(places.simulation(code), json.dumps(kiosk.to_state()))
    replace_file(places.truth(code), kiosk.truth.to_json())


class Hardware:
    """All kiosks of the village, driven by an injected clock."""

    def __init__(self, places: Places, codes: Sequence[str], now_ms: int, *, customer: bool = False) -> None:
        """`customer`: at each kiosk somebody buys the first service as soon as there is power, at whatever hour."""
        self._places = places
        self._awaited = set(codes) if customer else set()
        self._kiosks: dict[str, SimulatedKiosk] = {}
        self._powered: dict[str, bool] = {}
        self._saved_ms = now_ms
        for code in codes:
            self._kiosks[code] = self._wake(code, now_ms)

    def turn(self, now_ms: int) -> list[str]:
        """Let the kiosks live up to now; returns the sites whose power came or went, as `code on` or `code off`."""
        whole_ms = now_ms - now_ms % _MS_PER_S
        changes = []
        for code, kiosk in self._kiosks.items():
            if whole_ms > kiosk.now_utc_ms:
                kiosk.advance(whole_ms)
            else:
                kiosk.pump()
            if code in self._awaited and kiosk.visit(0):
                self._awaited.remove(code)
            if self._powered.get(code) != kiosk.powered:
                self._powered[code] = kiosk.powered
                changes.append(f"{code} {'on' if kiosk.powered else 'off'}")
        if now_ms - self._saved_ms >= SAVE_EVERY_MS:
            self.save(now_ms)
        return changes

    def save(self, now_ms: int) -> None:
        """Keep what a later start goes on from."""
        self._saved_ms = now_ms
        for kiosk in self._kiosks.values():
            save_kiosk(self._places, kiosk)

    def _wake(self, code: str, now_ms: int) -> SimulatedKiosk:
        state = json.loads(self._places.simulation(code).read_text(encoding="utf-8"))
        ends = {name: PtyLine() for name in (MPPT, BOARD)}
        for name, end in ends.items():
            link = self._places.line(code, name)
            link.unlink(missing_ok=True)
            link.symlink_to(end.path)
        scenario = scenario_of(code)
        # The demo was stopped, so the kiosks were without power: the agent's absence then has a reason one can see.
        absence = PowerCut(int(state["now_utc_ms"]), now_ms)
        faults = (*scenario.faults_from(int(state["start_utc_ms"])), absence)
        return SimulatedKiosk.from_state(scenario, state, device_ends=ends, faults=faults)


def run(words: Sequence[str], clock: Callable[[], int], wait: Callable[[float], None]) -> None:
    """`ROOT [--customer] CODE ...`, until SIGTERM or SIGINT."""
    root, *codes = (word for word in words if word != CUSTOMER)
    stopping: list[int] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda number, _frame: stopping.append(number))
    hardware = Hardware(Places(Path(root)), codes, clock(), customer=CUSTOMER in words)
    while not stopping:
        for change in hardware.turn(clock()):
            sys.stdout.write(change + "\n")
            sys.stdout.flush()
        wait(TICK_S)
    hardware.save(clock())


if __name__ == "__main__":
    run(sys.argv[1:], lambda: time.time_ns() // 1_000_000, time.sleep)
