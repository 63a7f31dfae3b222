"""Ledger sections: what one record alone must be, in the order of the design's table, before its log is looked at.

bytes and fields -> site, device and key -> signature. What fails is kept raw in ledger_disputed and not acknowledged;
after enough intact copies its place in the log becomes a hole that is passed, so that nothing blocks for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from kiosk.errors import LedgerError
from kiosk.ledger import format as ledger_format
from kiosk.ledger.canonical import Value
from kiosk.ledger.chain import record_hash
from kiosk.ledger.signing import verify, verify_rotation
from kiosk.ledger.types import number_of, text_of
from kiosk.wire.records import SignedRecord
from store.ledger_logs import LogKey
from store.sites import DeviceKey


@dataclass(frozen=True, slots=True)
class Sender:
    """Where a record came from, and the keys that may have signed it."""

    site: str
    """Of the topic and the header, which agree."""
    log: str
    """As the section says."""
    device_keys: Mapping[str, DeviceKey]
    """Of the site, by key id."""
    log_keys: Sequence[LogKey]
    """Of the log; empty before its GENESIS."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A record that is right in itself."""

    seq: int
    fields: Mapping[str, Value]
    signed: SignedRecord
    hash: str
    verified: bool
    """False only for a key that nobody knows yet: a KEY_ROTATE that has not come may bring it."""

    @property
    def t(self) -> str:
        """Its type."""
        return text_of(self.fields, "t")

    @property
    def boot(self) -> str:
        """The life of the agent that wrote it."""
        return text_of(self.fields, "boot")

    @property
    def boot_number(self) -> int:
        """That life's number."""
        return number_of(self.fields, "bn")

    @property
    def mono_ms(self) -> int:
        """The instant in that life."""
        return number_of(self.fields, "mono")

    @property
    def press_id(self) -> str:
        """Minted when the button was pressed."""
        return text_of(self.fields, "id")

    @property
    def prev(self) -> str:
        """The hash that it says the record before it has."""
        return text_of(self.fields, "prev")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why bytes are not taken as a record."""

    reason: str
    security: bool = False


def check(sender: Sender, seq: int, signed: SignedRecord, *, was_verified: bool = False) -> Checked | Refusal:
    """Judge one record alone; `seq` is its place as the section says. `was_verified`: its signature was, before."""
    try:
        fields = ledger_format.parse(signed.payload)
    except LedgerError as error:
        return Refusal(str(error))
    if (fields["log"], fields["seq"]) != (sender.log, seq):
        return Refusal(f"the record says log {fields['log']} seq {fields['seq']}, its section another place")
    if fields["site"] != sender.site:
        return Refusal(f"a record of {fields['site']} in a frame of {sender.site}", security=True)
    checked = Checked(seq, fields, signed, record_hash(signed.payload), verified=True)
    key = sender.device_keys.get(signed.key_id)
    if key is None:
        return Checked(seq, fields, signed, checked.hash, verified=False)
    return _check_key(sender, key, checked, was_verified=was_verified) or checked


def _check_key(sender: Sender, key: DeviceKey, checked: Checked, *, was_verified: bool) -> Refusal | None:
    fields, signed = checked.fields, checked.signed
    if fields["dev"] != key.dev:
        return Refusal(f"key {key.key_id} belongs to device {key.dev}, not {fields['dev']}", security=True)
    if not may_sign(sender.log_keys, key.key_id, checked.seq):
        return Refusal(f"key {key.key_id} may not sign record {checked.seq} of this log", security=True)
    if not was_verified and not verify(key.public_key, signed.payload, signed.signature):
        return Refusal("the signature is wrong", security=True)
    if checked.t == "GENESIS" and fields["pub"] != key.public_key:
        return Refusal("GENESIS must be signed by the key it carries", security=True)
    if checked.t == "KEY_ROTATE" and not verify_rotation(fields):
        return Refusal("new_sig is not the new key's signature", security=True)
    return None


def may_sign(log_keys: Sequence[LogKey], key_id: str, seq: int) -> bool:
    """Whether a key was in force at a place of a log; before GENESIS has come, any key of the site's devices may be."""
    if not log_keys:
        return True
    return any(
        key.key_id == key_id and key.from_seq <= seq and (key.until_seq is None or seq <= key.until_seq)
        for key in log_keys
    )


def digest_of(log: str, seq: int, signed: SignedRecord) -> str:
    """Names exact bytes at a place, so that copies of them can be counted."""
    head = f"{log}:{seq}:{signed.key_id}:".encode("ascii")
    return sha256(head + signed.signature + signed.payload).hexdigest()


def loss_of(checked: Checked) -> tuple[str, int, int]:
    """Log, first and last number of the hole that a LOSS declares."""
    fields = checked.fields
    return text_of(fields, "lost_log"), number_of(fields, "from"), number_of(fields, "to")
