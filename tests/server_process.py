"""A server's process on a loopback port for tests: started, stopped, killed; ends only what it started itself."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0
RETRY_S = 0.02
"""Between two looks at a server that is starting; spent waiting for its early end, never asleep."""
PORT_TRIES = 5


class ServerError(Exception):
    """The server did not start; the message ends with its own last words."""


class ServerProcess(ABC):
    """One server in one folder; its port stays the same over restarts."""

    name = "server"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = "127.0.0.1"
        self.port = free_port()
        self.log_file = folder / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._started_once = False

    @abstractmethod
    def _command(self) -> Sequence[str | Path]:
        """What to run."""

    @abstractmethod
    def _is_ready(self) -> bool:
        """Whether it answers as it should."""

    def _options(self) -> dict[str, Any]:
        """Further arguments of Popen."""
        return {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def has_ended_by_itself(self) -> bool:
        """It was started and neither stopped nor killed from here, and yet it is gone."""
        return self._process is not None and self._process.poll() is not None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServerError(f"{self.name} is not running: call start() first")
        return self._process.pid

    def start(self) -> None:
        """Returns when the server answers; after stop() or kill9(), on the same port and files."""
        if self.is_running:
            raise ServerError(f"{self.name} is running already: call stop() or kill9() first")
        for left in reversed(range(1 if self._started_once else PORT_TRIES)):
            try:
                self._start_once()
            except ServerError:
                # Between our look for a free port and the server's start, another test may have taken it.
                if left == 0 or "in use" not in self.log_text():
                    raise
                self.port = free_port()
            else:
                self._started_once = True
                return

    def stop(self) -> None:
        """Ends it in order; does nothing if it has ended."""
        self._end(self.stop_signal)

    def kill9(self) -> None:
        """As a power cut ends it."""
        self._end(signal.SIGKILL)

    def log_text(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def last_words(self, lines: int = 3) -> str:
        return " / ".join(self.log_text().splitlines()[-lines:])

    def _start_once(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                list(self._command()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # an interrupt typed at the tests' terminal is not for the server
                **self._options(),
            )
        give_up_s = time.monotonic() + START_TIMEOUT_S
        while not self._is_ready():
            try:
                exit_code: int | None = self._process.wait(timeout=RETRY_S)
            except subprocess.TimeoutExpired:
                exit_code = None
            if exit_code is not None:
                self._process = None
                raise ServerError(f"{self.name} ended at once with {exit_code}: {self.last_words()}")
            if time.monotonic() > give_up_s:
                self.kill9()
                raise ServerError(f"{self.name} did not answer within {START_TIMEOUT_S} s: {self.last_words()}")

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=STOP_TIMEOUT_S)


def takes_connections(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
