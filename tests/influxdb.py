"""A real InfluxDB for tests, on a loopback port, in a folder of its own; each test gets a bucket that nobody used."""

from __future__ import annotations

import http.client
import itertools
from collections.abc import Sequence
from pathlib import Path

from store.readings.influxdb_http import InfluxSettings
from store.readings.influxdb_setup import set_up
from tests.server_process import ServerProcess
from tests.servers import require_server

ORG, PASSWORD = "kayasol", "a password of tests"


class InfluxServer(ServerProcess):
    """Empty when it first starts. kill9() keeps what it had answered, as its log is written before each answer."""

    name = "influxd"

    def __init__(self, folder: Path, *, engine_folder: Path | None = None, inside: Sequence[str | Path] = ()) -> None:
        """`inside`: a command that becomes the one given to it, somewhere else (tests/small_disk.py)."""
        self._program = require_server("influxdb")
        super().__init__(folder)
        self._engine_folder = engine_folder or folder / "engine"
        self._inside = inside
        self._numbers = itertools.count(1)
        self.operator_token = ""

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def settings(self, bucket: str = "readings", token: str = "") -> InfluxSettings:
        return InfluxSettings(self.url, ORG, bucket, token)

    def new_bucket(self) -> InfluxSettings:
        """A bucket with a token of its own."""
        return self.set_up(self.settings(f"readings-{next(self._numbers)}"))

    def set_up(self, wanted: InfluxSettings) -> InfluxSettings:
        """As `kayasol` would do it; the operator's token is remembered here."""
        done = set_up(wanted, operator_token=self.operator_token, password=PASSWORD)
        self.operator_token = done.operator_token or self.operator_token
        return done.settings

    def _command(self) -> Sequence[str | Path]:
        return [
            *self._inside,
            self._program,
            f"--bolt-path={self.folder / 'influxd.bolt'}",
            f"--sqlite-path={self.folder / 'influxd.sqlite'}",
            f"--engine-path={self._engine_folder}",
            f"--http-bind-address={self.host}:{self.port}",
            "--reporting-disabled",
            "--no-tasks",
        ]

    def _is_ready(self) -> bool:
        asked = http.client.HTTPConnection(self.host, self.port, timeout=1.0)
        try:
            asked.request("GET", "/health")
            return asked.getresponse().status == 200
        except OSError:
            return False
        finally:
            asked.close()
