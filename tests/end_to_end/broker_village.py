"""A village as processes: Mosquitto as `kayasol broker` configures it, `kayasol serve`, a `kayasol-edge run` a site.

Keys, certificates and acts come from the commands that a technician types. Ends only what it started.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge_agent.config import Config
from edge_agent.config import load as load_agent
from firmware_sim.scenarios import load_scenario
from kayasol.demo.places import Places
from kayasol.demo.setup import SITE_KINDS, write_agent_toml
from kayasol.settings import load_settings
from tests.server_process import ServerProcess, free_port, takes_connections
from tests.servers import require_server

MEMORY_DISK = Path("/dev/shm")
"""A process that is killed loses nothing that it wrote, wherever that is; a commit waits there for no disk."""
ROOT = Path(__file__).parents[2]
PLAIN = "plain_loopback = true"
TLS = 'ca = "ca.pem"\ncertificate = "device.pem"\nkey = "device.key"'


@contextmanager
def quick_folder(name: str) -> Iterator[Path]:
    """An empty folder whose commits wait for no disk, where this machine has one."""
    folder = Path(tempfile.mkdtemp(prefix=f"kayasol-{name}-", dir=MEMORY_DISK if MEMORY_DISK.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class ProductBroker(ServerProcess):
    """Mosquitto with the configuration, access list and certificates of the product, mutual TLS 1.3."""

    name = "mosquitto"

    def __init__(self, server_folder: Path) -> None:
        """`kayasol broker` is run here: the server's folder then has the authority and the broker's files."""
        self._program = require_server("mosquitto")
        super().__init__(server_folder / "broker")
        self._server_folder = server_folder
        self.store_file = self.folder / "store" / "mosquitto.db"

    def configure(self, issued_s: int | None = None) -> None:
        """Run `kayasol broker`."""
        words = ["kayasol", "broker", "--folder", str(self._server_folder), "--host", self.host]
        command([*words, "--port", str(self.port), "--address", self.host], issued_s)
        self.let_root_run_it()

    def let_root_run_it(self) -> None:
        """Mosquitto started by root becomes a user that cannot reach the tests' folders."""
        if os.geteuid() == 0:
            with (self.folder / "mosquitto.conf").open("a", encoding="utf-8") as file:
                file.write("user root\n")

    def save(self) -> None:
        """Have it write its store, as it does by itself now and then."""
        os.kill(self.pid, signal.SIGUSR1)

    def wipe_store(self) -> None:
        """As if its card was replaced."""
        assert not self.is_running
        for file in self.store_file.parent.iterdir():
            file.unlink()

    def _command(self) -> Sequence[str | Path]:
        return [self._program, "-c", self.folder / "mosquitto.conf"]

    def _is_ready(self) -> bool:
        return takes_connections(self.host, self.port)


class PythonProcess(ServerProcess):
    """One of the product's own programs; whether it has started is seen by what it does."""

    def __init__(self, name: str, folder: Path, words: Sequence[str]) -> None:
        self.name = name
        super().__init__(folder)
        self._words = words

    def _command(self) -> Sequence[str | Path]:
        return [sys.executable, "-m", *self._words]

    def _options(self) -> dict[str, Any]:
        return {"env": _environment()}

    def _is_ready(self) -> bool:
        return True


class Village:
    """Server and sites in one folder, commissioned at an instant."""

    def __init__(self, root: Path, codes: Sequence[str], issued_ms: int, written: Mapping[str, str] = {}) -> None:
        """`written`: what stands in the server's `kayasol.toml`."""
        self.places = Places(root)
        self.codes = tuple(codes)
        self.places.server.mkdir(parents=True, exist_ok=True)
        lines = [f'{key} = "{value}"\n' for key, value in written.items()]
        (self.places.server / "kayasol.toml").write_text("".join(lines), encoding="utf-8")
        self.settings = load_settings(self.places.server)
        self.broker = ProductBroker(self.places.server)
        self.pages_port = free_port()
        issued_s = issued_ms // 1000
        self.broker.configure(issued_s)
        for code in codes:
            self._commission(code, issued_s)

    def serve(self, broker_port: int) -> PythonProcess:
        """`kayasol serve`; each frame is answered, as at a visit."""
        words = ["kayasol", "serve", "--folder", str(self.places.server), "--port", str(self.pages_port)]
        return PythonProcess("serve", self.places.logs, [*words, "--broker-port", str(broker_port), "--live-s", "1"])

    def edge(self, code: str) -> PythonProcess:
        """`kayasol-edge run` of a site."""
        words = ["edge_agent", "run", "-c", str(self.places.agent_toml(code))]
        return PythonProcess(f"edge-{code}", self.places.logs, words)

    def agent_config(self, code: str, broker_port: int, cadence_s: int = 10) -> Config:
        """Write and read the site's configuration: as the demo's, but over TLS."""
        write_agent_toml(self.places, load_scenario(code), cadence_s, broker_port)
        file = self.places.agent_toml(code)
        text = file.read_text(encoding="utf-8")
        assert PLAIN in text
        file.write_text(text.replace(PLAIN, TLS), encoding="utf-8")
        return load_agent(file)

    def _commission(self, code: str, issued_s: int) -> None:
        """init on the device, `site add` on the server, accept on the device; the files are carried by hand."""
        scenario, state = load_scenario(code), self.places.state(code)
        command(["edge_agent", "init", "--site", code, "--out", str(state)], issued_s)
        answer = self.places.kiosk(code) / "answer.json"
        words = ["kayasol", "site", "add", str(state / f"{code}.request.json"), "--out", str(answer)]
        words += ["--name", scenario.name, "--commune", scenario.commune, "--kind", SITE_KINDS[scenario.kind]]
        command([*words, "--folder", str(self.places.server)], issued_s)
        command(["edge_agent", "accept", str(answer), "--state", str(state)], issued_s)


def command(words: Sequence[str], at_utc_s: int | None = None) -> str:
    """Run one command to its end, at an instant if one is given; what it said. A failure ends the test."""
    clock = [] if at_utc_s is None else [str(require_server("faketime")), "-f", f"@{_spoken(at_utc_s)}"]
    done = subprocess.run(
        [*clock, sys.executable, "-m", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=_environment(),
    )
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.stdout


def _spoken(utc_s: int) -> str:
    return datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "TZ": "UTC"}
