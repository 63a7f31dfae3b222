"""What a Victron charger remembers of past days, asked for over HEX after an absence. Knows no line and no wall clock.

Registers 0x1051 to 0x106E: yesterday to 30 days ago. A HEX request silences the text for some seconds, so it is sent
only while the text is healthy, few at a time; and only by daylight, because the charger's day begins in the middle of
the night: while the sun shines, its day and the civil day are the same one.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

from edge_agent.transports.vedirect import HexMessage, hex_request

DAYS_MAX = 30
ABSENT_MS = 6 * 3_600_000
"""Without text for so long, a day's record may be missing."""
DAY_MS = 86_400_000
HEALTHY_BLOCKS = 5
"""Good blocks in a row before anything is asked."""
BURST = 3
"""Days asked for at a stretch: the text is away for less than the 10 s after which a reading is stale."""
PATIENCE_MS = 1_000
BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS = 60_000, 3_600_000
GIVE_UP_AFTER = 8
"""Failures in a row: the charger's RX is probably not connected."""
HOLD_MS = 150_000
"""How long readings carry a day."""
SAMPLE_MAX_S = 120
"""The longest interval of rows that still meets every day."""
EXPIRES_MS = 4 * 3_600_000
"""A day not told by then is not told: its distance would be counted from another day."""

_DAY_0, _GET, _OK = 0x1050, 7, 0
_RECORD = struct.Struct("<BIIHHB4sHHHIHHH")
_UNKNOWN = {"I": 0xFFFF_FFFF, "H": 0xFFFF}
_MINUTES_MAX = 1_440

# place in the record: (metric, multiplier, width). 0.01 kWh, 0.01 V, minutes, W, number.
FIELDS: dict[int, tuple[str, int, str]] = {
    1: ("history_pv_energy_wh", 10, "I"),
    2: ("history_load_energy_wh", 10, "I"),
    3: ("history_battery_voltage_max_v", 1, "H"),
    4: ("history_battery_voltage_min_v", 1, "H"),
    7: ("history_bulk_s", 60, "H"),
    8: ("history_absorption_s", 60, "H"),
    9: ("history_float_s", 60, "H"),
    10: ("history_pv_power_max_w", 1, "I"),
    13: ("history_day_number", 1, "H"),
}
_MINUTES = (7, 8, 9)
_YIELD = 1
METRICS = ("history_days_ago", *(metric for metric, _, _ in FIELDS.values()))


@dataclass(frozen=True, slots=True)
class _Day:
    read_ms: int
    values: dict[str, int]


class DayHistory:
    """Asks for the days of an absence, newest first, and tells each of them for a while."""

    def __init__(self, days: int) -> None:
        """`days`: the most to ask for; 0 asks nothing."""
        self._days = min(days, DAYS_MAX)
        self._wanted: deque[int] = deque()
        self._open: int | None = None
        """The day that was asked for."""
        self._asked_ms = 0
        self._in_burst = 0
        self._healthy = 0
        self._text_ms: int | None = None
        self._failures = 0
        self._not_before_ms = 0
        self._read: deque[_Day] = deque()
        self._told_since_ms: int | None = None
        self.counts = dict.fromkeys(("history_days", "history_failed"), 0)

    def reset(self) -> None:
        """The line was opened: nothing that was asked will be answered."""
        self._open = None
        self._in_burst = self._healthy = 0

    def text_is_bad(self) -> None:
        """A block was refused."""
        self._healthy = 0

    def after_block(self, now_ms: int, sunny: bool) -> bytes:
        """A good block has just ended, which is the moment to ask; what to write now, b"" for nothing."""
        if self._text_ms is None:
            self._want(self._days)
        elif now_ms - self._text_ms >= ABSENT_MS:
            self._want((now_ms - self._text_ms) // DAY_MS + 1)
        self._text_ms = now_ms
        self._healthy += 1
        if self._open is not None and now_ms - self._asked_ms >= PATIENCE_MS:
            self._fail(now_ms)
        if self._open is not None or self._healthy < HEALTHY_BLOCKS or not sunny or now_ms < self._not_before_ms:
            return b""
        self._in_burst = 0
        return self._ask_next(now_ms)

    def after_message(self, message: HexMessage, now_ms: int) -> bytes:
        """A HEX message came; what to write now, b"" for nothing."""
        if self._open is None or message.command != _GET or len(message.payload) < 3:
            return b""
        register, flags = struct.unpack_from("<HB", message.payload)
        if register != _DAY_0 + self._open:
            return b""
        days_ago, self._open = self._open, None
        if flags != _OK:
            self._wanted.clear()  # a day that is not there: neither are older ones
            return b""
        said = record(message.payload[3:])
        if said is None:
            self._fail(now_ms)
            return b""
        self._failures = 0
        if "history_pv_energy_wh" not in said:
            self._wanted.clear()
            return b""
        self.counts["history_days"] += 1
        self._read.append(_Day(now_ms, {"history_days_ago": days_ago} | said))
        self._wanted.popleft()
        return self._ask_next(now_ms)

    def told(self, now_ms: int) -> dict[str, int]:
        """The day that readings carry now, {} for none."""
        while self._read:
            if self._told_since_ms is None:
                self._told_since_ms = now_ms
            if now_ms - self._told_since_ms <= HOLD_MS and now_ms - self._read[0].read_ms <= EXPIRES_MS:
                return self._read[0].values
            self._read.popleft()
            self._told_since_ms = None
        return {}

    def _want(self, days: int) -> None:
        self._wanted = deque(range(1, min(days, self._days) + 1))
        self._open = None
        self._failures = 0

    def _ask_next(self, now_ms: int) -> bytes:
        self._healthy = 0  # the text falls silent now
        if not self._wanted or self._in_burst >= BURST:
            return b""
        self._in_burst += 1
        self._open, self._asked_ms = self._wanted[0], now_ms
        return hex_request(_GET, struct.pack("<HB", _DAY_0 + self._open, 0))

    def _fail(self, now_ms: int) -> None:
        self._open = None
        self.counts["history_failed"] += 1
        self._not_before_ms = now_ms + min(BACK_OFF_FIRST_MS << self._failures, BACK_OFF_MAX_MS)
        self._failures += 1
        if self._failures >= GIVE_UP_AFTER:
            self._wanted.clear()


def record(raw: bytes) -> dict[str, int] | None:
    """A day's 34 bytes as metrics in their resolution, without what the charger does not know; None if it cannot be."""
    if len(raw) != _RECORD.size:
        return None
    numbers = _RECORD.unpack(raw)
    known = {place: numbers[place] for place, (_, _, width) in FIELDS.items() if numbers[place] != _UNKNOWN[width]}
    if any(known.get(place, 0) > _MINUTES_MAX for place in _MINUTES):
        return None
    return {FIELDS[place][0]: number * FIELDS[place][1] for place, number in known.items()}
