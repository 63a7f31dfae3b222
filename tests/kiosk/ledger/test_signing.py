"""Keys: their bytes, their ids, and who may take over from whom. Good and bad signatures are in the vectors."""

from __future__ import annotations

from hashlib import sha256

import pytest

from kiosk.ledger.signing import (
    DOWN_PREFIX,
    RECORD_PREFIX,
    ROTATE_PREFIX,
    SIGNATURE_BYTES,
    SigningKey,
    key_id,
    verify,
    verify_bytes,
    verify_rotation,
)
from tests.vectors.ledger.stories import STRANGER_KEY, every_type


def test_the_first_vector_of_rfc_8032_comes_out() -> None:
    key = SigningKey.from_private_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    assert key.public_hex == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign_bytes(b"", b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


def test_two_new_keys_differ_and_a_stored_key_is_the_same_again() -> None:
    one, other = SigningKey.generate(), SigningKey.generate()
    assert one.public_hex != other.public_hex
    again = SigningKey.from_private_bytes(one.private_bytes())
    assert (again.public_hex, again.key_id) == (one.public_hex, one.key_id)


def test_a_seed_of_another_length_is_no_key() -> None:
    with pytest.raises(ValueError):
        SigningKey.from_private_bytes(bytes(31))


def test_a_key_id_is_the_start_of_the_hash_of_the_public_key() -> None:
    assert key_id(STRANGER_KEY.public_hex) == sha256(bytes.fromhex(STRANGER_KEY.public_hex)).hexdigest()[:16]
    assert STRANGER_KEY.key_id == key_id(STRANGER_KEY.public_hex)


@pytest.mark.parametrize("public_hex", ["", "zz" * 32, "é" * 64, "00" * 33])
def test_what_is_no_key_verifies_nothing(public_hex: str) -> None:
    assert not verify(public_hex, b"payload", bytes(64))


def test_a_signature_serves_its_own_purpose_only() -> None:
    signature = STRANGER_KEY.sign(b"payload")
    assert len(signature) == SIGNATURE_BYTES
    accepted = [
        prefix
        for prefix in (RECORD_PREFIX, ROTATE_PREFIX, DOWN_PREFIX)
        if verify_bytes(STRANGER_KEY.public_hex, prefix, b"payload", signature)
    ]
    assert accepted == [RECORD_PREFIX]


def test_a_rotation_holds_only_for_its_log_its_seq_and_its_key() -> None:
    fields = next(fields for fields in every_type().fields if fields["t"] == "KEY_ROTATE")
    assert verify_rotation(fields)
    assert not verify_rotation(fields | {"log": "ab" * 16})
    assert not verify_rotation(fields | {"seq": 39})
    assert not verify_rotation(fields | {"new_pub": STRANGER_KEY.public_hex})
