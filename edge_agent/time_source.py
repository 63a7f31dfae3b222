"""What this life of the agent may believe of UTC: fixes by rank, questions to the server, and the time saved before.

Reads no clock: instants are given to it. Writes nothing: a better fix is handed back to be stored and signed.
A saved time (the end of the life before) is a lower bound, not a fix: a belief in records, it dates no row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.time import DAY_MS, TimeFix, rank, supersedes
from kiosk.wire.boots import BootState
from kiosk.wire.down import TimeAnswer
from kiosk.wire.frame import ClockState
from kiosk.wire.request import NONCE_BYTES, TimeRequest

ANSWER_MAX_MS = 600_000
"""A question stays open this long: an answer that lay somewhere for longer is no clock."""
ASK_AGAIN_MS = 120_000
REFRESH_MS = DAY_MS
SAVED_UNCERTAINTY_MS = 10 * 366 * DAY_MS
"""Nobody knows how long the power was off."""
RTC_UNCERTAINTY_MS = 2_000
"""Of a battery-backed clock that is read in whole seconds."""
RTC_EARLY_MS, RTC_LATE_MS = DAY_MS, 20 * 366 * DAY_MS
"""So far before and after its act's date a clock may stand that nobody set wrong: its battery is not empty."""
DISAGREEMENT_MS = 60_000
"""So far from a newer fix of equal rank, an older one has drifted or was wrong."""

_OPEN_MAX = 64
_MS_PER_S = 1000


@dataclass(frozen=True, slots=True)
class Belief:
    """UTC as a record states it."""

    wall: int
    """UTC milliseconds, 0 = unknown."""
    clk: str
    unc: int
    """Seconds, rounded up."""


class TimeKeeper:
    """The best fix of this life, and the open questions."""

    def __init__(
        self, boot: str, first_mono_ms: int, before: BootState | None, entropy: Callable[[int], bytes]
    ) -> None:
        self._boot = boot
        self._entropy = entropy
        self.fix: TimeFix | None = None
        """None until a clock was met; never a saved time."""
        self._saved: TimeFix | None = None
        if before is not None and before.fix is not None:
            utc_ms = before.fix.utc_at(before.last_mono_ms)
            self._saved = TimeFix(boot, first_mono_ms, utc_ms, "saved", SAVED_UNCERTAINTY_MS)
        self._open: dict[str, TimeRequest] = {}
        self._asked_ms: int | None = None
        self._answered_ms: int | None = None

    def offer(self, fix: TimeFix) -> bool:
        """Whether the fix is better than what was believed, and now is believed. The caller stores and signs it."""
        if fix.boot != self._boot or fix.utc_ms <= 0:
            return False
        if not supersedes(fix, self.fix) and not self._contradicts(fix):
            return False
        self.fix = fix
        return True

    def belief(self, mono_ms: int) -> Belief:
        """What a record written at this instant states."""
        fix = self.fix or self._saved
        if fix is None:
            return Belief(0, "none", 0)
        return Belief(fix.utc_at(mono_ms), fix.source, -(-fix.uncertainty_ms // _MS_PER_S))

    def clock_state(self, mono_ms: int) -> ClockState:
        """What a frame's header states: nothing where only a saved time is known, because rows are dated by it."""
        if self.fix is None:
            return ClockState()
        return ClockState(self.fix.source, self.fix.utc_at(mono_ms), self.fix.uncertainty_ms)

    def trusted_utc_ms(self, mono_ms: int) -> int | None:
        """UTC by a source that ranks with the server's or better; None without one."""
        if self.fix is None or rank(self.fix.source) < rank("server"):
            return None
        return self.fix.utc_at(mono_ms)

    def question(self, now_ms: int) -> TimeRequest | None:
        """A time request for the frame that is cut now, None where no answer is wanted."""
        if self._asked_ms is not None and now_ms - self._asked_ms < ASK_AGAIN_MS:
            return None
        if self._answered_ms is not None and now_ms - self._answered_ms < REFRESH_MS:
            return None
        if self.fix is not None and rank(self.fix.source) > rank("server"):
            return None
        self._forget_old(now_ms)
        request = TimeRequest(self._entropy(NONCE_BYTES).hex(), self._boot, now_ms)
        self._open[request.nonce] = request
        self._asked_ms = now_ms
        return request

    def answered(self, answer: TimeAnswer, now_ms: int) -> TimeFix | None:
        """The fix that an answer gives; None if it answers no open question of this life, or comes too late."""
        self._forget_old(now_ms)
        request = self._open.get(answer.nonce)
        if request is None or (answer.boot, answer.mono_ms) != (request.boot, request.mono_ms):
            return None
        del self._open[answer.nonce]
        self._answered_ms = now_ms
        round_trip_ms = now_ms - request.mono_ms
        return TimeFix(self._boot, request.mono_ms + round_trip_ms // 2, answer.utc_ms, "server", round_trip_ms)

    def _contradicts(self, fix: TimeFix) -> bool:
        """Same rank, newer, and further away than both may err: a clock that has drifted over months."""
        old = self.fix
        if old is None or rank(fix.source) != rank(old.source) or fix.mono_ms <= old.mono_ms:
            return False
        apart_ms = abs(fix.utc_ms - old.utc_at(fix.mono_ms))
        return apart_ms > max(DISAGREEMENT_MS, fix.uncertainty_ms + old.uncertainty_ms)

    def _forget_old(self, now_ms: int) -> None:
        self._open = {
            nonce: request
            for nonce, request in list(self._open.items())[-_OPEN_MAX:]
            if now_ms - request.mono_ms <= ANSWER_MAX_MS
        }


def rtc_is_believed(utc_ms: int, issued_ms: int) -> bool:
    """Whether a battery-backed clock shows a time that can be, on a device whose act was made at `issued_ms`."""
    return issued_ms - RTC_EARLY_MS <= utc_ms <= issued_ms + RTC_LATE_MS
