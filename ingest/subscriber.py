"""Between the broker and the handler: batches in, PUBACK once their outcome is durable, answers out. Judges nothing.

Correctness does not rest on the broker: what it loses, doubles or reorders, devices send again until a signed answer
comes.
"""

from __future__ import annotations

import logging
import queue
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from ingest.handler import Handler, Message
from kiosk.wire import topics
from store.errors import StoreError

_log = logging.getLogger(__name__)

BATCH_MAX = 256
BATCH_MAX_BYTES = 1 << 18
"""A transaction's worth: many frames share what it costs by itself, and the rows of so many bytes fit the memory."""
QUEUE_MAX = 4_096
"""Messages in memory; beyond, the network thread waits and TCP slows the broker down."""
LOOK_UP_S = 0.5
"""How often a quiet subscriber looks whether it should stop."""
RETRY_S, RETRY_MAX_S = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Mutual TLS towards the broker."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and as whom ingest speaks to it."""

    host: str
    port: int
    client_id: str = "kayasol-ingest"
    """The broker keeps one session for it: two subscribers must not share one."""
    keepalive_s: int = 60
    tls: TlsFiles | None = None
    """None only for a broker on this machine."""
    partitions: tuple[int, ...] = ()
    """Only these partitions of sites, where several workers share them; none named: all."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A message that the broker waits for a PUBACK of."""

    connection: int
    """Which connection it came over: its number means nothing on another one."""
    mid: int
    qos: int
    message: Message


class Subscriber:
    """One MQTT session. `run` does not return until `stop` is set."""

    def __init__(self, broker: Broker, handler: Handler) -> None:
        self._broker = broker
        self._handler = handler
        self._arrived: queue.Queue[_Arrived] = queue.Queue(QUEUE_MAX)
        self._connection = 0
        self.connected = threading.Event()
        """Set while the subscriptions are in force."""
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        self._client.reconnect_delay_set(1, 60)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        if broker.tls is not None:
            self._client.tls_set_context(tls_context(broker.tls))

    def run(self, stop: threading.Event) -> None:
        """Take messages until `stop` is set; a database that fails is tried again, and nothing is acknowledged."""
        self._client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self._client.loop_start()
        try:
            while not stop.is_set():
                batch = self._next_batch()
                if batch:
                    self._commit(batch, stop)
        finally:
            self._client.disconnect()
            self._client.loop_stop()

    def _next_batch(self) -> list[_Arrived]:
        """What has come, at most one transaction's worth; waits a little for the first."""
        try:
            batch = [self._arrived.get(timeout=LOOK_UP_S)]
        except queue.Empty:
            return []
        octets = len(batch[0].message.payload)
        while len(batch) < BATCH_MAX and octets < BATCH_MAX_BYTES:
            try:
                batch.append(self._arrived.get_nowait())
            except queue.Empty:
                break
            octets += len(batch[-1].message.payload)
        return batch

    def _commit(self, batch: Sequence[_Arrived], stop: threading.Event) -> None:
        """Commit, then answer devices, then tell the broker."""
        delay_s = 0.0
        while not stop.wait(delay_s):
            try:
                outgoing = self._handler.handle_batch([arrived.message for arrived in batch])
            except StoreError as error:
                if not delay_s:
                    _log.error("the store does not take messages, tried again until it does: %s", error)
                delay_s = min(max(RETRY_S, delay_s * 2), RETRY_MAX_S)
                continue
            if delay_s:
                _log.warning("the store takes messages again")
            for each in outgoing:
                self._client.publish(each.topic, each.payload, qos=1)
            for arrived in batch:
                if arrived.connection == self._connection:
                    self._client.ack(arrived.mid, arrived.qos)
            return

    def _on_connect(self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            _log.error("the broker refused ingest: %s", reason)
            return
        self._connection += 1
        partitions = self._broker.partitions or (None,)
        wanted = [(topics.subscription(number, channel), 1) for number in partitions for channel in ("u", "s")]
        client.subscribe(wanted)

    def _on_subscribe(self, _client: mqtt.Client, _userdata: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        refused = [reason for reason in reasons if reason.is_failure]
        if refused:
            _log.error("the broker does not let ingest subscribe (%s): look at its access list", refused)
            return
        self.connected.set()
        _log.info("connected to the broker")

    def _on_disconnect(self, _client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if self.connected.is_set():
            _log.warning("the broker is gone: %s", reason)
        self.connected.clear()

    def _on_message(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        taken = Message(message.topic, bytes(message.payload))
        self._arrived.put(_Arrived(self._connection, message.mid, message.qos, taken))


def run(broker: Broker, handler: Handler, stop: threading.Event) -> None:
    """Subscribe and commit until `stop` is set."""
    Subscriber(broker, handler).run(stop)


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """Shows ingest's certificate and believes this server's own authority alone."""
    context = ssl.create_default_context(cafile=str(files.ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(files.certificate, files.key)
    return context
