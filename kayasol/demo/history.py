"""A simulated past, lived by real agents: devices, agent, till and outbox, minute by minute under an injected clock.

A power cut ends the agent as it would on a Pi: nothing is closed, what was not committed is gone.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from edge_agent.agent import Agent
from edge_agent.clock import Machine
from edge_agent.config import Config
from edge_agent.link import Link
from edge_agent.transports.memory import MemoryLine
from firmware_sim.kiosk import SimulatedKiosk

STEP_MS = 60_000


class KioskClock:
    """The Pi's clocks inside the simulation: monotonic since power came, wall with the kiosk's own error."""

    def __init__(self, kiosk: SimulatedKiosk) -> None:
        self._kiosk = kiosk
        self.power_on_ms = kiosk.now_utc_ms

    def monotonic_ms(self) -> int:
        """Milliseconds since power came back."""
        return self._kiosk.now_utc_ms - self.power_on_ms

    def wall_utc_ms(self) -> int:
        """What the Pi's clock shows."""
        return self._kiosk.now_utc_ms + self._kiosk.pi_clock_offset_ms


class Network(Protocol):
    """The world beyond the site, as far as the site can reach it now."""

    def open(self) -> Link:
        """A link for a new life of the agent."""

    def settle(self, agent: Agent, up: bool) -> None:
        """Let what is on its way arrive, while the simulated clock stands still. `up`: whether there is a network."""


class Life:
    """One kiosk that lives through time, with its agent whenever there is power."""

    def __init__(
        self, kiosk: SimulatedKiosk, config: Config, state: Path, network: Network, log: logging.Logger
    ) -> None:
        self.kiosk = kiosk
        self.agent: Agent | None = None
        self._config, self._state, self._network, self._log = config, state, network, log
        # Repeatable: the same seed gives the same ids. Only a simulation may draw them so.
        self._entropy = random.Random(f"{kiosk.seed}:{kiosk.scenario.code}").randbytes  # noqa: S311

    def run(self, to_utc_ms: int, progress: Callable[[int], None]) -> None:
        """Live up to an instant; `progress` hears the simulated time after each day."""
        day = self.kiosk.now_utc_ms // 86_400_000
        while self.kiosk.now_utc_ms < to_utc_ms:
            self.kiosk.advance(min(self.kiosk.now_utc_ms + STEP_MS, to_utc_ms))
            self._minute()
            if self.kiosk.now_utc_ms // 86_400_000 != day:
                day = self.kiosk.now_utc_ms // 86_400_000
                progress(self.kiosk.now_utc_ms)

    def stop(self) -> None:
        """An orderly end, as when a technician shuts the Pi down."""
        if self.agent is not None:
            self.agent.close()
            self.agent = None

    def _minute(self) -> None:
        if not self.kiosk.powered:
            if self.agent is not None:
                self.agent.abandon()
                self.agent = None
            return
        if self.agent is None:
            self.agent = self._boot()
        self.agent.step()
        # What the agent told the board must arrive before the power can go, as it does in life.
        self.kiosk.pump()
        self._network.settle(self.agent, self.kiosk.network_up)

    def _boot(self) -> Agent:
        clock = KioskClock(self.kiosk)
        lines = {name: MemoryLine(line) for name, line in self.kiosk.lines.items()}
        machine_boot = hashlib.sha256(f"{self.kiosk.scenario.code}:{clock.power_on_ms}".encode()).hexdigest()
        return Agent(
            self._config,
            clock=clock,
            transports=lines,
            link=self._network.open(),
            entropy=self._entropy,
            state=self._state,
            log=self._log,
            machine=Machine(
                boot_id=machine_boot[:32], card=_digest("card", self.kiosk), board=_digest("pi", self.kiosk)
            ),
        )


def _digest(part: str, kiosk: SimulatedKiosk) -> str:
    return hashlib.sha256(f"{part}:{kiosk.scenario.code}".encode()).hexdigest()
