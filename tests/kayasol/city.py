"""The city size for tests: setup, ingest, office and api as processes beside real servers. Ends what it started."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from kayasol.settings import ServerSettings, load_settings
from tests.server_process import ServerProcess

ROOT = Path(__file__).parents[2]
WAIT_S = 40.0
PAUSE_S = 0.1
"""Between two looks, spent waiting for a process's early end."""


class Part(ServerProcess):
    """One of ingest, office, api; it counts as started at once, for it may have to wait for others."""

    def __init__(self, name: str, folder: Path, port: int | None = None) -> None:
        self.name = name
        super().__init__(folder)
        self.port = port or self.port

    def get(self, path: str) -> tuple[int, Any]:
        asked = http.client.HTTPConnection(self.host, self.port, timeout=5.0)
        try:
            asked.request("GET", path)
            answer = asked.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            asked.close()

    def until(self, done: Callable[[], bool], wait_s: float = WAIT_S) -> None:
        """Wait while the part lives."""
        give_up_s = time.monotonic() + wait_s
        while not done():
            assert time.monotonic() < give_up_s, self.log_text()
            assert self._process is not None
            with suppress(subprocess.TimeoutExpired):
                code = self._process.wait(PAUSE_S)
                raise AssertionError(f"{self.name} ended with {code}: {self.log_text()}")

    def end(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        self._process.terminate()
        code = self._process.wait(WAIT_S)
        self._process = None
        return code

    def _command(self) -> Sequence[str | Path]:
        port = ["--port", str(self.port)] if self.name == "api" else []
        return [sys.executable, "-m", "kayasol", self.name, "--folder", self.folder, *port]

    def _options(self) -> dict[str, Any]:
        return {"env": environment()}

    def _is_ready(self) -> bool:
        return True


def environment() -> dict[str, str]:
    """Ours, without settings of a server that whoever runs the tests may have."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAYASOL_")}
    return kept | {"PYTHONPATH": str(ROOT)}


def kayasol(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "kayasol", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment(),
        stdin=subprocess.DEVNULL,
    )


def write_settings(folder: Path, **settings: object) -> ServerSettings:
    """A server's folder with its kayasol.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (folder / "kayasol.toml").write_text("".join(lines), encoding="utf-8")
    return load_settings(folder)
