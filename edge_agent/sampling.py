"""When the next row is due: at the site's own pace, or faster while the server watches. Knows no device and no disk."""

from __future__ import annotations

from kiosk.wire.down import Live

LIVE_MAX_S = 3_600
LIVE_LEAST_MS = 1_000


class Sampling:
    """The pace of one life's rows; all instants are of the monotonic clock."""

    def __init__(self, sample_s: int, now_ms: int) -> None:
        self._sample_ms = self._live_row_ms = sample_s * 1000
        self._next_ms = now_ms + self._sample_ms
        self._live_until_ms = now_ms

    def is_due(self, now_ms: int) -> bool:
        """Whether a row is to be taken."""
        return now_ms >= self._next_ms

    def is_live(self, now_ms: int) -> bool:
        """Whether the server watches: each row is then sent at once."""
        return now_ms < self._live_until_ms

    def begin_row(self, now_ms: int) -> None:
        """A row is taken now; the next one keeps to the grid of those before, however late this one is."""
        every_ms = self._live_row_ms if self.is_live(now_ms) else self._sample_ms
        self._next_ms += ((now_ms - self._next_ms) // every_ms + 1) * every_ms

    def watch(self, live: Live, now_ms: int) -> None:
        """The server wants rows at once for a while: a demonstration, or a technician on site."""
        is_live = self.is_live(now_ms)
        self._live_until_ms = now_ms + min(live.seconds, LIVE_MAX_S) * 1000
        self._live_row_ms = max(live.row_ms, LIVE_LEAST_MS)
        # Renewed by the answer to each row's frame: a row at once for each would follow the round trip, not `row_ms`.
        self._next_ms = min(self._next_ms, now_ms + (self._live_row_ms if is_live else 0))
