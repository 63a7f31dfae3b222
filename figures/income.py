"""What a day's ledger records say of income and of the box. Integers in minor units only; no division, no guess."""

from __future__ import annotations

from dataclasses import dataclass, field

from figures.facts import DayFacts, IncomeRow


@dataclass(frozen=True, slots=True)
class Service:
    """One line of the tariff on one day."""

    count: int
    """Sales, whatever was paid."""
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Income:
    """A day's money, signed minor units. `recorded` is what the ledger says, not what was counted in the box."""

    currency: str
    net_minor: int = 0
    """Sum of every record's effect on income: sales, less voids and refunds, with adjustments."""
    sales_minor: int = 0
    """Sales alone, before anything was taken back."""
    sales: int = 0
    by_service: dict[str, Service] = field(default_factory=dict)
    by_pay: dict[str, Service] = field(default_factory=dict)
    """Sales by means of payment: cash mobile credit free none."""
    voided_minor: int = 0
    """<= 0 for voided sales; a void counts on its own day, the day of the sale is not edited."""
    voids: int = 0
    refunded_minor: int = 0
    refunds: int = 0
    adjusted_minor: int = 0
    cash_minor: int = 0
    """What the day put into the box, less what it took out: all records."""
    settled_minor: int = 0
    """Credit of earlier sales that was paid into the box: no income of this day."""
    floated_minor: int = 0
    paid_out_minor: int = 0
    """<= 0: expenses from the box."""
    handed_over_minor: int = 0
    """<= 0: given to the treasurer."""
    count_difference_minor: int = 0
    """Counted minus expected, over the day's counts."""
    box_minor: int | None = None
    """In the box after the day's last record; None on a day without one."""


def income(facts: DayFacts) -> Income:
    """The day's records summed up. Trials (TEST) and records of branches that do not count are not among them."""
    rows = sorted(facts.income, key=lambda row: (row.log, row.seq))
    sold = [row for row in rows if row.kind == "SALE"]
    last = max(rows, key=lambda row: (row.at_ms, row.seq), default=None)
    return Income(
        currency=facts.currency,
        net_minor=sum(row.amount_minor for row in rows),
        sales_minor=_amount(rows, "SALE"),
        sales=len(sold),
        by_service=_grouped([(row.service, row) for row in sold]),
        by_pay=_grouped([(row.pay, row) for row in sold]),
        voided_minor=_amount(rows, "VOID"),
        voids=sum(row.kind == "VOID" for row in rows),
        refunded_minor=_amount(rows, "REFUND"),
        refunds=sum(row.kind == "REFUND" for row in rows),
        adjusted_minor=_amount(rows, "ADJUST"),
        cash_minor=sum(row.cash_minor for row in rows),
        settled_minor=_cash(rows, "SETTLE"),
        floated_minor=_cash(rows, "FLOAT"),
        paid_out_minor=_cash(rows, "PAYOUT"),
        handed_over_minor=_cash(rows, "HANDOVER"),
        count_difference_minor=_cash(rows, "CASH_COUNT"),
        box_minor=None if last is None else last.box_minor,
    )


def _amount(rows: list[IncomeRow], kind: str) -> int:
    return sum(row.amount_minor for row in rows if row.kind == kind)


def _cash(rows: list[IncomeRow], kind: str) -> int:
    return sum(row.cash_minor for row in rows if row.kind == kind)


def _grouped(named: list[tuple[str, IncomeRow]]) -> dict[str, Service]:
    groups: dict[str, Service] = {}
    for name, row in sorted(named, key=lambda pair: pair[0]):
        before = groups.get(name, Service(0, 0))
        groups[name] = Service(before.count + 1, before.amount_minor + row.amount_minor)
    return groups
