"""A day's money from its ledger records."""

from __future__ import annotations

import ast
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from figures import income as module
from figures.facts import IncomeRow
from figures.income import Service, income
from tests.figures.by_hand import MINUTE, START, facts


def row(
    seq: int, kind: str, amount: int, cash: int, *, service: str = "", pay: str = "cash", box: int = 0
) -> IncomeRow:
    return IncomeRow("a1" * 16, seq, START + seq * MINUTE, kind, service, pay, amount, cash, box)


DAY = [
    row(2, "SALE", 100, 100, service="phone", box=5100),
    row(3, "SALE", 100, 0, service="phone", pay="credit", box=5100),
    row(4, "SALE", 50, 50, service="lamp", box=5150),
    row(5, "SALE", 0, 0, service="phone", pay="free", box=5150),
    row(6, "VOID", -100, -100, box=5050),
    row(7, "REFUND", -50, -50, box=5000),
    row(8, "SETTLE", 0, 300, box=5300),
    row(9, "PAYOUT", 0, -500, box=4800),
    row(10, "HANDOVER", 0, -2000, box=2800),
    row(11, "CASH_COUNT", 0, -25, box=2775),
    row(12, "FLOAT", 0, 1000, box=3775),
    row(13, "ADJUST", 10, 0, pay="mobile", box=3775),
]


def test_sales_are_told_by_service_and_by_means_of_payment() -> None:
    found = income(facts(income=DAY))
    assert (found.sales, found.sales_minor) == (4, 250)
    assert found.by_service == {"lamp": Service(1, 50), "phone": Service(3, 200)}
    assert found.by_pay == {"cash": Service(2, 150), "credit": Service(1, 100), "free": Service(1, 0)}


def test_what_was_taken_back_stands_apart_and_the_net_holds_all() -> None:
    found = income(facts(income=DAY))
    assert (found.voids, found.voided_minor) == (1, -100)
    assert (found.refunds, found.refunded_minor) == (1, -50)
    assert found.adjusted_minor == 10
    assert found.net_minor == 250 - 100 - 50 + 10


def test_the_box_and_what_moved_it() -> None:
    found = income(facts(income=DAY))
    assert found.box_minor == 3775
    assert found.cash_minor == sum(each.cash_minor for each in DAY)
    assert (found.settled_minor, found.paid_out_minor, found.handed_over_minor) == (300, -500, -2000)
    assert (found.floated_minor, found.count_difference_minor) == (1000, -25)


def test_a_day_without_records_has_no_box() -> None:
    found = income(facts())
    assert (found.net_minor, found.box_minor, found.by_service) == (0, None, {})


@given(st.permutations(DAY))
def test_the_order_in_which_records_came_does_not_matter(rows: list[IncomeRow]) -> None:
    assert income(facts(income=rows)) == income(facts(income=DAY))


def test_money_knows_no_division_and_no_float() -> None:
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Div)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)]
