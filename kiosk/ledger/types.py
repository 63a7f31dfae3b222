"""The table of record types: which fields each has and what they may hold (docs/ledger-format.md, sections 2 and 3).

Knows nothing of bytes, chains or the relations between fields; those are in rules.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kiosk.errors import LedgerError
from kiosk.ledger.canonical import Value
from kiosk.ledger.kinds import (
    COUNT,
    INTEGER,
    POSITIVE,
    WORD,
    Kind,
    choice,
    constant,
    hexadecimal,
    hexadecimal_or_empty,
    is_count,
    is_day,
    is_integer,
    is_positive,
    is_word,
    list_of,
    pattern,
    text,
)
from kiosk.time import SOURCES

Fields = Mapping[str, Value]
"""A record as names and values."""

VERSION = 1
ZERO_HASH = "0" * 64
"""Stands for the previous seal in the first one."""

PAYS = ("cash", "mobile", "credit", "free", "none")
"""Means of payment."""

MONEY_PAYS = ("cash", "mobile", "credit")
CASH_ONLY = ("cash",)
NO_PAY = ("none",)

SITE = pattern("a site code of 2 to 24 characters a-z 0-9 -", "[a-z0-9-]{2,24}")
CURRENCY = pattern("an ISO 4217 code of three letters A-Z", "[A-Z]{3}")
DEVICE = hexadecimal(16)
BOOT_ID = hexadecimal(16)
LOG = hexadecimal(32)
HASH = hexadecimal(64)
PUBLIC_KEY = hexadecimal(64)
TEXT = text(200)

_LOG_OR_EMPTY = hexadecimal_or_empty(32)
_HASH_OR_EMPTY = hexadecimal_or_empty(64)

COMMON: dict[str, Kind] = {
    "v": constant(VERSION),
    "t": WORD,
    "site": SITE,
    "dev": DEVICE,
    "log": LOG,
    "seq": POSITIVE,
    "prev": HASH,
    "id": hexadecimal(32),
    "boot": BOOT_ID,
    "bn": POSITIVE,
    "mono": COUNT,
    "wall": COUNT,
    "clk": choice(SOURCES, blank="none"),
    "unc": COUNT,
    "cur": CURRENCY,
    "amt": INTEGER,
    "pay": choice(PAYS),
    "cash": INTEGER,
    "sum_in": COUNT,
    "sum_out": COUNT,
    "box": INTEGER,
    "op": text(40),
    "op2": text(40),
    "ref_log": _LOG_OR_EMPTY,
    "ref": COUNT,
    "why": TEXT,
}
"""Fields of every record."""


_NO_REF = (True, False)
_REF = (False, True)
_ANY_REF = (True, True)


@dataclass(frozen=True, slots=True)
class RecordType:
    """One row of the table."""

    own: dict[str, Kind]
    """Its fields beside the common ones."""
    pays: tuple[str, ...] = NO_PAY
    """Means of payment that it may carry."""
    refs: tuple[bool, bool] = _NO_REF
    """Whether `ref` may be 0, and whether it may name a record."""
    why: bool = False
    """Whether `why` must say something."""
    op2: bool = False
    """Whether `op2` must name somebody."""


def _is_sealed_type(part: str) -> bool:
    return part in TYPE_NAMES and part != "TEST"  # a trial never counts


_SALE = {"svc": WORD, "qty": POSITIVE, "tar": COUNT, "ticket": TEXT, "port": COUNT, "energy_mwh": COUNT}
_CODED = {"code": WORD, "text": _HASH_OR_EMPTY}

FALLBACKS = ("SALE", "SETTLE", "PAYOUT", "FLOAT", "HANDOVER")
"""Types that a line of the paper notebook can stand for."""

_NOTEBOOK = {"as": choice(FALLBACKS), "slip": TEXT, "photo": _HASH_OR_EMPTY}

TYPES: dict[str, RecordType] = {
    "GENESIS": RecordType(
        {
            "act": HASH,
            "pub": PUBLIC_KEY,
            "card": _HASH_OR_EMPTY,
            "board": _HASH_OR_EMPTY,
            "old_log": _LOG_OR_EMPTY,
            "old_seq": COUNT,
            "old_hash": _HASH_OR_EMPTY,
            "seen_seq": COUNT,
            "seen_hash": _HASH_OR_EMPTY,
            "old_in": COUNT,
            "old_out": COUNT,
            "old_box": INTEGER,
        },
        CASH_ONLY,
    ),
    "BOOT": RecordType({"last_boot": hexadecimal_or_empty(16), "last_mono": COUNT}),
    "TIME_FIX": RecordType(
        {
            "fix_boot": BOOT_ID,
            "fix_mono": COUNT,
            "fix_utc": POSITIVE,
            "fix_src": choice(source for source in SOURCES if source != "none"),
            "fix_unc": COUNT,
            "super": COUNT,
        }
    ),
    "TARIFF": RecordType(
        {
            "tar": POSITIVE,
            "prices": list_of("a list svc:price, prices >= 0", (is_word, is_count), or_empty=False),
            "from": COUNT,
        }
    ),
    "DEPOSIT": RecordType({"ticket": TEXT, "port": COUNT, "svc": WORD}),
    "SALE": RecordType(_SALE, PAYS),
    "SETTLE": RecordType({"paid": POSITIVE}, ("cash", "mobile"), _REF),
    "VOID": RecordType({}, PAYS, _REF),
    "REFUND": RecordType({"given": POSITIVE}, MONEY_PAYS, _REF),
    "ADJUST": RecordType({}, PAYS, _REF, why=True),
    "FLOAT": RecordType({"sum": POSITIVE}, CASH_ONLY),
    "PAYOUT": RecordType({"sum": POSITIVE}, CASH_ONLY, why=True),
    "HANDOVER": RecordType({"sum": POSITIVE}, CASH_ONLY, op2=True),
    "CASH_COUNT": RecordType(
        {
            "counted": COUNT,
            "denoms": list_of('a list value:count by value, or ""', (is_positive, is_count), by_value=True),
            "change_why": TEXT,
        },
        CASH_ONLY,
    ),
    "LOSS": RecordType(
        {"lost_log": LOG, "from": POSITIVE, "to": POSITIVE, "lost_in": COUNT, "lost_out": COUNT, "lost_cash": INTEGER},
        why=True,
    ),
    "METER": RecordType({"shelf_wh": COUNT, "sessions": COUNT}),
    "SEAL": RecordType(
        {
            "num": POSITIVE,
            "first": POSITIVE,
            "last": POSITIVE,
            "sums": list_of(
                'a list type:count:amt:cash of known types but TEST, or ""',
                (_is_sealed_type, is_positive, is_integer, is_integer),
            ),
            "start": COUNT,
            "end": COUNT,
            "off": list_of('a list of days YYYYMMDD, or ""', (is_day,)),
            "root": HASH,
            "prev_seal": HASH,
        }
    ),
    "NOTE": RecordType(_CODED, refs=_ANY_REF),
    "TEST": RecordType(_CODED),
    "KEY_ROTATE": RecordType({"new_pub": PUBLIC_KEY, "new_sig": hexadecimal(128)}),
}
"""Every type but FALLBACK, which borrows the row of the type that its `as` names."""


def _fallback(name: str) -> RecordType:
    row = TYPES[name]
    refs = (row.refs[0], True)
    return RecordType(row.own | _NOTEBOOK, row.pays, refs, row.why, row.op2)


FALLBACK_TYPES: dict[str, RecordType] = {name: _fallback(name) for name in FALLBACKS}
"""FALLBACK's rows by their `as`."""

TYPE_NAMES = frozenset(TYPES) | {"FALLBACK"}

_KINDS = {name: COMMON | row.own for name, row in TYPES.items()}
_FALLBACK_KINDS = {name: COMMON | row.own for name, row in FALLBACK_TYPES.items()}


def row_of(fields: Fields) -> RecordType:
    """The table's row for a record whose `t` (and `as`) are known to be right."""
    name = text_of(fields, "t")
    return FALLBACK_TYPES[text_of(fields, "as")] if name == "FALLBACK" else TYPES[name]


def kinds_of(fields: Fields) -> dict[str, Kind]:
    """All fields that a record must have, by its `v`, `t` and `as`.

    Raises LedgerError `field` where one of these is missing, `value` where one is unknown.
    """
    version, name = fields.get("v"), fields.get("t")
    if version is None or name is None:
        raise LedgerError("field", "v and t must be there")
    if version != VERSION:
        raise LedgerError("value", f"v is {str(version)[:20]!r}; this reader knows version {VERSION}")
    if name not in TYPE_NAMES:
        raise LedgerError("value", f"t is {str(name)[:40]!r}, which is not a type of version {VERSION}")
    if name != "FALLBACK":
        return _KINDS[str(name)]
    stands_for = fields.get("as")
    if stands_for is None:
        raise LedgerError("field", "FALLBACK: as must be there")
    if stands_for not in FALLBACK_TYPES:
        raise LedgerError("value", f"FALLBACK: as is {str(stands_for)[:40]!r}; it must be one of {' '.join(FALLBACKS)}")
    return _FALLBACK_KINDS[str(stands_for)]


def text_of(fields: Fields, name: str) -> str:
    """A field that is a string by the table."""
    value = fields[name]
    if type(value) is not str:
        raise TypeError(f"{name} is not a string: the record was never checked")
    return value


def number_of(fields: Fields, name: str) -> int:
    """A field that is an integer by the table."""
    value = fields[name]
    if type(value) is not int:
        raise TypeError(f"{name} is not an integer: the record was never checked")
    return value
