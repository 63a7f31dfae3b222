"""How far the demo has come: a bar on a terminal, a line otherwise; and what the server still waits for."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence

from kayasol.demo.children import Children, wait_until
from store import days, ledger_logs, status
from store.engine import Store

WIDTH = 30
LOOK_EVERY_S = 0.2


class Bar:
    """A progress bar; where output is not a terminal only its end is printed."""

    def __init__(self, words: str, whole: int) -> None:
        self._words, self._whole = words, max(whole, 1)
        self._shown = -1

    def show(self, done: int) -> None:
        """Draw the state, if it has changed."""
        filled = min(WIDTH, WIDTH * done // self._whole)
        percent = min(100, 100 * done // self._whole)
        if percent != self._shown and sys.stdout.isatty():
            sys.stdout.write(f"\r{self._words} [{'#' * filled}{'.' * (WIDTH - filled)}] {percent:3d} %")
            sys.stdout.flush()
        self._shown = percent

    def until(self, done: Callable[[], int], ended: Callable[[], bool], limit_s: float, children: Children) -> None:
        """Draw `done()` until `ended()`; raises ChildError if a process fails first or the time is over."""
        began = time.monotonic()

        def look() -> bool:
            self.show(done())
            return ended()

        wait_until(look, limit_s, children, LOOK_EVERY_S)
        self.end(time.monotonic() - began)

    def end(self, seconds: float) -> None:
        """All is done."""
        start = "\r" if sys.stdout.isatty() else ""
        print(f"{start}{self._words} [{'#' * WIDTH}] 100 % ... {seconds:.1f} s")


def drained_permille(store: Store, codes: Sequence[str]) -> int:
    """How much of what the kiosks hold has arrived, money and rows together; 1000 only when all has."""
    wanted = arrived = 0
    with store.read() as connection:
        for code in codes:
            heard = status.get(connection, code)
            if heard is None or heard.head is None or heard.log is None or heard.log_seq is None:
                return 0
            have = sum(branch.seq for branch in ledger_logs.branches(connection, heard.log))
            wanted += heard.head + heard.log_seq
            arrived += heard.head - (heard.rows_waiting or 0) + min(have, heard.log_seq)
    # Rows of the last minutes are always on their way while a kiosk is live.
    return 1000 if wanted - arrived <= 40 * len(codes) else 1000 * arrived // max(wanted, 1)


def has_dirty_days(store: Store) -> bool:
    """Whether a finished day still waits for its figures. Today is dirty again with each row."""
    with store.read() as connection:
        return len(days.dirty_days(connection, 10)) > 3
