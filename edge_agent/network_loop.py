"""The network side of one MQTT client: everything is read and written here, in one thread. Knows no topic.

paho's own loop leaves writing to whichever thread publishes, while its thread may be reading or writing as well; one
TLS connection used by two threads at once sends records that the other end cannot decrypt. It also pings at every
keep-alive, whatever else was said meanwhile; here a ping goes only after so long a silence.
"""

from __future__ import annotations

import select
import socket
import ssl
from typing import TYPE_CHECKING

from paho.mqtt.client import Client

from kiosk.time import Clock

if TYPE_CHECKING:
    from paho.mqtt.client import SocketLike

_LOOK_S = 1.0
"""How often the keep-alive is looked at."""


class NetworkLoop:
    """Made before the client connects; other threads may publish at any time."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._heard_ms = clock.monotonic_ms()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        client.on_socket_register_write = self._wake

    def run(self) -> None:
        """Until the connection ends. Raises OSError or ValueError where its socket was closed from outside."""
        while (line := self._client.socket()) is not None:
            self._turn(line)

    def close(self) -> None:
        """Give back what wakes it."""
        self._client.on_socket_register_write = None
        self._woken.close()
        self._waker.close()

    def _turn(self, line: SocketLike) -> None:
        client = self._client
        # What TLS has decrypted already makes no socket readable.
        pending = isinstance(line, ssl.SSLSocket) and line.pending() > 0
        writing = [line] if client.want_write() else []
        readable, writable, _ = select.select([line, self._woken], writing, [], 0 if pending else _LOOK_S)
        if self._woken in readable:
            self._woken.recv(4096)
        if pending or line in readable:
            self._heard_ms = self._clock.monotonic_ms()
            client.loop_read()
        if client.socket() is not None and (writable or self._woken in readable):
            client.loop_write()
        if client.socket() is not None and self._is_silent:
            client.loop_misc()

    @property
    def _is_silent(self) -> bool:
        """What the broker says answers what we said, so whoever heard it need not ask whether it is there."""
        return self._clock.monotonic_ms() - self._heard_ms >= self._client.keepalive * 1_000

    def _wake(self, *_: object) -> None:
        try:
            self._waker.send(b"1")
        except OSError:
            return  # full: it will wake anyhow; closed: there is nobody to wake
