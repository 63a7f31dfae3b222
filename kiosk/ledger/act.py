"""The act that brings a site, its device and its keys together (docs/ledger-format.md, section 7). Knows no record."""

from __future__ import annotations

from hashlib import sha256

from kiosk.errors import LedgerError
from kiosk.ledger import canonical
from kiosk.ledger.canonical import Value
from kiosk.ledger.kinds import POSITIVE, Kind, choice, constant
from kiosk.ledger.types import CURRENCY, DEVICE, PUBLIC_KEY, SITE, TEXT, VERSION, Fields

SITE_KINDS = ("school", "health", "other")

ACT: dict[str, Kind] = {
    "v": constant(VERSION),
    "kind": choice(("act",), blank="act"),
    "site": SITE,
    "name": TEXT,
    "commune": TEXT,
    "site_kind": choice(SITE_KINDS),
    "dev": DEVICE,
    "cur": CURRENCY,
    "pub": PUBLIC_KEY,
    "ingest_key": PUBLIC_KEY,
    "ingest_next": PUBLIC_KEY,
    "issued": POSITIVE,
}
"""Fields of an act; all are there."""


def encode(fields: Fields) -> bytes:
    """The exact bytes of an act. Raises LedgerError with the code that a reader of those bytes would give."""
    act = canonical.dump(fields)
    _check(fields)
    return act


def parse(act: bytes) -> dict[str, Value]:
    """The fields of an act.

    Raises LedgerError `size`, `utf8`, `json`, `canonical`, `field` or `value`, checked in this order.
    """
    fields = canonical.load(act)
    _check(fields)
    return fields


def act_hash(act: bytes) -> str:
    """SHA-256 of the act's bytes as 64 hex characters: `prev` and `act` of GENESIS."""
    return sha256(act).hexdigest()


def _check(fields: Fields) -> None:
    if fields.keys() != ACT.keys():
        raise LedgerError("field", f"an act has exactly the members {' '.join(sorted(ACT))}")
    for name, kind in ACT.items():
        if not kind.holds(fields[name]):
            raise LedgerError("value", f"act: {name} must be {kind.says}, is {str(fields[name])[:60]!r}")
