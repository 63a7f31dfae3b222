"""Between the broker and the handler: batches in, PUBACK once their outcome is durable, answers out. Judges nothing.

Correctness does not rest on the broker: what it loses, doubles or reorders, devices send again until a signed answer
comes.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from ingest.acknowledger import Outgoing
from ingest.tls import TlsFiles, tls_context
from ingest.work import Message
from kiosk.wire import topics
from store.errors import StoreError

_log = logging.getLogger(__name__)

BATCH_MAX, BATCH_MAX_BYTES = 2_048, 1 << 19
"""A transaction's worth: many frames share what it costs by itself, and the broker has as many more on their way."""
QUEUE_MAX, QUEUE_MAX_BYTES = 4_096, 1 << 24
"""Messages in memory; beyond, nothing more is read and TCP slows the broker down."""
READ_AHEAD_BYTES = 1 << 16
READS_AT_ONCE = 256
"""Packets that are read before acknowledgements get their turn."""
LOOK_UP_S = 0.5
"""How often a quiet subscriber looks whether it should stop."""
RETRY_S, RETRY_MAX_S = 1.0, 60.0


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


class Taker(Protocol):
    """What takes messages: ingest.handler.Handler."""

    def handle_batch(self, messages: Sequence[Message], /) -> list[Outgoing]:
        """Commit the messages; gives the answers to publish. Raises StoreError: nothing is committed, try again."""


class _Arrived(NamedTuple):
    """A message that the broker waits for a PUBACK of."""

    connection: int
    """Which connection it came over: its number means nothing on another one."""
    mid: int
    qos: int
    message: Message


class _Committing(NamedTuple):
    """A batch and what becomes of it."""

    batch: Sequence[_Arrived]
    outcome: Future[list[Outgoing] | None]


class _Client(mqtt.Client):
    """Asks the kernel for many packets at once; the library asks four times for each, which took half of reading.

    Should a later version of it read in another way, nothing stands here and all works as before.
    """

    _ahead, _taken = b"", 0

    @property
    def has_ahead(self) -> bool:
        """Whether bytes are here that no look at the connection tells of."""
        return self._taken < len(self._ahead)

    def forget_ahead(self, *_: object) -> None:
        """Another connection begins."""
        self._ahead, self._taken = b"", 0

    def _sock_recv(self, bufsize: int) -> bytes:
        begin = self._taken
        if begin >= len(self._ahead):
            self._ahead, begin = super()._sock_recv(READ_AHEAD_BYTES), 0
        piece = self._ahead[begin : begin + bufsize]
        self._taken = begin + len(piece)
        return piece


class Subscriber:
    """One MQTT session. `run` does not return until `stop` is set.

    The thread that calls `run` does all that concerns the network, so that the session stays alive however long a
    transaction takes; transactions are made in a thread beside it, one after the other.
    """

    def __init__(self, broker: Broker, handler: Taker) -> None:
        self._broker = broker
        self._handler = handler
        self._arrived: deque[_Arrived] = deque()
        self._arrived_bytes = 0
        self._read = 0
        self._connection = 0
        self._retry_s = 0.0
        self.connected = threading.Event()
        """Set while the subscriptions are in force."""
        self._client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        # Answers of a transaction leave together, as its acknowledgements do, and not by twenties with a wait between.
        self._client.max_inflight_messages_set(0)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_socket_open = self._client.forget_ahead
        # Whoever says this writes by himself: acknowledgements of a whole batch leave together.
        self._client.on_socket_register_write = lambda *_: None
        if broker.tls is not None:
            self._client.tls_set_context(tls_context(broker.tls))

    def run(self, stop: threading.Event) -> None:
        """Take messages until `stop` is set; a database that fails is tried again, and nothing is acknowledged."""
        self._client.connect_async(self._broker.host, self._broker.port, self._broker.keepalive_s)
        waker, woken = socket.socketpair()
        with waker, woken, ThreadPoolExecutor(1, "ingest") as thread:
            waker.setblocking(False)
            try:
                self._take(stop, thread, waker, woken)
            finally:
                self._client.disconnect()
                self._client.loop_write()

    def _take(
        self, stop: threading.Event, thread: ThreadPoolExecutor, waker: socket.socket, woken: socket.socket
    ) -> None:
        """Read, commit and acknowledge until `stop`; a batch that is under way then comes to its end."""
        committing: _Committing | None = None
        while not stop.is_set():
            if committing is not None and committing.outcome.done():
                self._acknowledge(committing)
                committing = None
            if committing is None and self._arrived:
                batch = self._next_batch()
                committing = _Committing(batch, thread.submit(self._commit, batch, stop))
                committing.outcome.add_done_callback(lambda _: waker.send(b"."))
            self._turn(woken, stop)
        if committing is not None:
            self._acknowledge(committing)

    def _turn(self, woken: socket.socket, stop: threading.Event) -> None:
        """Wait for something to read, to write or to acknowledge, and do what concerns the broker."""
        client = self._client
        connection = client.socket()
        if connection is None:
            self._connect(stop)
            return
        has_room = len(self._arrived) < QUEUE_MAX and self._arrived_bytes < QUEUE_MAX_BYTES
        reading = [woken, connection] if has_room else [woken]
        writing = [connection] if client.want_write() else []
        in_tls = isinstance(connection, ssl.SSLSocket) and connection.pending() > 0
        is_here = has_room and (client.has_ahead or in_tls)
        readable, writable, _ = select.select(reading, writing, [], 0 if is_here else LOOK_UP_S)
        if woken in readable:
            woken.recv(64)
        if connection in readable or is_here:
            self._read_packets()
        if connection in writable:
            client.loop_write()
        client.loop_misc()

    def _read_packets(self) -> None:
        """A call reads one packet; nothing says whether there is another but that a call reads none."""
        for _ in range(READS_AT_ONCE):
            before = self._read
            if self._client.loop_read() != mqtt.MQTT_ERR_SUCCESS or self._read == before:
                return

    def _connect(self, stop: threading.Event) -> None:
        """Try to connect, less and less often."""
        if stop.wait(self._retry_s):
            return
        self._retry_s = min(max(RETRY_S, self._retry_s * 2), RETRY_MAX_S)
        try:
            self._client.reconnect()
        except OSError as error:
            _log.warning("the broker cannot be reached, tried again in %.0f s: %s", self._retry_s, error)

    def _next_batch(self) -> list[_Arrived]:
        """What has come, at least one message and at most one transaction's worth."""
        batch = [self._arrived.popleft()]
        octets = len(batch[0].message.payload)
        while self._arrived and len(batch) < BATCH_MAX and octets < BATCH_MAX_BYTES:
            batch.append(self._arrived.popleft())
            octets += len(batch[-1].message.payload)
        self._arrived_bytes -= octets
        return batch

    def _commit(self, batch: Sequence[_Arrived], stop: threading.Event) -> list[Outgoing] | None:
        """The answers to a batch that is committed; None: it is not, because the end came first."""
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
            return outgoing
        return None

    def _acknowledge(self, committed: _Committing) -> None:
        """Answer devices, then tell the broker. Raises what broke the transaction, if it is no fault of the store."""
        outgoing = committed.outcome.result()
        if outgoing is None:
            return
        for each in outgoing:
            self._client.publish(each.topic, each.payload, qos=1)
        for arrived in committed.batch:
            if arrived.connection == self._connection:
                self._client.ack(arrived.mid, arrived.qos)
        self._client.loop_write()

    def _on_connect(self, client: mqtt.Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            _log.error("the broker refused ingest: %s", reason)
            return
        self._connection += 1
        self._retry_s = 0.0
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
        self._read += 1
        taken = Message(message.topic, bytes(message.payload))
        self._arrived_bytes += len(taken.payload)
        self._arrived.append(_Arrived(self._connection, message.mid, message.qos, taken))


def run(broker: Broker, handler: Taker, stop: threading.Event) -> None:
    """Subscribe and commit until `stop` is set."""
    Subscriber(broker, handler).run(stop)
