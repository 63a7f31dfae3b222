"""PostgreSQL's own programs for a backup: pg_dump and pg_restore, found on this computer. Knows no table.

The password goes through a file that only this user can read, never through arguments or the environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url

from kiosk.errors import ConfigError


def dump(database: str, target: Path) -> None:
    """One consistent snapshot in PostgreSQL's custom format. Raises ConfigError with pg_dump's own words."""
    words = ["--format=custom", "--compress=0", "--no-owner", "--no-privileges", f"--file={target}"]
    _run("pg_dump", words, make_url(database))


def load(database: str, source: Path) -> None:
    """All of a dump into an empty database, or nothing. Raises ConfigError with pg_restore's own words."""
    url = make_url(database)
    words = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    _run("pg_restore", [*words, f"--dbname={url.database}", str(source)], url)


def _run(program: str, words: Sequence[str], url: URL) -> None:
    found = shutil.which(program)
    if found is None:
        raise ConfigError(
            f"{program} is not on this computer: install PostgreSQL's client programs (postgresql-client)"
        )
    with _environment(url) as environment:
        done = subprocess.run(
            [found, *words],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    if done.returncode != 0:
        told = " / ".join(done.stderr.decode(errors="replace").strip().splitlines()[:3])
        raise ConfigError(f"{program} gave up, nothing was changed: {told}")


@contextmanager
def _environment(url: URL) -> Iterator[Mapping[str, str]]:
    parts = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGDATABASE": url.database}
    known = {name: str(value) for name, value in parts.items() if value}
    if not url.password:
        yield known
        return
    with tempfile.TemporaryDirectory(prefix="kayasol-") as folder:
        file = Path(folder) / "pgpass"
        file.touch(0o600)
        escaped = str(url.password).replace("\\", "\\\\").replace(":", "\\:")
        file.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
        yield {**known, "PGPASSFILE": str(file)}
