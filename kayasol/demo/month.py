"""One kiosk's simulated past as a process: `python -m kayasol.demo.month CODE ROOT DAYS SEED BROKER_PORT`.

The site that meets the broker daily does so through the real broker, with ingest beside it on the same simulated clock:
when something arrived is judged by ingest's clock, and nobody may invent that afterwards. The others have no network
until they have caught up with the present; then, in the same life of the agent, they meet the running server and drain.
Prints `lived DAYS` as it goes, then `present`, and ends when nothing waits any more.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from pathlib import Path

from edge_agent import commission
from edge_agent.agent import Agent
from edge_agent.config import Config
from edge_agent.link import Link
from edge_agent.mqtt_link import MqttLink
from firmware_sim.kiosk import SimulatedKiosk
from firmware_sim.scenarios import load_scenario
from ingest.acknowledger import Policy
from ingest.handler import Handler
from ingest.keys import open_keys
from ingest.subscriber import Broker, Subscriber
from kayasol.demo.hardware import save_kiosk
from kayasol.demo.history import KioskClock, Life
from kayasol.demo.places import DAILY_SITE, Places, Village
from kayasol.demo.setup import write_agent_toml
from kayasol.readings_store import open_readings
from kayasol.settings import load_settings
from store.engine import Store

PRESENT_MS = 60_000
"""Closer to the present than this, the past has caught up."""
SETTLE_LIMIT_S = 5.0
SETTLE_WAIT_S = 0.002
DRAIN_TURN_S = 1.0
QUIET_TURNS = 2
"""So often nothing may be on its way, before a kiosk counts as drained."""
DAY_MS = 86_400_000

log = logging.getLogger("month")


class RealBroker:
    """The demo's broker, while the simulated network is up; the simulated clock waits for what is on its way."""

    def __init__(self, kiosk: SimulatedKiosk, config: Config, state: Path) -> None:
        self._kiosk, self._config = kiosk, config
        self._own = commission.load(state)
        self.reachable: bool | None = None
        """None: as the scenario says; else whether there is a network, whatever the scenario says."""

    def open(self) -> Link:
        clock = KioskClock(self._kiosk)
        broker = self._config.broker
        return _Gate(broker, self._own.site, self._own.dev, clock=clock, entropy=os.urandom, log=log)

    def settle(self, agent: Agent, up: bool) -> None:
        link = agent.link
        if not isinstance(link, _Gate):
            raise TypeError("the agent's link is not this network's")
        if self.reachable is not None:
            up = self.reachable
        if up != link.is_up:
            link.switch(up)
        if not up:
            return
        until = time.monotonic() + SETTLE_LIMIT_S
        while time.monotonic() < until:
            agent.step()
            if link.connected and link.outstanding == 0 and agent.publisher.is_at_rest:
                return
            time.sleep(SETTLE_WAIT_S)
        log.warning("%s: not at rest after %.0f s; the simulated clock goes on", self._own.site, SETTLE_LIMIT_S)


class _Gate(MqttLink):
    """A link that starts only when the simulated network is up."""

    is_up = False

    def switch(self, up: bool) -> None:
        self.is_up = up
        if up:
            super().start()
        else:
            super().stop()

    def start(self) -> None:
        """The agent asks; the network decides."""


def main() -> None:
    """Live, then save the simulated hardware's state for the time that follows."""
    code, root, days, seed, broker_port = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6])
    logging.basicConfig(level=logging.ERROR)
    places = Places(root)
    start_ms = _now_ms() // 60_000 * 60_000 - days * DAY_MS
    scenario = load_scenario(code)
    config = write_agent_toml(places, scenario, dict(Village().cadences_s)[code], broker_port)
    kiosk = SimulatedKiosk(scenario, seed, start_ms)
    daily = code == DAILY_SITE
    network = RealBroker(kiosk, config, places.state(code))
    network.reachable = None if daily else False
    life = Life(kiosk, config, places.state(code), network, log)
    stop = threading.Event()
    ingest = threading.Thread(target=_ingest, args=(places, kiosk, broker_port, stop), name="ingest")
    if daily:
        ingest.start()
    try:
        while _now_ms() - kiosk.now_utc_ms > PRESENT_MS:
            life.run(_now_ms() // 1000 * 1000, lambda now_ms: _say(f"lived {(now_ms - start_ms) // DAY_MS}"))
    finally:
        stop.set()
        if daily:
            ingest.join()
    _say("present")
    if not daily:
        _drain(life, network, places)
    life.stop()
    save_kiosk(places, kiosk)


def _drain(life: Life, network: RealBroker, places: Places) -> None:
    """Wait for the server, then live on in real time until it has everything and has been told the time."""
    quiet_turns = 0
    told_time = False
    while quiet_turns < QUIET_TURNS:
        time.sleep(DRAIN_TURN_S)
        network.reachable = places.server_ready.exists()
        life.run(_now_ms() // 1000 * 1000, lambda _now: None)
        agent = life.agent
        if agent is None:
            # No power at this hour: what waits goes once the kiosk has light again.
            quiet_turns += int(network.reachable)
        elif network.reachable and agent.keeper.fix is not None and agent.publisher.is_at_rest:
            quiet_turns += 1
            if not told_time:
                # The frame that brought the time left before it was known: one more says it.
                agent.publisher.ask_now()
                told_time, quiet_turns = True, 0
        else:
            quiet_turns = 0


def _ingest(places: Places, kiosk: SimulatedKiosk, broker_port: int, stop: threading.Event) -> None:
    settings = load_settings(places.server)
    store = Store.open(settings.database)
    try:
        with open_readings(settings, store) as opened:
            handler = Handler(
                store,
                opened.readings,
                open_keys(places.server),
                lambda: kiosk.now_utc_ms,
                policy=Policy(calm_ms=0),
            )
            Subscriber(Broker(host="127.0.0.1", port=broker_port), handler).run(stop)
    finally:
        store.close()


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
