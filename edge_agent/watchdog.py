"""Tells the service manager that the agent still turns, so that one that hangs is started again. Judges nothing.

The manager's protocol is a datagram on the socket that it names in the environment (sd_notify(3)).
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress

_ALIVE = b"WATCHDOG=1"
_US_PER_MS = 1000
_PARTS = 3
"""So many signs of life within the time that the manager allows."""


class Watchdog:
    """Silent where nobody asked for signs of life."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Of NOTIFY_SOCKET and WATCHDOG_USEC; what is no number or no socket counts as not asked."""
        address, allowed_us = environment.get("NOTIFY_SOCKET", ""), environment.get("WATCHDOG_USEC", "")
        self._every_ms = int(allowed_us) // _US_PER_MS // _PARTS if allowed_us.isdecimal() else 0
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._next_ms: int | None = None

    def turn(self, now_ms: int) -> None:
        """Give a sign if one is due. A manager that cannot be reached is no reason to stop."""
        if not (self._address and self._every_ms) or (self._next_ms is not None and now_ms < self._next_ms):
            return
        self._next_ms = now_ms + self._every_ms
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as manager:
            manager.sendto(_ALIVE, self._address)
