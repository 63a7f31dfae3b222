"""A kiosk's agent as a process whose system clock stands years off, while its monotonic clock runs as everybody's."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from kayasol.demo.places import Places
from tests.end_to_end.broker_village import ROOT
from tests.server_process import ServerProcess
from tests.servers import require_server

WAIT_S = 60.0
LOOK_EVERY_S = 0.05
THIS_COMPUTER = [sys.executable, "-m", "tests.end_to_end.kiosk_computer"]
Found = TypeVar("Found")


class KioskComputer(ServerProcess):
    """`kayasol-edge run` of a site, and the other commands on the same computer."""

    def __init__(self, places: Places, code: str, years: int, *, check_dates: bool = False) -> None:
        """`years`: how far its clock is off; 0 is right."""
        self._library = _library_of(require_server("faketime"))
        self.name = f"edge-{code}"
        super().__init__(places.logs)
        self._years = years
        self._check_dates = check_dates
        self._config = places.agent_toml(code)
        self._socket = places.state(code) / "agent.sock"

    def said(self, *words: str) -> str:
        """What a command on this computer says; it must succeed."""
        done = subprocess.run(
            [*THIS_COMPUTER, words[0], "-c", str(self._config), *words[1:]],
            capture_output=True, text=True, timeout=WAIT_S, check=False, env=self._options()["env"],
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _command(self) -> Sequence[str | Path]:
        dates = ["--check-dates"] if self._check_dates else []
        return [*THIS_COMPUTER, *dates, "run", "-c", self._config]

    def _is_ready(self) -> bool:
        return self._socket.exists()

    def _options(self) -> dict[str, Any]:
        clock = {"LD_PRELOAD": self._library, "FAKETIME": f"{self._years:+d}y", "TZ": "UTC"}
        # Without this the monotonic clocks, CLOCK_BOOTTIME too, would jump by years as well.
        clock["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
        return {"env": os.environ | {"PYTHONPATH": str(ROOT)} | clock}


def _library_of(faketime: Path) -> str:
    """What the program puts under others. It stays beside them as their parent: ending it would end none of them."""
    words = [str(faketime), "-f", "+0y", "printenv", "LD_PRELOAD"]
    return subprocess.run(words, capture_output=True, text=True, timeout=WAIT_S, check=True).stdout.strip()


def wait_for(look: Callable[[], Found | None], words: Callable[[], str], limit_s: float = WAIT_S) -> Found:
    """Look until something is found; what is not found in time ends the test with these words of then."""
    give_up_s = time.monotonic() + limit_s
    pause = threading.Event()
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < give_up_s, f"not within {limit_s:.0f} s: {words()}"
        pause.wait(LOOK_EVERY_S)
