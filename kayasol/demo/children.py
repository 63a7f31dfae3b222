"""The demo's processes: started with a log each, ended in the reverse order, none left behind."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.errors import KioskError

STOP_WAIT_S = 10.0
LOG_TAIL_LINES = 15


class ChildError(KioskError):
    """A process of the demo ended by itself; the message holds the end of its log."""


@dataclass(slots=True)
class Children:
    """Processes by name; ends only what it started."""

    logs: Path
    running: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    ended: bool = False
    """All were stopped: none is started any more."""
    _one_at_a_time: threading.RLock = field(default_factory=threading.RLock)
    """The kiosks' power comes and goes in a thread of its own."""

    def start(
        self, name: str, command: Sequence[str], *, listen: bool = False, program: str = sys.executable
    ) -> subprocess.Popen[str]:
        """Start `python -m …` words, or another program's, as a process; `listen`: its output is a pipe of lines.

        Raises ChildError once all were stopped.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        with self._one_at_a_time, (self.logs / f"{name}.log").open("a", encoding="utf-8") as log:
            if self.ended:
                raise ChildError(f"{name} is not started: everything is being stopped")
            child = subprocess.Popen(
                [program, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if listen else log,
                stderr=log,
                text=True,
                start_new_session=True,
            )
            self.running[name] = child
        return child

    def stop(self, name: str, *, kill: bool = False) -> None:
        """End one process: politely, then not."""
        with self._one_at_a_time:
            child = self.running.get(name)
            if child is None:
                return
            if kill:
                child.kill()
            else:
                child.terminate()
            try:
                child.wait(STOP_WAIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            del self.running[name]
        if child.stdout is not None:
            child.stdout.close()

    def stop_all(self) -> None:
        """The last one started is the first to go, so that nobody talks to a void."""
        with self._one_at_a_time:
            self.ended = True
            for name in reversed(list(self.running)):
                self.stop(name)

    def check(self) -> None:
        """Raise ChildError if one has failed. One that has ended well is no longer a running one."""
        with self._one_at_a_time:
            for name, child in list(self.running.items()):
                code = child.poll()
                if code is None:
                    continue
                del self.running[name]
                if code != 0:
                    raise ChildError(f"{name} ended with code {code}:\n{self.tail(name)}")

    def all_ended(self, names: Sequence[str]) -> bool:
        """Whether all of these have ended well."""
        self.check()
        return not any(name in self.running for name in names)

    def tail(self, name: str) -> str:
        """The end of a log."""
        path = self.logs / f"{name}.log"
        if not path.exists():
            return ""
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:])

    def wait_for(self, name: str, limit_s: float) -> None:
        """Until a process has ended by itself; raises ChildError if it fails or takes too long."""
        child = self.running.get(name)
        if child is None:
            return
        try:
            code = child.wait(limit_s)
        except subprocess.TimeoutExpired as error:
            raise ChildError(f"{name} has not ended after {limit_s:.0f} s:\n{self.tail(name)}") from error
        del self.running[name]
        if code != 0:
            raise ChildError(f"{name} ended with code {code}:\n{self.tail(name)}")


def wait_until(ready: Callable[[], bool], limit_s: float, children: Children, every_s: float = 0.1) -> None:
    """Ask `ready()` until it says yes; raises ChildError if a process ends first or the time is over."""
    until = time.monotonic() + limit_s
    while not ready():
        children.check()
        if time.monotonic() > until:
            raise ChildError(f"not ready after {limit_s:.0f} s; look into {children.logs}")
        time.sleep(every_s)
