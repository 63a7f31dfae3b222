"""What amounts, means, references and reasons must be, type by type (docs/ledger-format.md, section 3).

Looks at one record alone, whose fields are known to be of their kinds; knows no bytes and no other record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kiosk.errors import LedgerError
from kiosk.ledger.kinds import parse_list
from kiosk.ledger.types import MONEY_PAYS, TYPES, ZERO_HASH, Fields, row_of

_Checked = Mapping[str, Any]
"""A record whose fields passed their kinds, so that integers and strings stand where the table says."""

COUNTED = "counted"
"""Reason of a FALLBACK whose coins a count has already included: it leaves the box alone."""


def check(fields: Fields) -> None:
    """Raise LedgerError `rule` where one of section 3's rules does not hold."""
    record: _Checked = fields
    _check_frame(record)
    name = record["as"] if record["t"] == "FALLBACK" else record["t"]
    amt, cash = effects(record)
    if (record["amt"], record["cash"]) != (amt, cash):
        raise _broken(record, f"amt and cash must be {amt} and {cash}, are {record['amt']} and {record['cash']}")
    special = _SPECIAL.get(name)
    if special is not None:
        special(record)


def effects(fields: Fields) -> tuple[int, int]:
    """The (amt, cash) that a record must have by its other fields; where a type leaves one free, the one it has."""
    record: _Checked = fields
    if record["t"] != "FALLBACK":
        return _EFFECTS[record["t"]](record)
    amt, cash = _EFFECTS[record["as"]](record)
    return amt, 0 if record["why"] == COUNTED else cash


def _check_frame(record: _Checked) -> None:
    """The rules that every type shares."""
    row = row_of(record)
    if (record["seq"] == 1) != (record["t"] == "GENESIS"):
        raise _broken(record, "seq 1 is GENESIS, and GENESIS is only seq 1")
    if (record["wall"] == 0) != (record["clk"] == "none"):
        raise _broken(record, "wall must be 0 exactly when clk is none")
    if record["pay"] not in row.pays:
        raise _broken(record, f"pay must be one of {' '.join(row.pays)}, is {record['pay']}")
    if not row.refs[record["ref"] > 0]:
        raise _broken(record, "ref must be 0" if row.refs[0] else "ref must name the record meant")
    if record["ref_log"] and not record["ref"]:
        raise _broken(record, 'ref_log must be "" where ref is 0')
    if record["ref_log"] in ("", record["log"]) and record["ref"] >= record["seq"]:
        raise _broken(record, "ref must name an earlier record")
    if row.why and not record["why"]:
        raise _broken(record, "why must say the reason")
    if row.op2 and not record["op2"]:
        raise _broken(record, "op2 must name who receives")


def _nothing(_record: _Checked) -> tuple[int, int]:
    return 0, 0


def _free(record: _Checked) -> tuple[int, int]:
    return record["amt"], record["cash"]


def _into_box(record: _Checked, amount: int) -> int:
    return amount if record["pay"] == "cash" else 0


_EFFECTS: dict[str, Callable[[_Checked], tuple[int, int]]] = dict.fromkeys(TYPES, _nothing) | {
    "GENESIS": lambda record: (0, record["cash"]),
    "SALE": lambda record: (record["amt"], _into_box(record, record["amt"])),
    "SETTLE": lambda record: (0, _into_box(record, record["paid"])),
    "VOID": _free,
    "REFUND": lambda record: (-record["given"], _into_box(record, -record["given"])),
    "ADJUST": _free,
    "FLOAT": lambda record: (0, record["sum"]),
    "PAYOUT": lambda record: (0, -record["sum"]),
    "HANDOVER": lambda record: (0, -record["sum"]),
    "CASH_COUNT": lambda record: (0, record["cash"]),
}


def _check_genesis(record: _Checked) -> None:
    if record["act"] != record["prev"]:
        raise _broken(record, "prev must be the hash of the act")


def _check_time_fix(record: _Checked) -> None:
    if record["super"] >= record["seq"]:
        raise _broken(record, "super must name an earlier TIME_FIX")


def _check_sale(record: _Checked) -> None:
    if record["amt"] < 0:
        raise _broken(record, "amt must not be negative; write a VOID or a REFUND")
    if record["amt"] > 0 and record["pay"] not in MONEY_PAYS:
        raise _broken(record, f"pay must be one of {' '.join(MONEY_PAYS)} where amt is not 0")


def _check_count(record: _Checked) -> None:
    if record["box"] != record["counted"]:
        raise _broken(record, "box must be what was counted: cash is counted minus the box before it")
    coins = parse_list(record["denoms"], by_value=True)
    if coins and sum(int(value) * int(count) for value, count in coins) != record["counted"]:
        raise _broken(record, "denoms must add up to counted")


def _check_loss(record: _Checked) -> None:
    if record["to"] < record["from"]:
        raise _broken(record, "to must not lie before from")


def _check_seal(record: _Checked) -> None:
    if not record["first"] <= record["last"] == record["seq"] - 1:
        raise _broken(record, "last must be the seq before the seal's own, and first not after it")
    if not (record["num"] == 1) == (record["first"] == 1) == (record["prev_seal"] == ZERO_HASH):
        raise _broken(record, "num 1, first 1 and a prev_seal of zeros go together: the first seal of the log")


_SPECIAL: dict[str, Callable[[_Checked], None]] = {
    "GENESIS": _check_genesis,
    "TIME_FIX": _check_time_fix,
    "SALE": _check_sale,
    "CASH_COUNT": _check_count,
    "LOSS": _check_loss,
    "SEAL": _check_seal,
}


def _broken(record: _Checked, must: str) -> LedgerError:
    return LedgerError("rule", f"{record['t']} {record['seq']}: {must}")
