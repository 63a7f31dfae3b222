"""The product's link in simulated time: connects when the network is there, keeps and counts what went through it."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from paho.mqtt.enums import MQTTErrorCode

from edge_agent import commission
from edge_agent.config import Config
from edge_agent.mqtt_link import MqttLink
from kayasol.demo.history import KioskClock

WAIT_S = 10.0


class SimulatedLink(MqttLink):
    """The product's link, that connects when the network is there and keeps what went through it."""

    def __init__(self, config: Config, state: Path, clock: KioskClock) -> None:
        own, log = commission.load(state), logging.getLogger("site-day")
        super().__init__(config.broker, own.site, own.dev, clock=clock, entropy=os.urandom, log=log)
        self.published: list[bytes] = []
        self.heard: list[bytes] = []
        self.pings = self.pongs = 0
        self.looked = threading.Event()
        self.quiet_from_ms = 0

    def publish(self, topic: str, payload: bytes) -> int | None:
        number = super().publish(topic, payload)
        if number is not None:
            self.published.append(payload)
        return number

    def received(self) -> list[bytes]:
        messages = super().received()
        self.heard += messages
        return messages

    def start(self) -> None:
        """The agent asks; the network decides."""

    def meet(self) -> None:
        """There is a network."""
        self.looked.clear()
        super().start()
        assert self._connection is not None, "a link that starts has a connection"
        client = self._connection.client
        client.on_log = self._on_log
        look = client.loop_misc

        def looking() -> MQTTErrorCode:
            outcome = look()
            self.looked.set()
            return outcome

        client.loop_misc = looking  # type: ignore[method-assign]

    def keep_alive(self) -> None:
        """Have the network thread look now whether a ping is due; by itself it does once a second of this world."""
        assert self._connection is not None, "a link that is connected has a connection"
        if self._clock.monotonic_ms() - self.quiet_from_ms < self._broker.keepalive_s * 1_000:
            return
        self.looked.clear()
        wake, line = self._connection.client.on_socket_register_write, self._connection.client.socket()
        assert wake is not None, "the network thread can be woken"
        assert line is not None, "it has a line"
        wake(self._connection.client, None, line)
        self.looked.wait(WAIT_S)

    def rest(self) -> None:
        """Everything has been answered at this instant."""
        self.quiet_from_ms = self._clock.monotonic_ms()

    @property
    def is_busy(self) -> bool:
        """Something that the broker must answer is not answered."""
        return not self.connected or self.outstanding > 0 or self.pings > self.pongs

    def _on_log(self, _client: object, _userdata: object, _level: int, words: str) -> None:
        self.pings += words == "Sending PINGREQ"
        self.pongs += words == "Received PINGRESP"
