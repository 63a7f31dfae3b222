"""A simulated kiosk, its real agent, and real ingest, store and office behind it, under one clock and no broker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from edge_agent.agent import Agent
from edge_agent.link import Link, MemoryLink
from firmware_sim.faults import Fault
from firmware_sim.kiosk import SimulatedKiosk
from firmware_sim.scenarios import load_scenario
from ingest.acknowledger import Policy
from ingest.handler import Handler
from ingest.keys import open_keys
from kayasol.demo.history import Life
from kayasol.demo.places import Places, Village
from kayasol.demo.setup import commission_village, write_agent_toml
from kayasol.settings import ServerSettings
from office.loop import Office
from store.engine import Store
from store.readings.sql import SqlReadings

SETTLE_ROUNDS = 200


class Server:
    """Ingest, store and office of a folder."""

    def __init__(self, places: Places, clock: Callable[[], int]) -> None:
        self.settings = ServerSettings(folder=places.server)
        self.store = Store.open(self.settings.database)
        self.readings = SqlReadings(self.store)
        self.handler = Handler(self.store, self.readings, open_keys(places.server), clock, policy=Policy(calm_ms=0))
        self.office = Office(self.store, self.readings, clock)

    def finish_days(self) -> None:
        """Let the office work until nothing is dirty."""
        while self.office.turn():
            pass


class Bridge:
    """The network of a life: what the agent publishes is handled at once, answers come back in the same minute."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.link = MemoryLink(connected=False)

    def open(self) -> Link:
        self.link = MemoryLink(connected=False)
        return self.link

    def settle(self, agent: Agent, up: bool) -> None:
        if self.link.connected != up:
            self.link.connected = up
        if not up:
            return
        for _ in range(SETTLE_ROUNDS):
            agent.step()
            if not self.link.sent:
                return
            while self.link.sent:
                for outgoing in self._server.handler.handle(*self.link.sent.popleft()):
                    self.link.deliver(outgoing.payload)
        raise AssertionError("agent and ingest never come to rest")


def found_village(root: Path, issued_ms: int) -> Places:
    """Keys, acts and an empty database for all sites of the demo."""
    places = Places(root)
    commission_village(places, ServerSettings(folder=places.server), issued_ms)
    return places


def new_life(
    places: Places, code: str, start_ms: int, seed: int, network: object, faults: tuple[Fault, ...] | None = None
) -> Life:
    """A kiosk that begins to live at an instant."""
    config = write_agent_toml(places, load_scenario(code), dict(Village().cadences_s)[code], 1)
    kiosk = SimulatedKiosk(code, seed, start_ms, faults=faults)
    return Life(kiosk, config, places.state(code), network, logging.getLogger("life"))  # type: ignore[arg-type]
