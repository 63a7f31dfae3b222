"""Any Modbus device as a driver: rounds over the blocks of its profile. Knows no register's meaning and no framing."""

from __future__ import annotations

from collections import Counter, deque

from edge_agent.drivers.base import WithoutEvents, serial_of
from edge_agent.drivers.modbus_profile import Block, Identity, Profile
from edge_agent.transports.base import Transport
from edge_agent.transports.modbus_frames import Answer, Refused
from edge_agent.transports.modbus_rtu import Outcome, Silent
from edge_agent.transports.shared_line import client_on
from kiosk.reading import Reading

EVERY_MS = 10_000
"""From the beginning of one round to the next."""
STALE_MS = 35_000
"""Three rounds missed."""
IDENTITY_EVERY_MS = 3_600_000
IDENTITY_AGAIN_MS = 600_000
IDENTITY_TRIES = 3
"""Rounds in a row before IDENTITY_AGAIN_MS: a device may have been off just then, or never answer such a question."""

Step = Block | Identity


class ModbusDevice(WithoutEvents):
    """One slave on a line of its own or on a shared one. It is only ever read, never written to.

    A block that is refused or not answered is absent from the reading; a round whose first block is not answered is
    given up, for the device is off.
    """

    stale_ms = STALE_MS

    def __init__(self, device: str, line: Transport, profile: Profile, address: int = 0) -> None:
        """`address`: 1 to 247, or 0 for what the maker sets."""
        self.driver_name = profile.driver_name
        self.metrics = profile.metrics
        self._device = device
        self._profile = profile
        self._client = client_on(line, address or profile.address)
        self._todo: deque[Step] = deque()
        self._asked: Step | None = None
        self._words: dict[tuple[int, int], int] = {}
        """Of this round."""
        self._next_round_ms = self._next_identity_ms = 0
        self._identity_misses = 0
        self._serial = ""
        self._reading: Reading | None = None
        self._reading_ms = 0
        self._codes: Counter[int] = Counter()

    def opened(self, now_ms: int) -> None:
        self._client.reset(now_ms)
        self._todo.clear()
        self._asked = self._reading = None
        self._serial = ""
        self._next_round_ms = self._next_identity_ms = now_ms
        self._identity_misses = 0

    def read(self, now_ms: int) -> Reading | None:
        outcome = self._client.take(now_ms)
        if outcome is not None and self._asked is not None:
            step, self._asked = self._asked, None
            self._took(step, outcome, now_ms)
        if self._asked is None:
            self._ask_next(now_ms)
        if self._reading is None or now_ms - self._reading_ms > STALE_MS:
            return None
        return self._reading

    def counters(self) -> dict[str, int]:
        return self._client.counters() | {f"exception_{code}": count for code, count in sorted(self._codes.items())}

    def _ask_next(self, now_ms: int) -> None:
        if not self._todo:
            if now_ms < self._next_round_ms:
                return
            self._next_round_ms = now_ms + EVERY_MS
            self._words = {}
            self._todo.extend(self._profile.blocks)
            if self._profile.identity is not None and now_ms >= self._next_identity_ms:
                self._todo.appendleft(self._profile.identity)
        self._asked = self._todo.popleft()
        self._client.ask(self._asked.request(self._client.slave), now_ms, once=isinstance(self._asked, Identity))

    def _took(self, step: Step, outcome: Outcome, now_ms: int) -> None:
        if isinstance(outcome, Refused):
            self._codes[outcome.code] += 1
        if isinstance(step, Identity):
            self._took_identity(step, outcome, now_ms)
        elif isinstance(outcome, Answer):
            self._words |= step.words(outcome)
        elif isinstance(outcome, Silent) and step == self._profile.blocks[0]:
            self._todo.clear()
            # Whoever answers next may be another device.
            self._next_identity_ms, self._identity_misses = now_ms, 0
        if not self._todo:
            values = self._profile.values(self._words)
            if values:
                self._reading, self._reading_ms = Reading(self._device, values, self._serial), now_ms

    def _took_identity(self, identity: Identity, outcome: Outcome, now_ms: int) -> None:
        self._serial = serial_of(identity.serial(outcome)) if isinstance(outcome, Answer) else ""
        self._identity_misses = self._identity_misses + 1 if isinstance(outcome, Silent) else 0
        if not self._identity_misses:
            self._next_identity_ms = now_ms + IDENTITY_EVERY_MS
        elif self._identity_misses >= IDENTITY_TRIES:
            self._next_identity_ms = now_ms + IDENTITY_AGAIN_MS
