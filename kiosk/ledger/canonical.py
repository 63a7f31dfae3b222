"""Flat JSON in its one spelling (docs/ledger-format.md, section 1). Knows nothing of record types."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import NoReturn

from kiosk.errors import LedgerError

Value = str | int
"""What a member of a payload can hold."""

SIZE_MAX = 4_096
"""Bytes of a payload, at most."""

INTEGER_LIMIT = 2**53
"""Integers lie strictly between minus this and this, so that every JSON reader in the world sees the same number."""

_STRING_OR_INTEGER = {str, int}
_FORBIDDEN = re.compile("[\x00-\x1f\x7f]")
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"))


def dump(fields: Mapping[str, Value]) -> bytes:
    """The canonical bytes of a flat object.

    Raises LedgerError: `json` for a value that is neither string nor integer, `canonical` for a name, string or integer
    outside the format, `size` above SIZE_MAX bytes.
    """
    members = dict(fields)
    if not set(map(type, members.values())) <= _STRING_OR_INTEGER:
        raise LedgerError("json", "every value must be a string or an integer (amounts: integers in minor units)")
    names = "".join(members)
    if not names.isascii():
        raise LedgerError("canonical", "member names must be ASCII")
    _check_integers([value for value in members.values() if type(value) is int])
    if _FORBIDDEN.search(names + "".join([value for value in members.values() if type(value) is str])):
        raise LedgerError("canonical", "strings must not contain control characters; remove line ends and tabs")
    text = _ENCODER.encode(members)
    # Quotes compose with nothing in Unicode, so the text is NFC exactly when each of its strings is.
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        raise LedgerError("canonical", "strings must be Unicode NFC; normalize what was typed before writing it")
    try:
        payload = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise LedgerError("canonical", "strings must not contain lone surrogates") from error
    if len(payload) > SIZE_MAX:
        raise LedgerError("size", f"{len(payload)} bytes; at most {SIZE_MAX} are allowed, shorten the texts")
    return payload


def load(payload: bytes) -> dict[str, Value]:
    """The members of canonical bytes, in their order.

    Raises LedgerError `size`, `utf8`, `json` or `canonical`, checked in this order; never another exception,
    whatever the bytes.
    """
    if len(payload) > SIZE_MAX:
        raise LedgerError("size", f"{len(payload)} bytes; at most {SIZE_MAX} are allowed")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LedgerError("utf8", f"byte {error.start} is not UTF-8") from error
    try:
        members = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise LedgerError("json", f"not one JSON object: {error}") from error
    if type(members) is not dict or not set(map(type, members.values())) <= _STRING_OR_INTEGER:
        raise LedgerError("json", "not one flat JSON object of strings and integers")
    if dump(members) != payload:
        raise LedgerError("canonical", "another spelling of the same members: order, white space, escape or -0")
    return members


def _check_integers(integers: list[int]) -> None:
    if integers and (max(integers) >= INTEGER_LIMIT or min(integers) <= -INTEGER_LIMIT):
        raise LedgerError("canonical", "integers must lie strictly between -2^53 and 2^53")


def _members(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise LedgerError("json", "a name appears twice")
    return members


def _refuse_number(spelling: str) -> NoReturn:
    raise LedgerError("json", f"{spelling[:40]} is not an integer; fractions and exponents are not written")


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_float=_refuse_number, parse_constant=_refuse_number)
