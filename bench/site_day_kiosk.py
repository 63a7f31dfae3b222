"""One simulated site-day over a real broker: agent, link and ingest are the product's, the clock is the simulator's.

The agent lives a first day without a network, is drained and at rest when the second begins; that one is measured from
its connect on. After whatever it sends, simulated time stands still until everything is answered and nothing has moved
for longer than a delayed acknowledgement of TCP waits, as between two frames of a real day.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as paho

from bench.corpus import SCENARIO, SEED, START_UTC_MS, NoisyCharger
from bench.site_day_link import WAIT_S, SimulatedLink
from bench.veth import SERVER_ADDRESS, Traffic, VethPair
from edge_agent import commission
from edge_agent.agent import Agent
from edge_agent.config import Config
from edge_agent.config import load as load_config
from edge_agent.link import Link
from firmware_sim.kiosk import SimulatedKiosk
from ingest.acknowledger import Outgoing
from ingest.handler import Handler, Message
from ingest.keys import open_keys
from ingest.subscriber import Broker, Subscriber
from ingest.tls import TlsFiles
from kayasol.broker_files import write_broker_files
from kayasol.ca import Authority
from kayasol.demo.history import KioskClock, Life
from kayasol.demo.places import Places
from kayasol.demo.setup import SITE_KINDS, write_agent_toml
from kayasol.sites import NewSite, commission_request, parse_request
from kiosk.time import DAY_MS
from kiosk.wire.frame import decode_frame
from store.engine import Store
from store.migrate import upgrade
from store.readings.sql import SqlReadings
from store.sites import Place
from tests.end_to_end.broker_village import PLAIN, TLS, ProductBroker

QUIET_S = 0.06
"""TCP holds an acknowledgement back for 40 ms at most where the other end is near."""
PORT = 8883
NOTHING = Traffic()
_LOOK_S = 0.004


class Stuck(Exception):
    """What was sent was not answered in time."""


@dataclass(slots=True)
class Day:
    """What one day cost, and what it carried; payloads in bytes."""

    total: Traffic = NOTHING
    connect: Traffic = NOTHING
    """With everything that the connect itself brings about."""
    keep_alive: Traffic = NOTHING
    frames: int = 0
    frame_bytes: int = 0
    section_bytes: Counter[int] = field(default_factory=Counter)
    """Of frames, by kind."""
    answers: int = 0
    answer_bytes: int = 0
    pings: int = 0
    sales: int = 0
    rows: int = 0


class NamespacedBroker(ProductBroker):
    """Mosquitto as the product configures it, in the server's namespace."""

    def __init__(self, server_folder: Path, pair: VethPair) -> None:
        super().__init__(server_folder)
        self.host, self.port = SERVER_ADDRESS, PORT
        self._pair = pair

    def start(self) -> None:
        with self._pair.inside(self._pair.server):
            super().start()


class _Handler(Handler):
    """The product's, counting the frames that it is done with."""

    frames = 0

    def handle_batch(self, messages: Sequence[Message]) -> list[Outgoing]:
        outgoing = super().handle_batch(messages)
        self.frames += sum(message.topic.endswith("/u") for message in messages)
        return outgoing


class SiteDay:
    """Server and kiosk of one run."""

    def __init__(self, root: Path, pair: VethPair, cadence_s: int) -> None:
        self._pair = pair
        self._places = Places(root)
        self.broker = NamespacedBroker(self._places.server, pair)
        database = f"sqlite:///{self._places.server / 'kayasol.db'}"
        self._places.server.mkdir(parents=True)
        upgrade(database)
        self.store = Store.open(database)
        self.kiosk = SimulatedKiosk(SCENARIO, SEED, START_UTC_MS, faults=())
        self.kiosk.mppt = NoisyCharger(self.kiosk.mppt.serial_number, SEED)
        keys = open_keys(self._places.server)
        self._handler = _Handler(self.store, SqlReadings(self.store), keys, lambda: self.kiosk.now_utc_ms)
        self._issue()
        self.config = self._configured(cadence_s)
        self._life = Life(self.kiosk, self.config, self._places.state(SCENARIO), self, logging.getLogger("site-day"))
        self._link: SimulatedLink | None = None
        self._online = False
        self.day = Day()

    def run(self) -> Day:
        """Live two days; tells what the second one cost."""
        self.broker.start()
        with self._ingesting(), self._paho_in_simulated_time(), self._pair.inside(self._pair.kiosk):
            self._life.run(START_UTC_MS + DAY_MS, lambda _now: None)
            link, agent = self._met()
            self._until_quiet(agent, link)
            link.stop()
            self._measure(link, agent)
        self._life.stop()
        return self.day

    def close(self) -> None:
        """End what was started."""
        self.broker.stop()
        self.store.close()

    def open(self) -> Link:
        """A new life of the agent: here there is one only."""
        clock = KioskClock(self.kiosk)
        self._link = SimulatedLink(self.config, self._places.state(SCENARIO), clock)
        return self._link

    def settle(self, agent: Agent, up: bool) -> None:  # noqa: ARG002 - the scenario's own network hours are not meant
        """Let what is on its way arrive."""
        link = self._link
        if link is None or not self._online:
            return
        if not link.connected:
            raise Stuck(f"the connection ended: {link.trouble}")
        pings, frames, before = link.pings, len(link.published), self._pair.traffic()
        link.keep_alive()
        if not link.is_busy and link.pings == pings:
            return
        self._until_quiet(agent, link)
        if link.pings > pings and len(link.published) == frames:
            self.day.keep_alive += self._pair.traffic() - before

    def _met(self) -> tuple[SimulatedLink, Agent]:
        link, agent = self._link, self._life.agent
        assert link is not None, "Damané has power on its first day"
        assert agent is not None, "and at its end"
        link.meet()
        return link, agent

    def _measure(self, link: SimulatedLink, agent: Agent) -> None:
        begun, frames, answers, pings = self._pair.traffic(), len(link.published), len(link.heard), link.pings
        rows = agent.outbox.head + agent.outbox.pending
        link.meet()
        self._until_quiet(agent, link)
        self._online = True
        self.day.connect = self._pair.traffic() - begun
        self._life.run(START_UTC_MS + 2 * DAY_MS, lambda _now: None)
        day = self.day
        day.total = self._pair.traffic() - begun
        day.pings = link.pings - pings
        for payload in link.published[frames:]:
            day.frames += 1
            day.frame_bytes += len(payload)
            for section in decode_frame(payload).sections:
                day.section_bytes[section.kind] += len(section.body)
        day.answers, day.answer_bytes = len(link.heard) - answers, sum(len(each) for each in link.heard[answers:])
        day.rows = agent.outbox.head + agent.outbox.pending - rows
        day.sales = sum(self.kiosk.truth.day_of(START_UTC_MS + DAY_MS).sales.values())

    def _until_quiet(self, agent: Agent, link: SimulatedLink) -> None:
        """Simulated time stands still until nothing has moved for longer than TCP holds an acknowledgement back."""
        give_up_s = time.monotonic() + WAIT_S
        moved, quiet_from_s = self._pair.traffic(), time.monotonic()
        while time.monotonic() - quiet_from_s < QUIET_S:
            agent.step()
            now = self._pair.traffic()
            if now != moved or link.is_busy or self._handler.frames < len(link.published):
                moved, quiet_from_s = now, time.monotonic()
            if time.monotonic() > give_up_s:
                raise Stuck(
                    f"nothing came to rest within {WAIT_S:.0f} s: {link.trouble or self.broker.log_text()[-300:]}"
                )
            time.sleep(_LOOK_S)
        link.rest()

    @contextmanager
    def _ingesting(self) -> Iterator[None]:
        files = TlsFiles(*(self._places.server / "ca" / name for name in ("ca.pem", "ingest.pem", "ingest.key")))
        # Its own keep-alive would run in simulated time as well, and is on the server's side of the pair.
        subscriber = Subscriber(Broker(SERVER_ADDRESS, PORT, tls=files, keepalive_s=0), self._handler)
        stop = threading.Event()

        def run() -> None:
            with self._pair.inside(self._pair.server):
                subscriber.run(stop)

        thread = threading.Thread(target=run, name="ingest")
        thread.start()
        try:
            if not subscriber.connected.wait(WAIT_S):
                raise Stuck(f"ingest met no broker: {self.broker.log_text()[-300:]}")
            yield
        finally:
            stop.set()
            thread.join(WAIT_S)

    @contextmanager
    def _paho_in_simulated_time(self) -> Iterator[None]:
        """Keep-alive pings are then due when they would be."""
        real, paho.time_func = paho.time_func, lambda: self.kiosk.now_utc_ms / 1000
        try:
            yield
        finally:
            paho.time_func = real

    def _issue(self) -> None:
        """Certificates, the broker's files, and the kiosk's commissioning."""
        server, state, scenario = self._places.server, self._places.state(SCENARIO), self.kiosk.scenario
        authority = Authority(server / "ca", datetime.fromtimestamp(START_UTC_MS / 1000, UTC))
        authority.issue_server("broker", [SERVER_ADDRESS])
        authority.issue_client("ingest")
        write_broker_files(self.broker.folder, server / "ca", PORT, SERVER_ADDRESS)
        self.broker.let_root_run_it()
        request = parse_request(commission.begin(state, SCENARIO, os.urandom))
        place = Place(scenario.plant.lat_deg, scenario.plant.lon_deg)
        site = NewSite(scenario.name, scenario.commune, SITE_KINDS[scenario.kind], "XOF", place)
        keys = open_keys(server)
        commission.accept(state, commission_request(self.store, authority, keys, request, site, START_UTC_MS))

    def _configured(self, cadence_s: int) -> Config:
        """The demo's configuration over TLS, with the product's keep-alive and no clock but the server's."""
        write_agent_toml(self._places, self.kiosk.scenario, cadence_s, PORT)
        file = self._places.agent_toml(SCENARIO)
        text = file.read_text(encoding="utf-8").replace(PLAIN, TLS).replace("127.0.0.1", SERVER_ADDRESS)
        text = text.replace("keepalive_s = 30\n", "")
        file.write_text(text, encoding="utf-8")
        config = load_config(file)
        return replace(config, agent=replace(config.agent, rtc=False))
