"""The server's signing keys are made once, whoever asks first."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest import keys
from ingest.keys import IngestKeys, open_keys
from kiosk.ledger.signing import SigningKey


def test_keys_are_made_once_and_for_this_user_alone(tmp_path: Path) -> None:
    made = open_keys(tmp_path / "server")
    (file,) = (tmp_path / "server").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert public(open_keys(tmp_path / "server")) == public(made)


def test_two_workers_that_start_at_once_have_the_same_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Devices believe the keys they learnt: a second pair would make half of the answers worthless."""
    others: list[IngestKeys] = []

    class LateKey:
        """Before the first worker has its keys, the second one has made and saved its own."""

        from_private_bytes = SigningKey.from_private_bytes

        @staticmethod
        def generate() -> SigningKey:
            monkeypatch.setattr(keys, "SigningKey", SigningKey)
            others.append(open_keys(tmp_path))
            return SigningKey.generate()

    monkeypatch.setattr(keys, "SigningKey", LateKey)
    own = open_keys(tmp_path)
    assert public(own) == public(others[0])
    assert [file.name for file in tmp_path.iterdir()] == [keys.FILE_NAME]


def public(pair: IngestKeys) -> tuple[str, str]:
    return pair.current.public_hex, pair.next.public_hex
