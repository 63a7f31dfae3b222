"""An attendant at a kiosk whose agent is killed under her hands: presses until she is answered, and keeps a slip."""

from __future__ import annotations

import json
import random
import socket
from contextlib import suppress
from pathlib import Path

from edge_agent import local_socket
from edge_agent.agent import SOCKET
from kayasol.demo.sums import Sum
from kiosk.errors import ConfigError

SERVICE = "phone"
PRESS_BYTES = 16


class Cashier:
    """Sells one thing at a time; the same press is said again until the agent has answered it."""

    def __init__(self, state: Path, chance: random.Random) -> None:
        self._socket = state / SOCKET
        self._chance = chance
        self.open_press = ""
        self.slips: list[int] = []
        """Amounts that were answered, in minor units."""
        self.recorded_before_the_answer = 0
        """Sales that were on the disk when the agent was killed before it could say so."""

    @property
    def sum(self) -> Sum:
        return Sum(len(self.slips), sum(self.slips))

    def press(self) -> None:
        """Begin a sale and do not wait for the answer; does nothing while one is open."""
        if self.open_press:
            return
        self.open_press = self._chance.randbytes(PRESS_BYTES).hex()
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
            agent.connect(str(self._socket))
            agent.sendall(json.dumps(self._wish()).encode() + b"\n")

    def ask_again(self) -> bool:
        """Say the open sale once more; True if none is open now."""
        if not self.open_press:
            return True
        try:
            answer = local_socket.ask(self._socket, self._wish())
        except ConfigError:
            return False
        assert answer["ok"], answer
        self.recorded_before_the_answer += bool(answer["repeated"])
        self.slips.append(int(answer["amount_minor"]))
        self.open_press = ""
        return True

    def _wish(self) -> dict[str, str]:
        return {"do": "sale", "service": SERVICE, "press": self.open_press}
