"""The link over MQTT: one long session with one broker, TLS towards our own authority. Knows no frame and no receipt.

The network loop runs in a thread of its own, which only puts what it sees into bounded queues; everything else is done
by the agent's thread in `turn`. Each connection is a new client object: what an earlier one could not deliver is
dropped, because the publisher sends again, and smaller.
"""

from __future__ import annotations

import ipaddress
import logging
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.config import Broker
from edge_agent.link import RECEIVED_MAX
from edge_agent.network_loop import NetworkLoop
from kiosk.errors import ConfigError
from kiosk.time import Clock
from kiosk.wire import topics
from kiosk.wire.down import DOWN_MAX_BYTES

X509_V_FLAG_NO_CHECK_TIME = 0x200000
"""OpenSSL: chain and name are verified, dates are not. A Pi without a clock cannot judge them."""

BACK_OFF_FIRST_MS = 1_000
BACK_OFF_MAX_MS = 300_000
OUTSTANDING_MAX = 64
LOSS_WINDOW = 20
"""So many of the last messages tell the share that was lost."""

PUBLISH_SENT_BYTES, PUBLISH_RECEIVED_BYTES = 150, 76
"""What TCP, TLS and MQTT add to one message at QoS 1, each way (226 bytes in all, counted on an interface)."""
CONNECT_SENT_BYTES, CONNECT_RECEIVED_BYTES = 2_600, 2_300
"""The same for one connection with certificates on both sides (4.9 kB in all)."""

_STOP_TIMEOUT_S = 3.0
_EVENTS_MAX = 512


class _Kind(Enum):
    CONNECTED = auto()
    TROUBLE = auto()
    """Refused, or hung up; ENDED follows."""
    ENDED = auto()
    TAKEN = auto()


@dataclass(frozen=True, slots=True)
class _Event:
    """What the network thread saw."""

    kind: _Kind
    words: str = ""
    mid: int = 0
    at_ms: int = 0
    """Of a message taken: MQTT's number, and when."""


@dataclass
class _Connection:
    """One client object and what its thread has seen."""

    client: Client
    events: deque[_Event] = field(default_factory=lambda: deque(maxlen=_EVENTS_MAX))
    inbox: deque[bytes] = field(default_factory=deque)
    dropped: int = 0
    thread: threading.Thread | None = None
    tokens: dict[int, tuple[int, int]] = field(default_factory=dict)
    """MQTT message number -> (our number, handed over at)."""


class MqttLink:
    """A Link (link.py) over paho."""

    def __init__(
        self, broker: Broker, site: str, dev: str, *, clock: Clock, entropy: Callable[[int], bytes], log: logging.Logger
    ) -> None:
        """Raises ConfigError where certificates cannot be read, or TLS is missing towards another machine."""
        self._broker, self._site, self._dev = broker, site, dev
        self._clock, self._entropy, self._log = clock, entropy, log
        self._tls = tls_context(broker)
        self._connection: _Connection | None = None
        self._wanted = False
        self._connected = False
        self._next_try_ms: int | None = None
        self._back_off_ms = BACK_OFF_FIRST_MS
        self._trouble = ""
        self._delivered: list[int] = []
        self._number = 0
        self._fates: deque[bool] = deque(maxlen=LOSS_WINDOW)
        self.session = 0
        self.sent_bytes = 0
        self.received_bytes = 0
        self.latency_ms: int | None = None
        self.messages_dropped = 0

    @property
    def connected(self) -> bool:
        return self._connected

    @property
    def outstanding(self) -> int:
        return 0 if self._connection is None else len(self._connection.tokens)

    @property
    def loss_percent(self) -> int | None:
        if not self._fates:
            return None
        return 100 * self._fates.count(False) // len(self._fates)

    @property
    def trouble(self) -> str:
        """Why there is no connection, "" if there is one."""
        return self._trouble

    def start(self) -> None:
        self._wanted = True
        self._next_try_ms = self._clock.monotonic_ms()
        self.turn(self._next_try_ms)

    def stop(self) -> None:
        self._wanted = False
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._connected:
            # An orderly goodbye sends no last will, so the status is said.
            last = connection.client.publish(topics.status(self._site), topics.status_text(self._dev, False), 1, True)
            if last.rc == MQTTErrorCode.MQTT_ERR_SUCCESS:
                last.wait_for_publish(_STOP_TIMEOUT_S)
        self._connected = False
        connection.client.disconnect()
        if connection.thread is not None:
            connection.thread.join(_STOP_TIMEOUT_S)

    def turn(self, now_ms: int) -> None:
        connection = self._connection
        if connection is not None:
            while connection.events:
                self._happened(connection, connection.events.popleft(), now_ms)
        if self._wanted and self._connection is None and self._next_try_ms is not None and now_ms >= self._next_try_ms:
            self._connect()

    def publish(self, topic: str, payload: bytes) -> int | None:
        connection = self._connection
        if connection is None or not self._connected or len(connection.tokens) >= OUTSTANDING_MAX:
            return None
        message = connection.client.publish(topic, payload, qos=1)
        if message.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return None
        self._number += 1
        connection.tokens[message.mid] = (self._number, self._clock.monotonic_ms())
        self.sent_bytes += len(payload) + len(topic) + PUBLISH_SENT_BYTES
        self.received_bytes += PUBLISH_RECEIVED_BYTES
        return self._number

    def delivered(self) -> list[int]:
        delivered, self._delivered = self._delivered, []
        return delivered

    def received(self) -> list[bytes]:
        connection = self._connection
        if connection is None or not connection.inbox:
            return []
        messages = [connection.inbox.popleft() for _ in range(len(connection.inbox))]
        self.messages_dropped += connection.dropped
        connection.dropped = 0
        for payload in messages:
            self.received_bytes += len(payload) + PUBLISH_SENT_BYTES
            self.sent_bytes += PUBLISH_RECEIVED_BYTES
        return messages

    def progress(self) -> None:
        self._back_off_ms = BACK_OFF_FIRST_MS

    def _connect(self) -> None:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"kayasol-{self._dev}",
            clean_session=False,
            protocol=MQTTv311,
            reconnect_on_failure=False,
        )
        connection = self._connection = _Connection(client)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.max_queued_messages_set(OUTSTANDING_MAX)
        client.will_set(topics.status(self._site), topics.status_text(self._dev, online=False), qos=1, retain=True)
        self._listen(connection)
        self.sent_bytes += CONNECT_SENT_BYTES
        self.received_bytes += CONNECT_RECEIVED_BYTES
        connection.thread = threading.Thread(target=self._run, args=(connection,), name="mqtt", daemon=True)
        connection.thread.start()

    def _listen(self, connection: _Connection) -> None:
        """Callbacks: they run in the network thread and touch nothing but the connection's queues."""
        down, status = topics.down(self._site), topics.status(self._site)
        online = topics.status_text(self._dev, online=True)

        def on_connect(
            client: Client, _userdata: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
        ) -> None:
            if reason.is_failure:
                connection.events.append(_Event(_Kind.TROUBLE, str(reason)))
                return
            client.subscribe(down, qos=1)
            client.publish(status, online, qos=1, retain=True)
            connection.events.append(_Event(_Kind.CONNECTED))

        def on_publish(
            _client: Client, _userdata: object, mid: int, _reason: ReasonCode, _properties: Properties
        ) -> None:
            connection.events.append(_Event(_Kind.TAKEN, mid=mid, at_ms=self._clock.monotonic_ms()))

        def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
            if len(connection.inbox) >= RECEIVED_MAX or len(message.payload) > DOWN_MAX_BYTES:
                connection.dropped += 1
                return
            connection.inbox.append(bytes(message.payload))

        def on_disconnect(
            _client: Client, _userdata: object, _flags: DisconnectFlags, reason: ReasonCode, _more: Properties | None
        ) -> None:
            connection.events.append(_Event(_Kind.TROUBLE, str(reason)))

        client = connection.client
        client.on_connect, client.on_publish = on_connect, on_publish
        client.on_message, client.on_disconnect = on_message, on_disconnect

    def _run(self, connection: _Connection) -> None:
        """The network thread: one connection, from its beginning to its end."""
        words, loop = "", NetworkLoop(connection.client, self._clock)
        try:
            connection.client.connect(self._broker.host, self._broker.port, self._broker.keepalive_s)
            loop.run()
        except (OSError, ValueError) as error:
            words = str(error) or type(error).__name__
        finally:
            loop.close()
        connection.events.append(_Event(_Kind.ENDED, words))

    def _happened(self, connection: _Connection, event: _Event, now_ms: int) -> None:
        match event.kind:
            case _Kind.CONNECTED:
                self._connected = True
                self.session += 1
                self._trouble = ""
                self._log.info("the broker is there")
            case _Kind.TAKEN:
                token, handed_over_ms = connection.tokens.pop(event.mid, (0, 0))
                if token:
                    self._delivered.append(token)
                    self.latency_ms = max(0, event.at_ms - handed_over_ms)
                    self._fates.append(True)
            case _Kind.TROUBLE:
                self._trouble = self._trouble or event.words
            case _Kind.ENDED:
                self._ended(connection, event.words, now_ms)

    def _ended(self, connection: _Connection, words: str, now_ms: int) -> None:
        """Again after a pause that doubles until the server, not the broker, has acknowledged something."""
        was_connected, self._connected = self._connected, False
        self._connection = None
        self._fates.extend(False for _ in connection.tokens)
        spread = self._back_off_ms * self._entropy(1)[0] // 512
        self._next_try_ms = now_ms + self._back_off_ms // 2 + spread
        self._back_off_ms = min(self._back_off_ms * 2, BACK_OFF_MAX_MS)
        reason = self._trouble if self._trouble and not words else words
        if was_connected or reason != self._trouble or not self._trouble:
            self._log.warning("no broker at %s:%d: %s", self._broker.host, self._broker.port, reason or "it hung up")
        self._trouble = reason or "the broker hung up"


def tls_context(broker: Broker) -> ssl.SSLContext | None:
    """TLS 1.3 with our own authority and this device's certificate; None for a broker on this very machine."""
    if broker.ca is None or broker.certificate is None or broker.key is None:
        if not (broker.plain_loopback and ipaddress.ip_address(broker.host).is_loopback):
            raise ConfigError("[broker] without ca, certificate and key only 127.0.0.1 and ::1 are spoken to")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_verify_locations(broker.ca)
        context.load_cert_chain(broker.certificate, broker.key)
    except OSError as error:
        raise ConfigError(
            f"{broker.ca}, {broker.certificate} or {broker.key} cannot be used ({error}): run `kayasol-edge check`"
        ) from error
    context.verify_flags |= ssl.VerifyFlags(X509_V_FLAG_NO_CHECK_TIME)
    return context
