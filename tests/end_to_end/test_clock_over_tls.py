"""A kiosk whose clock stands ten years off meets the real broker over mutual TLS; who is not of the village does not.

The kiosk is the real program under a faked system clock. The broker's certificate is, by that clock, not yet valid or
expired; by everybody else's it is good. Nobody else may speak for a site.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent import commission
from edge_agent.agent import Agent
from edge_agent.clock import Machine, SystemClock
from edge_agent.mqtt_link import MqttLink
from edge_agent.transports.memory import MemoryLine
from firmware_sim.kiosk import SimulatedKiosk
from firmware_sim.scenarios import load_scenario
from kayasol.ca import Authority
from kayasol.demo.setup import write_agent_toml
from kiosk.time import DAY_MS, day_start_ms
from kiosk.wire import topics
from store import boots, ledger_records
from store.engine import Store
from store.ledger_records import Record
from tests.certificates import TlsFiles
from tests.edge_agent.site import HeldClock
from tests.end_to_end.broker_village import Village, quick_folder
from tests.end_to_end.far_clock import KioskComputer, wait_for
from tests.end_to_end.village import Bridge, Server, found_village

# The MQTT library leaves a socket whose TLS handshake failed to the garbage collector, which closes it and warns.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)

SITE, OTHER = "louda", "damane"
"""The first has no clock with a battery."""
CODES = (SITE, OTHER)
YEAR_S = 365 * 86_400
LONG_AGO_YEARS = 31
"""A certificate lives for forty years: one issued then is good today, and will have expired in ten years."""
LOOK_MS = 1_000
"""Between two looks at two clocks."""
UNCERTAINTY_MAX_MS = 20_000
"""The way there and back of the time, on a machine that has much else to do."""
WAIT_S = 20.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def new_village(root: Path) -> Village:
    return Village(root, CODES, now_ms())


@pytest.fixture(scope="module", params=[-10, 10], ids=["ten years back", "ten years ahead"])
def years(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def village(years: int) -> Iterator[Village]:
    """A village whose broker's certificate is of another time, for a kiosk that far off. Broker and server have met
    before, so what a kiosk says to the broker waits there for the server."""
    with quick_folder("clock") as root:
        found = new_village(root)
        if years > 0:
            found.broker.configure(now_ms() // 1000 - LONG_AGO_YEARS * YEAR_S)
        with found.broker as broker, found.serve(broker.port) as server:
            wait_for(lambda: "connected to the broker" in server.log_text(), server.log_text)
        yield found


def sales_of(store: Store, site: str) -> list[Record]:
    with store.read() as connection:
        return ledger_records.of_type(connection, site, "SALE")


def dated(records: list[Record]) -> bool:
    return bool(records) and all(record.utc_ms is not None for record in records)


def sell(kiosk: KioskComputer, service: str) -> tuple[int, int]:
    """True time before and after a sale, UTC ms."""
    before_ms = now_ms()
    assert "box" in kiosk.said("sale", service)
    return before_ms, now_ms()


def test_sales_before_any_network_are_dated_right_by_a_server_that_the_kiosk_meets_over_tls(
    village: Village, years: int
) -> None:
    village.agent_config(SITE, village.broker.port)
    with KioskComputer(village.places, SITE, years) as kiosk:
        true_ms = [sell(kiosk, service) for service in ("phone", "lamp", "battery")]
        with village.broker as broker, village.serve(broker.port) as server:
            store = Store.open(village.settings.database)
            try:
                wait_for(
                    lambda: dated(sales_of(store, SITE)), lambda: f"dated sales: {kiosk.log_text()} {server.log_text()}"
                )
                sales = sales_of(store, SITE)
                with store.read() as connection:
                    (boot,) = boots.of_site(connection, SITE)
            finally:
                store.close()
    assert [sale.svc for sale in sales] == ["phone", "lamp", "battery"]
    assert boot.fix is not None
    assert (boot.fix.source, boot.fix.uncertainty_ms < UNCERTAINTY_MAX_MS) == ("server", True)
    within_ms = boot.fix.uncertainty_ms + LOOK_MS
    for sale, (before_ms, after_ms) in zip(sales, true_ms, strict=True):
        assert sale.utc_ms is not None
        assert before_ms - within_ms <= sale.utc_ms <= after_ms + within_ms


def test_if_it_judged_the_dates_of_certificates_it_would_never_meet_the_server(village: Village, years: int) -> None:
    village.agent_config(OTHER, village.broker.port)
    with village.broker, KioskComputer(village.places, OTHER, years, check_dates=True) as kiosk:
        words = "certificate is not yet valid" if years < 0 else "certificate has expired"
        wait_for(lambda: words in kiosk.log_text(), kiosk.log_text)
        assert "the broker is there" not in kiosk.log_text()


def test_the_same_under_an_injected_clock_without_processes(tmp_path: Path, years: int) -> None:
    start_ms = day_start_ms("2026-10-20") + 8 * 3_600_000
    true_ms = [start_ms]
    places = found_village(tmp_path, start_ms)
    server = Server(places, lambda: true_ms[0])
    kiosk = SimulatedKiosk(SITE, 1, start_ms, faults=())
    clock = HeldClock(0, start_ms + years * 365 * DAY_MS)
    bridge = Bridge(server)
    agent = Agent(
        write_agent_toml(places, load_scenario(SITE), 900, 1), clock=clock, link=bridge.open(), entropy=os.urandom,
        transports={name: MemoryLine(line) for name, line in kiosk.lines.items()}, state=places.state(SITE),
        log=logging.getLogger("edge"), machine=Machine(boot_id="m1"),
    )  # fmt: skip
    sold_ms = []
    for minute in range(120):
        true_ms[0] += 60_000
        clock.mono_ms += 60_000
        clock.wall_ms += 60_000
        if minute % 25 == 0:
            agent.till.sale("phone")
            sold_ms.append(true_ms[0])
        agent.step()
        bridge.settle(agent, up=minute > 100)
    assert [sale.utc_ms for sale in sales_of(server.store, SITE)] == sold_ms
    agent.close()
    server.store.close()


@pytest.fixture(scope="module")
def open_village() -> Iterator[Village]:
    """A village with its broker running. The third device's certificate was taken back before."""
    with quick_folder("foreign") as root:
        found = Village(root, (*CODES, "tangasgo"), now_ms())
        authority = Authority(found.settings.folder / "ca", datetime.now(UTC))
        authority.revoke((found.places.state("tangasgo") / commission.CERTIFICATE).read_bytes())
        with found.broker:
            yield found


def link_of(village: Village, code: str, files: TlsFiles | None = None) -> MqttLink:
    """The agent's link of a site, or of somebody with other files who says to be that site."""
    broker = village.agent_config(code, village.broker.port).broker
    if files is not None:
        broker = replace(broker, ca=files.authority, certificate=files.certificate, key=files.key)
    own = commission.load(village.places.state(code))
    return MqttLink(
        broker, own.site, own.dev, clock=SystemClock(), entropy=os.urandom, log=logging.getLogger("edge")
    )  # fmt: skip


def meets_the_broker(link: MqttLink) -> bool:
    """Whether it gets in, or why it does not is known."""

    def outcome() -> bool:
        link.turn(SystemClock().monotonic_ms())
        return link.connected or bool(link.trouble)

    link.start()
    try:
        wait_for(outcome, lambda: "let in or refused", WAIT_S)
        return link.connected
    finally:
        link.stop()


def foreign_files(village: Village, folder: Path) -> TlsFiles:
    """A certificate for the site's name by another authority; its bearer trusts the village's."""
    Authority(folder, datetime.now(UTC)).issue_client(SITE)
    return TlsFiles(village.places.state(SITE) / commission.AUTHORITY, folder / f"{SITE}.pem", folder / f"{SITE}.key")


def test_a_device_of_the_village_gets_in(open_village: Village) -> None:
    assert meets_the_broker(link_of(open_village, SITE))


def test_a_certificate_of_another_authority_does_not(open_village: Village, tmp_path: Path) -> None:
    assert not meets_the_broker(link_of(open_village, SITE, foreign_files(open_village, tmp_path)))


def test_a_certificate_that_was_taken_back_does_not(open_village: Village) -> None:
    assert not meets_the_broker(link_of(open_village, "tangasgo"))


class Voice:
    """A client of the broker with some certificate, that can say and hear anything the broker lets it."""

    def __init__(self, village: Village, files: TlsFiles, hears: str) -> None:
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._hears, self._ready = hears, threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.tls_set(str(files.authority), str(files.certificate), str(files.key))
        self.client.on_connect = lambda client, *_: client.subscribe(self._hears, 1)
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._on_message
        self.client.connect(village.broker.host, village.broker.port)
        self.client.loop_start()
        assert self._ready.wait(WAIT_S)

    def say(self, topic: str, payload: bytes) -> None:
        """Until the broker has taken it or has hung up: how it refuses a message is its own affair."""
        message = self.client.publish(topic, payload, 1)
        wait_for(
            lambda: message.is_published() or not self.client.is_connected(), lambda: f"an answer to {topic}", WAIT_S
        )

    def hear(self) -> tuple[str, bytes]:
        return self.heard.get(timeout=WAIT_S)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.heard.put((message.topic, bytes(message.payload)))


@contextmanager
def device_voice(village: Village) -> Iterator[Voice]:
    """With the certificate of SITE, listening to everything that it may hear."""
    state = village.places.state(SITE)
    files = TlsFiles(state / commission.AUTHORITY, state / commission.CERTIFICATE, state / commission.TLS_KEY)
    voice = Voice(village, files, "k1/#")
    yield voice
    voice.close()


@pytest.fixture
def ingest(open_village: Village) -> Iterator[Voice]:
    """With ingest's certificate, listening as ingest does."""
    ca = open_village.settings.folder / "ca"
    voice = Voice(open_village, TlsFiles(ca / "ca.pem", ca / "ingest.pem", ca / "ingest.key"), "k1/+/+/u")
    yield voice
    voice.close()


@pytest.mark.parametrize("topic", [topics.up(OTHER), topics.status(OTHER), topics.down(SITE), "k1/0/up"])
def test_a_device_can_speak_on_its_own_topics_only(open_village: Village, ingest: Voice, topic: str) -> None:
    with device_voice(open_village) as device:
        device.say(topic, b"in the name of another")
    with device_voice(open_village) as device:
        device.say(topics.up(SITE), b"in its own")
        assert ingest.hear() == (topics.up(SITE), b"in its own")
        assert device.heard.empty()


def test_a_device_hears_what_is_said_to_it_and_nothing_else(open_village: Village, ingest: Voice) -> None:
    with device_voice(open_village) as device:
        ingest.say(topics.down(OTHER), b"to another")
        ingest.say(topics.down(SITE), b"to it")
        assert device.hear() == (topics.down(SITE), b"to it")
