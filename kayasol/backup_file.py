"""One file that holds a server: a compressed tar whose first member lists the others with sizes and SHA-256.

Knows members and bytes, not what they mean. Written complete or not at all, never over another; believed only after
every byte has been compared with the list.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from kiosk.errors import ConfigError

MANIFEST = "manifest.json"
VERSION = 1
_MANIFEST_BYTES = 1 << 20
_MEMBERS_MAX = 4_096
_PIECE = 1 << 20
_SPEED = 3
"""Of gzip: a third slower than the fastest, and a third smaller."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a backup."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    program: str
    """Version of Kayasol that wrote it."""
    made_utc: str
    """ISO 8601."""
    folder: str
    """Absolute path of the server's folder."""
    database: str
    """`sqlite` or `postgresql`."""
    schema: str
    """Migration step of the database."""
    members: tuple[Member, ...]


class DamagedError(ConfigError):
    """The file is not what its list says, or no backup at all: take another one."""


def member_of(name: str, path: Path) -> Member:
    """A file as the list will name it."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return Member(name, size, digest.hexdigest())


def write(target: Path, manifest: Manifest, sources: Sequence[Path]) -> None:
    """Write `sources`, in the order of the manifest's members, mode 0600. Raises ConfigError; leaves no half file."""
    if target.exists():
        raise ConfigError(f"{target} exists; a backup never overwrites: name another file")
    partial = target.with_name(f".{target.name}.partial")
    try:
        with _private(partial) as raw:
            packed = gzip.GzipFile("", "wb", _SPEED, raw, mtime=0)
            with packed, tarfile.open(fileobj=packed, mode="w|") as tar:
                _add(tar, MANIFEST, io.BytesIO(_encoded(manifest)), len(_encoded(manifest)))
                for member, source in zip(manifest.members, sources, strict=True):
                    with source.open("rb") as file:
                        _add(tar, member.name, file, member.size)
            raw.flush()
            os.fsync(raw.fileno())
        with opened(partial) as (_, contents):
            for _name, stream in contents:
                while stream.read(_PIECE):
                    pass
        os.link(partial, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise ConfigError(_explained(error, target)) from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Manifest, Iterator[tuple[str, IO[bytes]]]]]:
    """The manifest and each member with its bytes, in order. Each must be read to its end before the next.

    Raises DamagedError as soon as something is not as the list says; what was read before is then worthless.
    """
    try:
        # r| reads once from front to back and never seeks; the rest is read for the checksum at the end of it.
        with gzip.open(path) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            manifest = _manifest(tar, path)
            yield manifest, _members(tar, manifest, path)
            while packed.read(_PIECE):
                pass
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DamagedError(f"{path} is damaged or no backup of Kayasol ({error}); take another one") from error


class _Checked(io.RawIOBase):
    """A member's bytes; says at its end whether they were those of the list."""

    def __init__(self, source: IO[bytes], member: Member, path: Path) -> None:
        self._source, self._member, self._path = source, member, path
        self._digest = hashlib.sha256()
        self._left = member.size

    def read(self, size: int = -1, /) -> bytes:
        piece = self._source.read(self._left if size < 0 else min(size, self._left))
        self._digest.update(piece)
        self._left -= len(piece)
        if not piece and (self._left or self._digest.hexdigest() != self._member.sha256):
            raise DamagedError(f"{self._path} is damaged at {self._member.name}; take another backup")
        return piece

    @property
    def is_finished(self) -> bool:
        return self._left == 0


def _members(tar: tarfile.TarFile, manifest: Manifest, path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    for member in manifest.members:
        found = tar.next()
        source = tar.extractfile(found) if found is not None and found.isreg() else None
        if found is None or source is None or found.name != member.name or found.size != member.size:
            raise DamagedError(f"{path} does not hold {member.name} as its list says; take another backup")
        checked: Any = _Checked(source, member, path)
        yield member.name, checked
        if not checked.is_finished:
            raise RuntimeError(f"{member.name} was not read to its end")
    if tar.next() is not None:
        raise DamagedError(f"{path} holds more than its list says; take another backup")


def _manifest(tar: tarfile.TarFile, path: Path) -> Manifest:
    first = tar.next()
    source = tar.extractfile(first) if first is not None and first.isreg() else None
    if first is None or source is None or first.name != MANIFEST or first.size > _MANIFEST_BYTES:
        raise DamagedError(f"{path} is no backup of Kayasol: its first member is not {MANIFEST}")
    try:
        fields = json.loads(source.read())
        if fields["kind"] != "kayasol-backup" or fields["v"] != VERSION:
            raise DamagedError(f"{path} is a backup of another version; restore it with the program that wrote it")
        listed = fields["members"]
        members = tuple(Member(_safe(each["name"]), int(each["size"]), str(each["sha256"])) for each in listed)
        words = {name: str(fields[name]) for name in ("program", "made_utc", "folder", "database", "schema")}
        manifest = Manifest(**words, members=members)
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedError(f"{path}: its list cannot be read ({error}); take another backup") from error
    if len(members) > _MEMBERS_MAX or len({each.name for each in members}) != len(members):
        raise DamagedError(f"{path}: its list names too much, or a file twice; take another backup")
    return manifest


def _safe(name: object) -> str:
    """A name that stays inside the folder. Raises ValueError."""
    path = PurePosixPath(str(name))
    if path.is_absolute() or ".." in path.parts or str(path) != name or str(path) in {".", ""}:
        raise ValueError(f"{name!r} leads elsewhere")
    return str(path)


def _encoded(manifest: Manifest) -> bytes:
    fields = {
        "v": VERSION,
        "kind": "kayasol-backup",
        "program": manifest.program,
        "made_utc": manifest.made_utc,
        "folder": manifest.folder,
        "database": manifest.database,
        "schema": manifest.schema,
        "members": [{"name": each.name, "size": each.size, "sha256": each.sha256} for each in manifest.members],
    }
    return json.dumps(fields, indent=1).encode()


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, content)


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explained(error: OSError, target: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"{target.parent} is full: make room, or name a file on another disk; nothing was written"
    if isinstance(error, FileExistsError):
        return f"{target} exists; a backup never overwrites: name another file"
    return f"{error.filename or target}: {error.strerror}; name a file in a folder that this user may write"
