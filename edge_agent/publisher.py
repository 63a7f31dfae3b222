"""When a frame goes: cadence, at once, draining a backlog within a window; again after silence. Cuts no frame itself.

A frame is *calm* if after it nothing was left unsent: then the server may answer hours later, together with others
(every 8 cadences at the latest), and the edge waits for 16. A *draining* frame is answered at once, and the next ones
wait for that. So is a boot's first frame: until the server has answered a boot none of its frames is calm, for a broker
acknowledges and drops what nobody has ever subscribed to. If the server's receipt covers a later frame but not an
earlier one, the earlier one is lost: it goes again without waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edge_agent.frames import BUDGET_MAX_BYTES, Cut, FrameCutter, Wanted
from edge_agent.link import Link
from edge_agent.outbox.boots import Boots
from edge_agent.outbox.outbox import Outbox
from edge_agent.till.book import Book
from kiosk.wire.down import Pace
from kiosk.wire.ranges import Range

WINDOW_FRAMES = 8
WINDOW_FRAMES_MAX = 64
SILENCE_MS = 30_000
SILENCE_MAX_MS = 900_000
UNDELIVERED_MS = 300_000
"""So long a broker may take to acknowledge a frame on a slow line."""
CALM_CADENCES = 16
CALM_LEAST_MS = 120_000
CALM_MAX_MS = 86_400_000
FIRST_BUDGET_BYTES = 13 * 1024
"""Of a life's first frames: a link that dies every 20 kB then takes them at once; doubles like a small one."""
SMALL_BUDGET_BYTES = 2_048
"""After a failed send; doubles with each frame that the server has acknowledged."""
TODAY_ROWS = 1_440
TODAY_EVERY = 10
"""One frame in so many starts with the newest rows while a backlog drains."""
_DOUBLINGS_MAX = 10
_PACE_MAX_MS = 3_600_000


@dataclass(slots=True)
class _Sent:
    """A frame on its way."""

    cut: Cut
    token: int
    session: int
    sent_ms: int
    spread: int
    """0 to 255: a thousand sites that lost one server do not all come back in one second."""
    delivered_ms: int | None = None


class Publisher:
    """Frames of one device."""

    def __init__(
        self, topic: str, cadence_s: int, *, cutter: FrameCutter, link: Link, outbox: Outbox, boots: Boots, book: Book,
        entropy: Callable[[int], bytes], now_ms: int,
    ) -> None:  # fmt: skip
        self._topic = topic
        self._cadence_ms = cadence_s * 1000
        self._cutter = cutter
        self._link = link
        self._outbox = outbox
        self._boots = boots
        self._book = book
        self._entropy = entropy
        self._in_flight: list[_Sent] = []
        self._ledger_next: dict[str, int] = {}
        self._asked_from: dict[str, tuple[int, int]] = {}
        self._schemas: set[str] = set()
        self._window, self._least_ms = WINDOW_FRAMES, 0
        self._budget = FIRST_BUDGET_BYTES
        self._failures = 0
        self._session = 0
        self._next_cadence_ms = now_ms + self._cadence_ms
        self._last_sent_ms: int | None = None
        self._flush = False
        """Everything that is kept goes, rows in memory too, even if that is only a header."""
        self._drain = False
        """What is unsent goes, without waiting for the cadence."""
        self._frames = 0
        self._answered = False
        """The server has answered this boot."""
        self.frames_failed = 0

    def ask_now(self, *, with_rows: bool = True) -> None:
        """Something cannot wait for the cadence; `with_rows` commits the rows in memory early."""
        self._drain = True
        self._flush = self._flush or with_rows

    def take_pace(self, pace: Pace) -> None:
        """How fast the server lets a backlog come."""
        self._window = min(pace.frames_in_flight, WINDOW_FRAMES_MAX)
        self._least_ms = min(pace.least_ms, _PACE_MAX_MS)

    def take_schemas_wanted(self, hashes: Iterable[str]) -> None:
        """The server has rows whose schema it does not know."""
        self._schemas.update(hashes)
        self._drain = True

    def take_send_from(self, log: str, seq: int, now_ms: int) -> None:
        """The server misses a record; an earlier wish for the same one is given time to be fulfilled."""
        asked = self._asked_from.get(log)
        if asked is not None and asked[0] == seq and now_ms - asked[1] < SILENCE_MS:
            return
        self._asked_from[log] = (seq, now_ms)
        self._ledger_next[log] = seq
        self._drain = True

    def forget_marks(self) -> None:
        """A new epoch or stream: nothing is on its way any more."""
        self._in_flight.clear()
        self._ledger_next.clear()
        self._asked_from.clear()
        self._drain = True

    def settled(self, now_ms: int) -> bool:
        """After the outbox and the book took a receipt, in its transaction: which frames are done, which are lost."""
        # One that arrives before anything was sent waited at the broker for an earlier boot.
        self._answered = self._answered or self._frames > 0
        done = [sent for sent in self._in_flight if self._is_done(sent.cut)]
        if not done:
            return False
        for sent in done:
            self._boots.mark_told(sent.cut.boots)
            for schema_hash in sent.cut.schemas:
                self._outbox.mark_schema(schema_hash, told=True)
                self._schemas.discard(schema_hash)
            self._budget = min(self._budget * 2, BUDGET_MAX_BYTES)
        newest = max(sent.cut.counter for sent in done)
        self._in_flight = [sent for sent in self._in_flight if not self._is_done(sent.cut)]
        self._failures = 0
        self._link.progress()
        lost = [sent for sent in self._in_flight if sent.cut.counter < newest and not self._has_asked(sent)]
        if lost:
            self._fail(lost, small=False)
        self._asked_from = {log: asked for log, asked in self._asked_from.items() if now_ms - asked[1] < SILENCE_MS}
        return True

    def turn(self, now_ms: int) -> None:
        """Send what is due."""
        if now_ms >= self._next_cadence_ms:
            missed = (now_ms - self._next_cadence_ms) // self._cadence_ms + 1
            self._next_cadence_ms += missed * self._cadence_ms
            self._flush = True
        for token in self._link.delivered():
            for sent in self._in_flight:
                if sent.token == token:
                    sent.delivered_ms = now_ms
        if not self._link.connected:
            return
        if self._link.session != self._session:
            self._reconnected(now_ms)
        late = [sent for sent in self._in_flight if now_ms >= self._patience_ends_ms(sent)]
        if late:
            self._failures = min(self._failures + 1, _DOUBLINGS_MAX)
            self._fail(late, small=True)
        if self._flush or self._drain:
            self._send(now_ms)

    @property
    def is_at_rest(self) -> bool:
        """Nothing is unsent, nothing waits for an answer."""
        return not (self._flush or self._drain or self._in_flight)

    def status(self, now_ms: int) -> dict[str, object]:
        """For a technician."""
        return {
            "frames_in_flight": len(self._in_flight),
            "frames_failed": self.frames_failed,
            "window": self._window,
            "budget_bytes": self._budget,
            "next_frame_s": max(0, self._next_cadence_ms - now_ms) // 1000,
            "last_frame_age_s": None if self._last_sent_ms is None else (now_ms - self._last_sent_ms) // 1000,
        }

    def _send(self, now_ms: int) -> None:
        """One frame: to cut a large one keeps a small computer busy for seconds, and somebody may press a button."""
        if self._flush:
            self._outbox.commit(now_ms)
        wanted = self._wanted()
        unsent = bool(self._schemas) or self._cutter.has_unsent(wanted)
        if not self._flush and not unsent:
            self._drain = False
            return
        if self._is_held(now_ms):
            return
        cut = self._cutter.cut(now_ms, wanted)
        token = self._link.publish(self._topic, cut.payload)
        if token is None:
            self._drain = self._drain or unsent
            return
        self._sent(cut, token, now_ms)
        self._flush = False
        self._drain = not cut.complete

    def _sent(self, cut: Cut, token: int, now_ms: int) -> None:
        self._last_sent_ms = now_ms
        self._frames += 1
        for log, _first, last in cut.ledger:
            self._ledger_next[log] = last + 1
        self._schemas.difference_update(cut.schemas)
        if cut.rows or cut.ledger:
            spread = self._entropy(1)[0]
            self._in_flight.append(_Sent(cut, token, self._link.session, now_ms, spread))

    def _wanted(self) -> Wanted:
        in_flight: list[Range] = [each for sent in self._in_flight for each in sent.cut.rows]
        newest = 0
        if self._frames == 0:
            newest = 1
        elif self._drain and self._frames % TODAY_EVERY == 0:
            newest = TODAY_ROWS
        return Wanted(self._budget, in_flight, dict(self._ledger_next), newest, frozenset(self._schemas))

    def _is_held(self, now_ms: int) -> bool:
        """The window is full, or the server asked for a slower pace. Money and calm frames do not fill it."""
        draining = sum(not self._is_calm(sent) for sent in self._in_flight)
        paced = self._last_sent_ms is not None and now_ms - self._last_sent_ms < self._least_ms
        return draining >= self._window or paced

    def _reconnected(self, now_ms: int) -> None:
        """What an earlier session did not deliver is lost; after a long absence the site reports at once."""
        self._session = self._link.session
        gone = [sent for sent in self._in_flight if sent.session != self._session and sent.delivered_ms is None]
        if gone:
            self._fail(gone, small=True)
        if self._last_sent_ms is None or now_ms - self._last_sent_ms >= self._cadence_ms:
            self._flush = True
        self._drain = True

    def _fail(self, lost: list[_Sent], *, small: bool) -> None:
        """Their contents are unsent again."""
        self.frames_failed += len(lost)
        counters = {sent.cut.counter for sent in lost}
        self._in_flight = [sent for sent in self._in_flight if sent.cut.counter not in counters]
        for sent in lost:
            for log, first, _last in sent.cut.ledger:
                known = self._book.logs.get(log)
                if known is not None:
                    self._ledger_next[log] = min(self._ledger_next.get(log, first), max(first, known.acked + 1))
        if small:
            self._budget = SMALL_BUDGET_BYTES
        self._drain = True

    def _is_done(self, cut: Cut) -> bool:
        return all(self._parts_done(cut))

    def _parts_done(self, cut: Cut) -> list[bool]:
        """Of each run of records and of rows, whether the server has it."""
        acked = {log.log: log.acked for log in self._book.logs.values()}
        records = [last <= acked.get(log, last) for log, _first, last in cut.ledger]
        return records + [self._outbox.done.covers(first, count) for first, count in cut.rows]

    def _has_asked(self, sent: _Sent) -> bool:
        """The server has said itself from where to send again; the rows of such a frame are done."""
        rows_done = all(self._outbox.done.covers(first, count) for first, count in sent.cut.rows)
        return rows_done and any(log in self._asked_from for log, _first, _last in sent.cut.ledger)

    def _is_calm(self, sent: _Sent) -> bool:
        """Its receipt may come hours later. One that was answered in part has lost the rest on the way."""
        if not (sent.cut.complete and self._answered):
            return False
        parts = self._parts_done(sent.cut)
        return all(parts) or not any(parts)

    def _patience_ends_ms(self, sent: _Sent) -> int:
        doubled = 1 << self._failures
        if sent.delivered_ms is None:
            return sent.sent_ms + max(UNDELIVERED_MS, SILENCE_MS * doubled)
        if self._is_calm(sent):
            patience_ms = min(max(CALM_CADENCES * self._cadence_ms, CALM_LEAST_MS) * doubled, CALM_MAX_MS)
        else:
            patience_ms = min(SILENCE_MS * doubled, SILENCE_MAX_MS)
        return sent.delivered_ms + patience_ms + patience_ms * sent.spread // 2048
