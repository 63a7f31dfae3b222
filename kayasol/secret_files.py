"""Secrets in files of their own: made once, read by one user, refused when others could read them. Prints none.

A password is neither on a command line nor in the environment, where other programs and logs would see it. Containers
get the same files through the compose file's `secrets`.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from kiosk.errors import ConfigError

SECRET_BYTES = 4_096
SHORTEST = 20
"""Characters; what we make has 43."""
NAMES = ("postgres_password", "influxdb_password", "influxdb_operator_token", "grafana_password")
"""What docker-compose.yml needs."""
_EXAMPLES = ("change", "example", "exemple", "secret", "password", "passwd", "default", "admin", "kayasol", "xxx")
"""Beginnings of what people leave in a file that they copied."""


def read_secret(path: Path, remedy: str) -> str:
    """The one line of a file that only its owner can read. Raises ConfigError, which ends with `remedy`."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            raw = file.read(SECRET_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; {remedy}") from error
    if mode & 0o077:
        raise ConfigError(f"{path}: others on this machine can read it; run: chmod 600 {path}")
    text = raw.strip()
    if not text or len(raw) > SECRET_BYTES or not text.isascii() or any(each <= 32 for each in text):
        raise ConfigError(f"{path}: not one line without spaces; {remedy}")
    return text.decode("ascii")


def write_secret(path: Path, content: bytes) -> None:
    """Write a private file readable by its owner only, complete or not at all."""
    partial = path.with_suffix(path.suffix + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def make_secrets(folder: Path, names: Sequence[str] = NAMES) -> list[str]:
    """Make what is missing, readable by its owner only; the names of what was made. What is there is never touched."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return [name for name in names if _make(folder / name)]
    except OSError as error:
        where = error.filename or folder
        raise ConfigError(f"{where}: {error.strerror}; give this user a folder of its own for secrets") from error


def _make(path: Path) -> bool:
    """Whole or not at all: a link to a finished file fails where the name is taken."""
    if path.exists() or path.is_symlink():
        return False
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def faults_in(folder: Path, names: Sequence[str] = NAMES) -> list[str]:
    """What is wrong with the secrets of a folder, one sentence each, each with what to do; empty: nothing."""
    if not folder.is_dir():
        return [f"{folder}: missing; run `kayasol secrets make {folder}`"]
    faults = []
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        faults.append(f"{folder}: others on this machine can look into it; run: chmod 700 {folder}")
    return faults + [fault for name in names if (fault := fault_of(folder / name))]


def fault_of(path: Path) -> str:
    """What is wrong with one secret; "" if nothing is. Never tells what is in it."""
    make = f"run `kayasol secrets make {path.parent}`"
    remedy = f"remove it and {make}" if path.exists() else make
    try:
        text = read_secret(path, remedy)
    except ConfigError as error:
        return str(error)
    lowered = text.lower()
    if any(lowered.startswith(word) for word in _EXAMPLES) or len(set(lowered)) < 8:
        return f"{path}: still an example; {remedy}"
    if len(text) < SHORTEST:
        return f"{path}: shorter than {SHORTEST} characters; {remedy}"
    return ""
