"""The server's signing keys for messages to devices: the current one, and the next that devices already know."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kiosk.errors import ConfigError
from kiosk.ledger.signing import SigningKey

FILE_NAME = "ingest_keys.json"


@dataclass(frozen=True, slots=True)
class IngestKeys:
    """Devices learn both public keys at commissioning, so that one can be replaced without visiting them."""

    current: SigningKey
    next: SigningKey

    def rotated(self) -> IngestKeys:
        """The pair once `next` has taken over: what devices are told in a message that `next` signs."""
        return IngestKeys(self.next, SigningKey.generate())


def open_keys(folder: Path) -> IngestKeys:
    """The keys in a server's folder, made at the first call. ConfigError where the file cannot be read."""
    file = folder / FILE_NAME
    if not file.exists():
        _make_keys(folder)
    try:
        written = json.loads(file.read_text(encoding="ascii"))
        current, following = (
            SigningKey.from_private_bytes(bytes.fromhex(written[name])) for name in ("current", "next")
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{file}: {error}; bring it back from the backup, because devices believe no other key"
        ) from error
    return IngestKeys(current, following)


def save_keys(folder: Path, keys: IngestKeys) -> None:
    """Put these keys in the place of those that are there, whole or not at all."""
    _draft(folder, keys).replace(folder / FILE_NAME)


def _make_keys(folder: Path) -> None:
    """Unless another process, starting at the same instant, has made them meanwhile: then its keys are the keys."""
    draft = _draft(folder, IngestKeys(SigningKey.generate(), SigningKey.generate()))
    try:
        (folder / FILE_NAME).hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _draft(folder: Path, keys: IngestKeys) -> Path:
    """A file beside the keys that only this user can read."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"current": keys.current.private_bytes().hex(), "next": keys.next.private_bytes().hex()})
    descriptor, name = tempfile.mkstemp(prefix=FILE_NAME + ".", dir=folder)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    return Path(name)
