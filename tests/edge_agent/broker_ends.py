"""Both ends of a real broker under test: a link as the agent makes it, and a client that sees everything."""

from __future__ import annotations

import logging
import queue
import select
import threading
from collections.abc import Callable

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edge_agent.clock import SystemClock
from edge_agent.config import Broker
from edge_agent.mqtt_link import MqttLink
from tests.certificates import TlsFiles
from tests.edge_agent.site import HeldClock
from tests.mosquitto import MosquittoServer

WAIT_S = 10.0
DEV = "00112233445566aa"


class Far:
    """A client of the broker that sees everything."""

    def __init__(self, broker: MosquittoServer, files: TlsFiles | None = None) -> None:
        self.inbox: queue.Queue[tuple[str, bytes, bool]] = queue.Queue()
        self._ready = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2)
        if files is not None:
            self.client.tls_set(str(files.authority), str(files.certificate), str(files.key))
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._on_message
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        assert self._ready.wait(WAIT_S)

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe("k1/#", 1)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        self.inbox.put((message.topic, bytes(message.payload), message.retain))

    def next(self, channel: str) -> bytes:
        """The next message of one channel; others are passed over."""
        while True:
            topic, payload, _ = self.inbox.get(timeout=WAIT_S)
            if topic.endswith(f"/{channel}"):
                return payload

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def until(condition: Callable[[], object], turn: Callable[[], object]) -> None:
    """Turn until it is so; a pause between turns is spent waiting on nothing, as the agent's own loop does."""
    clock = SystemClock()
    end_ms = clock.monotonic_ms() + WAIT_S * 1_000
    while not condition():
        assert clock.monotonic_ms() < end_ms, "it did not come about in time"
        turn()
        select.select([], [], [], 0.01)


def make(broker: Broker, clock: SystemClock | HeldClock | None = None, site: str = "damane") -> MqttLink:
    return MqttLink(broker, site, DEV, clock=clock or SystemClock(), entropy=bytes, log=logging.getLogger("edge"))


def turn(link: MqttLink) -> Callable[[], None]:
    clock = SystemClock()
    return lambda: link.turn(clock.monotonic_ms())
