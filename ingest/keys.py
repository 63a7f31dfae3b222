"""The server's signing keys for messages to devices: the current one, and the next that devices already know."""

from __future__ import annotations

import json
import os
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
        keys = IngestKeys(SigningKey.generate(), SigningKey.generate())
        save_keys(folder, keys)
        return keys
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
    """Write the keys so that only this user can read them, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"current": keys.current.private_bytes().hex(), "next": keys.next.private_bytes().hex()})
    draft = folder / (FILE_NAME + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(folder / FILE_NAME)
