"""A real Mosquitto for tests: started, killed, restarted on the same port; it ends only the process that it started."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.certificates import TlsFiles
from tests.servers import require_server

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 10.0
RETRY_S = 0.02
"""Between two looks at a broker that is starting; spent waiting for its early end, never asleep."""
PORT_TRIES = 5


class MosquittoError(Exception):
    """The broker did not start; the message ends with its own last words."""


class MosquittoServer:
    """One broker in one folder. With TLS every client must show a certificate; its common name is its name in the ACL.

    `port=None` takes a free one; it stays the same over restarts. `acl` is the text of an ACL file. `persistence=True`
    keeps the store as Mosquitto does by default: on a clean stop and every 30 minutes, so kill9() loses what came
    since. `extra` are further lines of its configuration, such as "max_queued_messages 0".
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        tls: TlsFiles | None = None,
        acl: str | None = None,
        persistence: bool = True,
        extra: Sequence[str] = (),
    ) -> None:
        self._program = require_server("mosquitto")
        self._port_was_given = port is not None
        self._tls = tls
        self._acl = acl
        self._persistence = persistence
        self._extra = tuple(extra)
        self._process: subprocess.Popen[bytes] | None = None
        self.folder = folder
        self.host = "127.0.0.1"
        self.port = _free_port() if port is None else port
        self.log_file = folder / "mosquitto.log"
        self.store_file = folder / "mosquitto.db"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the running broker, for a test that pauses or measures it."""
        if self._process is None:
            raise MosquittoError("the broker is not running: call start() first")
        return self._process.pid

    def start(self) -> None:
        """Returns when the broker takes connections; after stop() or kill9(), on the same port and store."""
        if self.is_running:
            raise MosquittoError("the broker is running already: call stop() or kill9() first")
        first_start = not self.folder.exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        tries = PORT_TRIES if first_start and not self._port_was_given else 1
        for left in reversed(range(tries)):
            try:
                self._start_once()
            except MosquittoError as error:
                # Between our look for a free port and the broker's start, another test may have taken it.
                if left == 0 or "in use" not in str(error):
                    raise
                self.port = _free_port()
            else:
                return

    def stop(self) -> None:
        """Ends it in order (SIGTERM), so that it saves its store; does nothing if it has ended."""
        self._end(signal.SIGTERM)

    def kill9(self) -> None:
        """As a power cut ends it: what is not in its store is gone."""
        self._end(signal.SIGKILL)

    def wipe_store(self) -> None:
        """As if its SD card was replaced: queued and retained messages and sessions are gone."""
        if self.is_running:
            raise MosquittoError("a running broker would write its store again: call stop() or kill9() first")
        for file in (self.store_file, self.folder / "mosquitto.db.new"):  # the second is a save that was interrupted
            file.unlink(missing_ok=True)

    def log_text(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def _start_once(self) -> None:
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", self._write_configuration()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # an interrupt typed at the tests' terminal is not for the broker
            )
        give_up_s = time.monotonic() + START_TIMEOUT_S
        while not self._takes_connections():
            try:
                exit_code: int | None = self._process.wait(timeout=RETRY_S)
            except subprocess.TimeoutExpired:
                exit_code = None
            if exit_code is not None:
                self._process = None
                raise MosquittoError(f"the broker ended at once with {exit_code}: {self._last_words()}")
            if time.monotonic() > give_up_s:
                self.kill9()
                raise MosquittoError(f"no connection within {START_TIMEOUT_S} s: {self._last_words()}")

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)  # does nothing if it has ended by itself
        try:
            process.wait(timeout=STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=STOP_TIMEOUT_S)

    def _takes_connections(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), timeout=1.0):
                return True
        except OSError:
            return False

    def _write_configuration(self) -> Path:
        lines = [
            "per_listener_settings false",
            f"listener {self.port} {self.host}",
            "set_tcp_nodelay true",
            "log_dest stderr",
            "log_type all",
            f"persistence {str(self._persistence).lower()}",
            f"persistence_location {self.folder}/",
            *self._tls_lines(),
            *self._acl_lines(),
            *self._extra,
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # it would become a user that cannot reach the tests' folders
        file = self.folder / "mosquitto.conf"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file

    def _tls_lines(self) -> list[str]:
        if self._tls is None:
            return ["allow_anonymous true"]
        return [
            "allow_anonymous false",
            f"cafile {self._tls.authority}",
            f"certfile {self._tls.certificate}",
            f"keyfile {self._tls.key}",
            "tls_version tlsv1.3",
            "require_certificate true",
            "use_identity_as_username true",
        ]

    def _acl_lines(self) -> list[str]:
        if self._acl is None:
            return []
        file = self.folder / "acl"
        file.write_text(self._acl, encoding="utf-8")
        file.chmod(0o600)
        return [f"acl_file {file}"]

    def _last_words(self) -> str:
        return " / ".join(self.log_text().splitlines()[-3:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
