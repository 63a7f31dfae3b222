"""A second reader of coding 3 of ledger sections, from docs/wire.md alone: no kiosk, believes its input."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

COMMON = (
    "v site dev log seq prev id boot bn mono wall clk unc cur amt pay cash sum_in sum_out box op op2 ref_log ref why"
)
OWN = {
    "GENESIS": "act pub card board old_log old_seq old_hash seen_seq seen_hash old_in old_out old_box",
    "BOOT": "last_boot last_mono",
    "TIME_FIX": "fix_boot fix_mono fix_utc fix_src fix_unc super",
    "TARIFF": "tar prices from",
    "DEPOSIT": "ticket port svc",
    "SALE": "svc qty tar ticket port energy_mwh",
    "SETTLE": "paid",
    "VOID": "",
    "REFUND": "given",
    "ADJUST": "",
    "FLOAT": "sum",
    "PAYOUT": "sum",
    "HANDOVER": "sum",
    "CASH_COUNT": "counted denoms change_why",
    "LOSS": "lost_log from to lost_in lost_out lost_cash",
    "METER": "shelf_wh sessions",
    "SEAL": "num first last sums start end off root prev_seal",
    "NOTE": "code text",
    "TEST": "code text",
    "KEY_ROTATE": "new_pub new_sig",
}
SPELLED = (
    "site dev log prev id boot clk cur pay op op2 ref_log why act pub card board old_log old_hash seen_hash last_boot "
    "fix_boot fix_src prices ticket svc denoms change_why lost_log sums off root prev_seal code text new_pub new_sig"
)
TEXTS = set(SPELLED.split())
WORKED_OUT = {"v", "site", "dev", "log", "cur", "seq", "prev", "sum_in", "sum_out", "box"}
START = {"v": 1, "cur": "XOF", "pay": "cash", "clk": "server", "qty": 1}


class Source(Protocol):
    """Bytes from the front."""

    def bytes(self, count: int) -> bytes: ...

    def unsigned(self, count: int) -> int: ...

    def varint(self) -> int: ...


def read_table(
    source: Source, count: int, log: str, first: int, following: Callable[[bytes, bytes], bytes]
) -> list[bytes]:
    """`following` rebuilds a record from its own members and the payload before it, as in form 1."""
    last: dict[str, Any] = {}
    payloads: list[bytes] = []
    for seq in range(first, first + count):
        head = source.unsigned(1)
        if head == 0:
            payloads.append(source.bytes(source.varint()))
            continue
        own = _own(source, head, log, seq, last)
        payload = json.dumps(own, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        payloads.append(following(payload, payloads[-1]) if head % 2 else payload)
        last |= json.loads(payloads[-1])
    return payloads


def _own(source: Source, head: int, log: str, seq: int, last: dict[str, Any]) -> dict[str, Any]:
    kind = list(OWN)[head // 2 - 1]
    names = sorted({*COMMON.split(), *OWN[kind].split()} - (WORKED_OUT if head % 2 else set()))
    marks = int.from_bytes(source.bytes((len(names) + 7) // 8), "little")
    members: dict[str, Any] = {}
    for at, name in enumerate(names):
        if marks >> at & 1:
            members[name] = _value(source) + (last.get("mono", 0) if name == "mono" else 0 if name not in TEXTS else "")
        elif name == "cash":
            members[name] = members["amt"]
        elif name == "wall" and last.get("wall"):
            members[name] = last["wall"] + members["mono"] - last["mono"]
        else:
            told = {"log": log, "seq": seq}
            members[name] = told.get(name, last.get(name, START.get(name, "" if name in TEXTS else 0)))
    return members | {"t": kind}


def _value(source: Source) -> Any:
    head = source.varint()
    if head % 4 == 0:
        return (head // 4 + 1) // -2 if head // 4 % 2 else head // 4 // 2
    octets = source.bytes(head // 4)
    return octets.hex() if head % 4 == 1 else octets.decode()
