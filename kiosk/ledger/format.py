"""A record between its fields and its exact bytes (docs/ledger-format.md, sections 1 to 3). Sees one record alone."""

from __future__ import annotations

from kiosk.errors import LedgerError
from kiosk.ledger import canonical, rules
from kiosk.ledger.canonical import Value
from kiosk.ledger.kinds import Kind, format_list, parse_list
from kiosk.ledger.types import COMMON, FALLBACK_TYPES, TYPES, Fields, kinds_of

__all__ = ["blank", "encode", "format_list", "parse", "parse_list"]


def encode(fields: Fields) -> bytes:
    """The exact bytes of a record, to be hashed, signed and stored.

    Raises LedgerError with the code that a reader of those bytes would give.
    """
    payload = canonical.dump(fields)
    _check(fields)
    return payload


def parse(payload: bytes) -> dict[str, Value]:
    """The fields of a record, all of them, in the order of their names.

    Raises LedgerError `size`, `utf8`, `json`, `canonical`, `field`, `value` or `rule`, checked in this order; never
    another exception, whatever the bytes.
    """
    fields = canonical.load(payload)
    _check(fields)
    return fields


def blank(t: str, as_: str = "") -> dict[str, Value]:
    """All fields of a type with "" or 0 in them, `v`, `t`, `clk`, and `pay` where the type allows one means only.

    `as_` is the type that a FALLBACK stands for. Raises KeyError for a type that is not in the table.
    """
    row = FALLBACK_TYPES[as_] if t == "FALLBACK" else TYPES[t]
    fields = {name: kind.blank for name, kind in (COMMON | row.own).items()}
    fields["t"] = t
    if as_:
        fields["as"] = as_
    if len(row.pays) == 1:
        fields["pay"] = row.pays[0]
    return fields


def _check(fields: Fields) -> None:
    kinds = kinds_of(fields)
    if fields.keys() != kinds.keys():
        raise LedgerError("field", _names_wrong(fields, kinds))
    for name, kind in kinds.items():
        if not kind.holds(fields[name]):
            raise LedgerError("value", f"{fields['t']}: {name} must be {kind.says}, is {str(fields[name])[:60]!r}")
    rules.check(fields)


def _names_wrong(fields: Fields, kinds: dict[str, Kind]) -> str:
    missing = " ".join(sorted(kinds.keys() - fields.keys()))
    unknown = " ".join(sorted(fields.keys() - kinds.keys()))[:120]
    return f"{fields['t']}: missing [{missing}], not of the type [{unknown}]"
