"""Ed25519 signatures and key ids (docs/ledger-format.md, section 5). The one file of kiosk that needs `cryptography`.

Knows no record's meaning: what a key may sign, and until when, is judged by whoever keeps the keys.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kiosk.ledger.types import Fields, number_of, text_of

SIGNATURE_BYTES = 64
RECORD_PREFIX = b"kayasol-ledger/1\n"
ROTATE_PREFIX = b"kayasol-rotate/1\n"
DOWN_PREFIX = b"kayasol-down/1\n"
"""Of down messages (docs/wire.md, section 6). Each purpose has its own, so that no signature serves for another."""


class SigningKey:
    """A private key; whoever holds it can speak as its device or server."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public_hex = private.public_key().public_bytes_raw().hex()
        """Public key as 64 hex characters."""
        self.key_id = key_id(self.public_hex)
        """Key id, 16 hex characters."""

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_private_bytes(cls, private: bytes) -> SigningKey:
        """The key of a 32-byte seed (RFC 8032). Raises ValueError for any other length."""
        return cls(Ed25519PrivateKey.from_private_bytes(private))

    def private_bytes(self) -> bytes:
        """The 32-byte seed, to be kept where nobody else reads."""
        return self._private.private_bytes_raw()

    def sign(self, payload: bytes) -> bytes:
        """64 bytes: the signature of a record's exact bytes."""
        return self.sign_bytes(RECORD_PREFIX, payload)

    def sign_bytes(self, prefix: bytes, message: bytes) -> bytes:
        """64 bytes over prefix and message."""
        return self._private.sign(prefix + message)

    def sign_rotation(self, log: str, seq: int) -> str:
        """`new_sig` of the KEY_ROTATE record (log, seq) that brings this key, as 128 hex characters."""
        return self.sign_bytes(ROTATE_PREFIX, rotation_message(log, seq, self.public_hex)).hex()


def key_id(public_hex: str) -> str:
    """First 16 hex characters of SHA-256 over the 32 bytes of a public key. Raises ValueError where it is not hex."""
    return sha256(bytes.fromhex(public_hex)).hexdigest()[:16]


def verify(public_hex: str, payload: bytes, signature: bytes) -> bool:
    """Whether the signature of a record's exact bytes is this key's."""
    return verify_bytes(public_hex, RECORD_PREFIX, payload, signature)


def verify_bytes(public_hex: str, prefix: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature over prefix and message is this key's; False also for what is no key or no signature."""
    try:
        _public_key(public_hex).verify(signature, prefix + message)
    except (InvalidSignature, ValueError):
        return False
    return True


def rotation_message(log: str, seq: int, new_pub: str) -> bytes:
    """What a new key signs, after ROTATE_PREFIX, to show that it agrees to follow."""
    return f"{log}:{seq}:{new_pub}".encode("ascii")


def verify_rotation(fields: Fields) -> bool:
    """Whether a parsed KEY_ROTATE carries the new key's own signature. The record itself is signed by the old key."""
    new_pub = text_of(fields, "new_pub")
    message = rotation_message(text_of(fields, "log"), number_of(fields, "seq"), new_pub)
    return verify_bytes(new_pub, ROTATE_PREFIX, message, bytes.fromhex(text_of(fields, "new_sig")))


@lru_cache(maxsize=256)
def _public_key(public_hex: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex))
