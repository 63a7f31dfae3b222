"""What programs of this computer may ask of the agent: each verb, its arguments, and who does it. Knows no socket.

A request is {"do": verb, argument: value, ...}; an answer {"ok": true, ...} or {"ok": false, "code", "error"}.
`press` is the id of the wish (32 hex), made by the asking program: with the same one again nothing happens twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from edge_agent.outbox.database import StorageFull
from edge_agent.till.errors import TillError
from edge_agent.till.till import Till

_PRESS = re.compile(r"[0-9a-f]{32}")
_TEXT_MAX = 200
_INTEGER_LIMIT = 2**53
_COINS_MAX = 32
_TIME_LEAST_MS = 1_500_000_000_000
"""A typed time before 2017 is a typing error."""
_TYPED_UNCERTAINTY_MS = 120_000


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be asked for."""

    run: Callable[..., dict[str, Any]]
    required: Mapping[str, type]
    optional: Mapping[str, type]
    writes: bool = True


class Desk:
    """Answers requests, one after the other, in the agent's thread."""

    def __init__(
        self,
        till: Till,
        *,
        status: Callable[[], dict[str, Any]],
        offer_time: Callable[[str, int, int], bool],
        written: Callable[[], None],
    ) -> None:
        """`written` is told after each new record."""
        self._till = till
        self._status = status
        self._offer_time = offer_time
        self._written = written
        self.verbs = self._table()

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Never raises, whatever the request."""
        try:
            verb, arguments = self._checked(request)
            result = verb.run(**arguments)
        except TillError as error:
            return {"ok": False, "code": error.code, "error": str(error)}
        except StorageFull as error:
            return {"ok": False, "code": "storage", "error": f"nothing was written: {error}"}
        if verb.writes and not result.get("repeated", False):
            self._written()
        return {"ok": True} | result

    def _table(self) -> dict[str, Verb]:
        till = self._till
        person: dict[str, type] = {"op": str}
        return {
            "status": Verb(self._status, {}, {}, writes=False),
            "sale": Verb(
                self._receipt(till.sale), {"service": str},
                {"qty": int, "pay": str, "port": int, "ticket": str, "energy_mwh": int} | person,
            ),
            "deposit": Verb(self._receipt(till.deposit), {"service": str, "ticket": str}, {"port": int} | person),
            "void": Verb(self._receipt(till.void), {"seq": int}, {"log": str, "why": str} | person),
            "refund": Verb(
                self._receipt(till.refund), {"seq": int, "given": int},
                {"pay": str, "log": str, "op2": str, "why": str} | person,
            ),
            "settle": Verb(self._receipt(till.settle), {"seq": int, "paid": int}, {"pay": str, "log": str} | person),
            "adjust": Verb(
                self._receipt(till.adjust), {"seq": int, "why": str},
                {"amount": int, "cash": int, "pay": str, "log": str} | person,
            ),
            "float": Verb(self._receipt(till.float_), {"amount": int}, {"why": str} | person),
            "payout": Verb(self._receipt(till.payout), {"amount": int, "why": str}, {"op2": str} | person),
            "handover": Verb(self._receipt(till.handover), {"amount": int, "receiver": str}, {"why": str} | person),
            "count": Verb(
                self._receipt(till.count), {"counted": int},
                {"coins": list, "op2": str, "why": str, "change_why": str} | person,
            ),
            "fallback": Verb(
                self._receipt(till.fallback), {"as_": str, "slip": str, "amount": int},
                {"counted_already": bool, "pay": str, "service": str, "seq": int, "photo": str, "op2": str, "why": str}
                | person,
            ),
            "note": Verb(self._receipt(till.note), {"code": str}, {"text_hash": str, "seq": int} | person),
            "test": Verb(self._receipt(till.test), {"code": str}, {}),
            "close": Verb(lambda press_id=None: asdict(till.seal(press_id)), {}, {}),
            "time": Verb(self._take_time, {"utc_ms": int}, {}, writes=False),
        }  # fmt: skip

    def _receipt(self, action: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
        return lambda **arguments: asdict(action(**arguments))

    def _take_time(self, utc_ms: int, press_id: str | None = None) -> dict[str, Any]:  # noqa: ARG002 - writes nothing twice
        if utc_ms < _TIME_LEAST_MS:
            raise TillError("amount", f"{utc_ms} is not a time of today in milliseconds since 1970")
        return {"believed": self._offer_time("typed", utc_ms, _TYPED_UNCERTAINTY_MS)}

    def _checked(self, request: Mapping[str, Any]) -> tuple[Verb, dict[str, Any]]:
        name = request.get("do")
        verb = self.verbs.get(name) if isinstance(name, str) else None
        if verb is None:
            raise TillError("verb", f'"do" must be one of {", ".join(self.verbs)}')
        known = dict(verb.required) | dict(verb.optional)
        arguments: dict[str, Any] = {}
        for key, value in request.items():
            if key == "do":
                continue
            if key == "press":
                arguments["press_id"] = _press(value)
            elif key not in known:
                raise TillError(
                    "argument", f"{name}: {key[:40]!r} is not known; there are {', '.join(known) or 'none'}"
                )
            else:
                arguments[key] = _value(key, value, known[key])
        missing = [key for key in verb.required if key not in arguments]
        if missing:
            raise TillError("argument", f"{name}: {', '.join(missing)} missing")
        if name == "status":
            arguments.pop("press_id", None)
        return verb, arguments


def _press(value: object) -> str:
    if not isinstance(value, str) or not _PRESS.fullmatch(value):
        raise TillError("argument", "press must be 32 lowercase hexadecimal digits")
    return value


def _value(key: str, value: object, kind: type) -> Any:
    if kind is list:
        return _coins(value)
    if type(value) is not kind:
        raise TillError("argument", f"{key} must be {'an integer' if kind is int else kind.__name__}")
    if isinstance(value, str) and len(value) > _TEXT_MAX:
        raise TillError("text", f"{key} is longer than {_TEXT_MAX} characters")
    if isinstance(value, int) and abs(value) >= _INTEGER_LIMIT:
        raise TillError("amount", f"{key} is too large")
    return value


def _coins(value: object) -> list[tuple[int, int]]:
    """[[value, how many], ...]"""
    if not isinstance(value, list) or len(value) > _COINS_MAX:
        raise TillError("argument", "coins are a list of [value, how many]")
    coins = []
    for item in value:
        if not isinstance(item, list) or len(item) != 2 or not all(type(part) is int and part >= 0 for part in item):
            raise TillError("argument", "coins are a list of [value, how many], both integers")
        coins.append((item[0], item[1]))
    return coins
