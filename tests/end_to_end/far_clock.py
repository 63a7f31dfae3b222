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
Found = TypeVar("Found")


class KioskComputer(ServerProcess):
    """`kayasol-edge run` of a site, and the other commands on the same computer."""

    def __init__(self, places: Places, code: str, years: int, *, check_dates: bool = False) -> None:
        """`years`: how far its clock is off; 0 is right."""
        self._faketime = require_server("faketime")
        self.name = f"edge-{code}"
        super().__init__(places.logs)
        self._years = years
        self._check_dates = check_dates
        self._config = places.agent_toml(code)
        self._socket = places.state(code) / "agent.sock"

    def said(self, *words: str) -> str:
        """What a command on this computer says; it must succeed."""
        done = subprocess.run(
            [*self._on_this_computer(), words[0], "-c", str(self._config), *words[1:]],
            capture_output=True, text=True, timeout=WAIT_S, check=False, env=self._options()["env"],
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _on_this_computer(self) -> list[str | Path]:
        python = [sys.executable, "-m", "tests.end_to_end.kiosk_computer"]
        return [self._faketime, "-f", f"{self._years:+d}y", *python]

    def _command(self) -> Sequence[str | Path]:
        dates = ["--check-dates"] if self._check_dates else []
        return [*self._on_this_computer(), *dates, "run", "-c", self._config]

    def _is_ready(self) -> bool:
        return self._socket.exists()

    def _options(self) -> dict[str, Any]:
        # Without the last one the monotonic clocks, CLOCK_BOOTTIME too, would jump by years as well.
        return {"env": os.environ | {"PYTHONPATH": str(ROOT), "TZ": "UTC", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}}


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
