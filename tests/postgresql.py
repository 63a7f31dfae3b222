"""A real PostgreSQL for tests, on a loopback port and in a folder of its own; each test gets a database of its own.

PostgreSQL refuses to run as root, so there it runs as a user that Debian's package made, in a folder that this user
can reach: below the system's temporary folder, not below pytest's, which is root's alone.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.process_table import descendants
from tests.server_process import STOP_TIMEOUT_S, ServerError, ServerProcess
from tests.servers import require_server

SUPERUSER = "kayasol"
UNPRIVILEGED = ("postgres", "nobody")


class PostgresServer(ServerProcess):
    """Trusts everybody on this machine's loopback. What was committed survives kill9()."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": does not wait for clients to leave

    def __init__(self, parent: Path | None = None) -> None:
        """Its folder is made in `parent`, which that other user must be able to reach."""
        self._program = require_server("postgresql")
        self._user = _user()
        super().__init__(Path(tempfile.mkdtemp(prefix="kayasol-postgresql-", dir=parent)))
        self._numbers = itertools.count(1)
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._data = self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        """As SQLAlchemy wants it."""
        return f"postgresql+psycopg://{SUPERUSER}@{self.host}:{self.port}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """The URL of a database that nobody used; a copy of `template`, which nobody must be connected to."""
        name = f"test_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def has_database(self, name: str) -> bool:
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        return found is not None

    def execute(self, statement: str) -> None:
        """Outside any transaction, as the superuser."""
        with self._connect() as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        if not self._data.exists():
            self._create()
        super().start()

    def kill9(self) -> None:
        """As a power cut ends it: every backend at the same moment, none with its last statement done."""
        if not self.is_running:
            return
        os.kill(self.pid, signal.SIGSTOP)  # it begets nobody between our look and its end
        family = descendants(self.pid)
        for each in family:
            with suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGKILL)
        super().kill9()
        give_up_s = time.monotonic() + STOP_TIMEOUT_S
        while any(each.lives for each in family):  # their shared memory would be in the way of the next start
            if time.monotonic() > give_up_s:
                raise ServerError("a backend of PostgreSQL outlives SIGKILL")

    def remove(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder)

    def __exit__(self, *_: object) -> None:
        self.remove()

    def _connect(self) -> psycopg.Connection:
        address = f"host={self.host} port={self.port} user={SUPERUSER} dbname=postgres"
        return psycopg.connect(address, autocommit=True)

    def _create(self) -> None:
        made = subprocess.run(
            [
                self._program.with_name("initdb"),
                *("-D", self._data, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
            **self._options(),
        )
        if made.returncode != 0:
            raise ServerError(f"initdb failed: {made.stderr}")

    def _command(self) -> Sequence[str | Path]:
        settings = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": self.folder,
            "max_connections": 60,
            "shared_buffers": "64MB",
        }
        return [self._program, "-D", self._data, *(f"--{name}={value}" for name, value in settings.items())]

    def _is_ready(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _options(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


def _user() -> pwd.struct_passwd | None:
    """Who runs the server: ourselves, unless we are root."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerError(f"PostgreSQL does not run as root, and there is no user {' or '.join(UNPRIVILEGED)}")
