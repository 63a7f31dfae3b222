"""What people do at the till: sales, corrections, cash. Each is a signed record on the disk before the answer is given.

Knows no driver, no screen and no link. Amounts are integers in minor units. A press that is known already gives the
same answer again and changes nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.till import corrections
from edge_agent.till.book import Written
from edge_agent.till.duties import Duties
from edge_agent.till.errors import TillError
from kiosk.errors import LedgerError
from kiosk.ledger.format import format_list

OP2_ABOVE_MINOR = 5_000
"""Refunds and payouts above this need a second person."""
QTY_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """A record as the person who asked for it sees it."""

    seq: int
    amount_minor: int
    """Effect on income, signed."""
    box_minor: int
    """What must be in the cash box after it."""
    repeated: bool
    """The press was known: nothing new was written."""


class Till(Duties):
    """The till of one kiosk."""

    op2_above_minor = OP2_ABOVE_MINOR

    def service_of(self, button: str) -> str | None:
        """What a button sells; None if it has no price."""
        service = self._buttons.get(button)
        return service if service in self._prices else None

    @property
    def prices(self) -> dict[str, int]:
        """Service -> price, as signed in the last TARIFF."""
        return dict(self._prices)

    def sale(
        self, service: str, qty: int = 1, pay: str = "cash", press_id: str | None = None, *,
        port: int = 0, ticket: str = "", energy_mwh: int = 0, op: str = "", why: str = "",
    ) -> Receipt:  # fmt: skip
        """Sell; `pay` free or none costs nothing. Raises TillError `service` for one without a price."""
        if (known := self._known(press_id)) is not None:
            return known
        if service not in self._prices:
            there = ", ".join(sorted(self._prices)) or "none: add [[tariff]] to the configuration"
            raise TillError("service", f"{service!r} has no price; services: {there}")
        if not 1 <= qty <= QTY_MAX:
            raise TillError("amount", f"qty must be 1 to {QTY_MAX}, is {qty}")
        amount = 0 if pay in ("free", "none") else qty * self._prices[service]
        return self._record(
            "SALE", press_id, amt=amount, pay=pay if amount or pay == "none" else "free",
            cash=amount if pay == "cash" else 0,
            svc=service, qty=qty, tar=self._tariff, port=port, ticket=ticket, energy_mwh=energy_mwh, op=op, why=why,
        )  # fmt: skip

    def deposit(
        self, service: str, ticket: str, press_id: str | None = None, *, port: int = 0, op: str = ""
    ) -> Receipt:
        """Take a telephone in against a ticket; nothing is paid yet."""
        return self._record("DEPOSIT", press_id, svc=service, ticket=ticket, port=port, op=op)

    def void(self, seq: int, press_id: str | None = None, *, log: str = "", op: str = "", why: str = "") -> Receipt:
        """Take a record back within a minute, once, with all its effects."""
        if (known := self._known(press_id)) is not None:
            return known
        original = self._original(seq, log)
        references = self.book.references(original.log, seq)
        corrections.check_void(original, references, self._life.boot, self._clock.monotonic_ms())
        return self._record(
            "VOID", press_id, amt=-original.fields["amt"], cash=-original.fields["cash"], pay=original.fields["pay"],
            ref=seq, ref_log=self._ref_log(original), op=op, why=why,
        )  # fmt: skip

    def refund(
        self, seq: int, given: int, pay: str = "cash", press_id: str | None = None, *,
        log: str = "", op: str = "", op2: str = "", why: str = "",
    ) -> Receipt:  # fmt: skip
        """Give back a sale, or part of it; `pay` credit lets its debt fall instead."""
        if (known := self._known(press_id)) is not None:
            return known
        self._check_sum(given)
        sale = self._original(seq, log)
        corrections.check_refund(sale, self._standing(sale), given, pay)
        self._check_second(given, op2)
        return self._record(
            "REFUND", press_id, amt=-given, cash=-given if pay == "cash" else 0, pay=pay, given=given,
            ref=seq, ref_log=self._ref_log(sale), op=op, op2=op2, why=why,
        )  # fmt: skip

    def settle(
        self, seq: int, paid: int, pay: str = "cash", press_id: str | None = None, *, log: str = "", op: str = ""
    ) -> Receipt:
        """A sale on credit is paid, or part of it."""
        if (known := self._known(press_id)) is not None:
            return known
        self._check_sum(paid)
        sale = self._original(seq, log)
        corrections.check_settle(sale, self._standing(sale), paid)
        return self._record(
            "SETTLE", press_id, cash=paid if pay == "cash" else 0, pay=pay, paid=paid,
            ref=seq, ref_log=self._ref_log(sale), op=op,
        )  # fmt: skip

    def adjust(
        self, seq: int, why: str, press_id: str | None = None, *,
        amount: int = 0, cash: int = 0, pay: str = "none", log: str = "", op: str = "",
    ) -> Receipt:  # fmt: skip
        """Correct an old record in the current period, with a reason."""
        original = self._original(seq, log)
        self._check_text("why", why)
        return self._record(
            "ADJUST", press_id, amt=amount, cash=cash, pay=pay, ref=seq, ref_log=self._ref_log(original), op=op, why=why
        )

    def float_(self, amount: int, press_id: str | None = None, *, op: str = "", why: str = "") -> Receipt:
        """Coins put into the box that are no income."""
        self._check_sum(amount)
        return self._record("FLOAT", press_id, cash=amount, sum=amount, op=op, why=why)

    def payout(self, amount: int, why: str, press_id: str | None = None, *, op: str = "", op2: str = "") -> Receipt:
        """An expense paid from the box."""
        self._check_sum(amount)
        self._check_text("why", why)
        self._check_second(amount, op2)
        return self._record("PAYOUT", press_id, cash=-amount, sum=amount, op=op, op2=op2, why=why)

    def handover(
        self, amount: int, receiver: str, press_id: str | None = None, *, op: str = "", why: str = ""
    ) -> Receipt:
        """Coins handed to the treasurer; METER is written before it."""
        if (known := self._known(press_id)) is not None:
            return known
        self._check_sum(amount)
        if not receiver:
            raise TillError("person", "name who receives the money")
        self.meter()
        return self._record("HANDOVER", press_id, cash=-amount, sum=amount, op=op, op2=receiver, why=why)

    def count(
        self, counted: int, press_id: str | None = None, *,
        coins: Sequence[tuple[int, int]] = (), op: str = "", op2: str = "", why: str = "", change_why: str = "",
    ) -> Receipt:  # fmt: skip
        """The box was counted; `coins` are (value, how many). Over or short becomes part of the record."""
        if (known := self._known(press_id)) is not None:
            return known
        if counted < 0:
            raise TillError("amount", f"counted must be 0 or more, is {counted}")
        if coins and sum(value * number for value, number in coins) != counted:
            raise TillError("amount", "the coins do not add up to what was counted; count again")
        assert self.book.head is not None  # noqa: S101 - open() came first
        return self._record(
            "CASH_COUNT", press_id, cash=counted - self.book.head.box, counted=counted,
            denoms=self._coins(coins), op=op, op2=op2, why=why, change_why=change_why,
        )  # fmt: skip

    def fallback(
        self, as_: str, slip: str, press_id: str | None = None, *, amount: int, counted_already: bool = False,
        pay: str = "cash", service: str = "", seq: int = 0, photo: str = "", op: str = "", op2: str = "", why: str = "",
    ) -> Receipt:  # fmt: skip
        """One line of the paper notebook, written while the agent was not there.

        `counted_already`: a count has included its coins, so that it leaves the box alone.
        """
        if (known := self._known(press_id)) is not None:
            return known
        self._check_sum(amount, least=0 if as_ == "SALE" else 1)
        signs = {"SALE": (1, 1), "SETTLE": (0, 1), "FLOAT": (0, 1), "PAYOUT": (0, -1), "HANDOVER": (0, -1)}
        if as_ not in signs:
            raise TillError("reference", f"a line of the notebook is one of {', '.join(signs)}, not {as_!r}")
        own: dict[str, str | int] = {"paid" if as_ == "SETTLE" else "sum": amount}
        if as_ == "SALE":
            own = {"svc": service, "qty": 1, "tar": 0}
        if as_ == "SETTLE":
            sale = self._original(seq, "")
            corrections.check_settle(sale, self._standing(sale), amount)
        income, box = signs[as_]
        cash = 0 if counted_already or pay != "cash" else box * amount
        return self._record(
            "FALLBACK", press_id, **own, **{"as": as_}, amt=income * amount, cash=cash, pay=pay, ref=seq, slip=slip,
            photo=photo, op=op, op2=op2, why="counted" if counted_already else why,
        )  # fmt: skip

    def note(
        self, code: str, text_hash: str = "", press_id: str | None = None, *, seq: int = 0, op: str = ""
    ) -> Receipt:
        """A remark, or the hash of a photo, to a record or to none."""
        if seq:
            self._original(seq, "")
        return self._record("NOTE", press_id, code=code, text=text_hash, ref=seq, op=op)

    def test(self, code: str, press_id: str | None = None) -> Receipt:
        """A trial of the whole way: chained and signed, never counted."""
        return self._record("TEST", press_id, code=code)

    def _record(self, t: str, press: str | None, **own: str | int) -> Receipt:
        """Write it, or give the answer of before."""
        if (known := self._known(press)) is not None:
            return known
        for name in ("op", "op2", "why", "ticket", "slip", "change_why"):
            if name in own:
                own[name] = unicodedata.normalize("NFC", str(own[name]))
        try:
            written = self.write(t, own, press)
        except LedgerError as error:
            raise TillError("text" if error.code in ("size", "canonical") else "amount", str(error)) from error
        return _receipt(written, repeated=False)

    def _known(self, press: str | None) -> Receipt | None:
        if press is None:
            return None
        known = self.book.by_press(press)
        return None if known is None else _receipt(known, repeated=True)

    def _original(self, seq: int, log: str) -> Written:
        original = self.book.find(log or self._open_log().log, seq)
        if original is None:
            raise TillError("reference", f"there is no record n° {seq} here; check the number on the slip")
        return original

    def _standing(self, sale: Written) -> corrections.Standing:
        return corrections.standing(sale, self.book.references(sale.log, sale.seq), self._is_voided)

    def _is_voided(self, record: Written) -> bool:
        return any(each.fields["t"] == "VOID" for each in self.book.references(record.log, record.seq))

    def _ref_log(self, original: Written) -> str:
        return "" if original.log == self._open_log().log else original.log

    def _check_sum(self, amount: int, least: int = 1) -> None:
        if amount < least:
            raise TillError("amount", f"the amount must be {least} or more, is {amount}")

    def _check_text(self, name: str, text: str) -> None:
        if not text.strip():
            raise TillError("text", f"{name} must say the reason")

    def _check_second(self, amount: int, op2: str) -> None:
        if amount > self.op2_above_minor and not op2:
            raise TillError("person", f"above {self.op2_above_minor} a second person must be named")

    def _coins(self, coins: Sequence[tuple[int, int]]) -> str:
        try:
            return format_list(coins, by_value=True)
        except LedgerError as error:
            raise TillError("amount", f"coins are given as value and how many, each value once: {error}") from error


def _receipt(written: Written, *, repeated: bool) -> Receipt:
    fields = written.fields
    return Receipt(written.seq, int(fields["amt"]), int(fields["box"]), repeated)
