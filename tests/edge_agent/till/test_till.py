"""Sales, corrections and cash, through the till of a running agent."""

from __future__ import annotations

import pytest

from edge_agent.till.errors import TillError
from edge_agent.till.till import Till
from kiosk.ledger.chain import Head, advance, follows
from kiosk.ledger.format import parse
from tests.edge_agent.site import Site

PRESS = "5c" * 16


@pytest.fixture
def till(site: Site) -> Till:
    return site.start().till


def written(till: Till, seq: int) -> dict[str, str | int]:
    assert till.book.head is not None
    found = till.book.find(till.book.head.log, seq)
    assert found is not None
    return dict(found.fields)


def refused(code: str) -> pytest.RaisesExc[TillError]:
    return pytest.RaisesExc(TillError, check=lambda error: error.code == code)


def assert_chain(till: Till) -> None:
    """Every record of the open log follows the one before it."""
    assert till.book.head is not None
    log = till.book.head.log
    records = [record for _, record in till.book.stored(log, 1, 10_000)]
    first = parse(records[0].payload)
    head = Head.empty(log, "XOF", str(first["act"]), site="damane", dev=str(first["dev"]))
    for record in records:
        fields = parse(record.payload)
        assert follows(head, fields) is None
        assert till.book.is_intact(log, record)
        head = advance(head, fields, record.payload)
    assert head == till.book.head


def test_a_sale_is_signed_with_its_price_and_tariff(till: Till) -> None:
    receipt = till.sale("phone", 2, port=3, ticket="T7", op="fatou")
    assert (receipt.amount_minor, receipt.box_minor, receipt.repeated) == (200, 200, False)
    fields = written(till, receipt.seq)
    expected = {"t": "SALE", "svc": "phone", "qty": 2, "tar": 1, "amt": 200, "cash": 200, "port": 3, "ticket": "T7"}
    assert {name: fields[name] for name in expected} == expected
    assert_chain(till)


def test_a_known_press_gives_the_same_answer_and_no_second_record(till: Till) -> None:
    first = till.sale("phone", press_id=PRESS)
    till.sale("lamp")
    again = till.sale("phone", press_id=PRESS)
    assert (again.seq, again.amount_minor, again.repeated) == (first.seq, first.amount_minor, True)
    assert till.book.head is not None
    assert till.book.head.sum_in == 150


@pytest.mark.parametrize(
    ("pay", "amount", "box"),
    [("cash", 100, 100), ("mobile", 100, 0), ("credit", 100, 0), ("free", 0, 0), ("none", 0, 0)],
)
def test_only_cash_goes_into_the_box(till: Till, pay: str, amount: int, box: int) -> None:
    receipt = till.sale("phone", pay=pay)
    assert (receipt.amount_minor, receipt.box_minor) == (amount, box)


def test_a_service_without_a_price_is_not_sold(till: Till) -> None:
    with refused("service"):
        till.sale("ghost")


@pytest.mark.parametrize("qty", [0, -1, 1_001])
def test_a_quantity_out_of_reason_is_not_sold(till: Till, qty: int) -> None:
    with refused("amount"):
        till.sale("phone", qty)


def test_an_unknown_means_of_payment_is_refused_and_nothing_is_written(till: Till) -> None:
    before = till.book.head
    with refused("amount"):
        till.sale("phone", pay="cheque")
    assert till.book.head == before


def test_a_void_takes_back_income_and_cash_once(till: Till) -> None:
    sale = till.sale("phone")
    receipt = till.void(sale.seq, why="typed twice")
    assert (receipt.amount_minor, receipt.box_minor) == (-100, 0)
    with refused("done"):
        till.void(sale.seq)
    assert_chain(till)


def test_a_void_comes_within_a_minute_or_not_at_all(site: Site, till: Till) -> None:
    sale = till.sale("phone")
    site.pass_ms(60_000)
    in_time = till.sale("phone")
    site.pass_ms(1)
    with refused("late"):
        till.void(sale.seq)
    site.pass_ms(59_999)
    till.void(in_time.seq)


def test_a_void_in_the_next_life_comes_too_late(site: Site, till: Till) -> None:
    sale = till.sale("phone")
    site.power_cut()
    with refused("late"):
        site.agent.till.void(sale.seq)


@pytest.mark.parametrize("seq", [1, 2])
def test_genesis_and_boot_cannot_be_voided(till: Till, seq: int) -> None:
    with refused("reference"):
        till.void(seq)


def test_a_record_that_is_not_there_cannot_be_corrected(till: Till) -> None:
    with refused("reference"):
        till.void(999)


def test_refunds_add_up_to_the_sale_at_most(till: Till) -> None:
    sale = till.sale("phone", 3)
    till.refund(sale.seq, 100)
    with refused("amount"):
        till.refund(sale.seq, 201)
    receipt = till.refund(sale.seq, 200, "mobile")
    assert receipt.box_minor == 200
    with refused("amount"):
        till.refund(sale.seq, 1)
    assert_chain(till)


def test_a_voided_sale_is_not_refunded_and_a_refunded_one_not_voided(till: Till) -> None:
    voided, refunded = till.sale("phone"), till.sale("phone")
    till.void(voided.seq)
    till.refund(refunded.seq, 50)
    with refused("done"):
        till.refund(voided.seq, 50)
    with refused("done"):
        till.void(refunded.seq)


def test_a_large_refund_needs_a_second_person(till: Till) -> None:
    sale = till.sale("phone", 100)
    with refused("person"):
        till.refund(sale.seq, 5_001)
    assert till.refund(sale.seq, 5_001, op2="salif").amount_minor == -5_001


def test_a_credit_sale_is_settled_in_parts_and_never_beyond(till: Till) -> None:
    sale = till.sale("phone", 5, "credit")
    assert till.settle(sale.seq, 200).box_minor == 200
    with refused("amount"):
        till.settle(sale.seq, 301)
    assert till.settle(sale.seq, 300, "mobile").box_minor == 200
    with refused("amount"):
        till.settle(sale.seq, 1)


def test_a_voided_settlement_is_owed_again(till: Till) -> None:
    sale = till.sale("phone", 2, "credit")
    paid = till.settle(sale.seq, 200)
    till.void(paid.seq)
    assert till.settle(sale.seq, 200).box_minor == 200


def test_a_debt_can_fall_but_only_what_was_paid_is_given_back(till: Till) -> None:
    sale = till.sale("phone", 5, "credit")
    till.settle(sale.seq, 200)
    with refused("amount"):
        till.refund(sale.seq, 201, "cash")
    till.refund(sale.seq, 300, "credit")
    with refused("amount"):
        till.refund(sale.seq, 1, "credit")
    assert till.refund(sale.seq, 200, "cash").box_minor == 0
    assert_chain(till)


def test_a_cash_sale_owes_nothing(till: Till) -> None:
    sale = till.sale("phone")
    with refused("reference"):
        till.settle(sale.seq, 100)
    with refused("amount"):
        till.refund(sale.seq, 100, "credit")


def test_cash_moves_without_being_income(till: Till) -> None:
    till.float_(5_000)
    till.payout(700, "soap")
    handed = till.handover(4_000, "treasurer")
    assert (handed.amount_minor, handed.box_minor) == (0, 300)
    assert till.book.head is not None
    assert till.book.head.totals.income == 0


@pytest.mark.parametrize("amount", [0, -5])
def test_sums_are_more_than_nothing(till: Till, amount: int) -> None:
    for action in (till.float_, lambda n: till.payout(n, "soap"), lambda n: till.handover(n, "treasurer")):
        with refused("amount"):
            action(amount)


def test_an_expense_has_a_reason_and_a_handover_a_receiver(till: Till) -> None:
    with refused("text"):
        till.payout(100, " ")
    with refused("person"):
        till.handover(100, "")


def test_a_count_makes_the_box_what_was_counted(till: Till) -> None:
    till.sale("phone", 3)
    receipt = till.count(250, coins=[(100, 2), (50, 1)], why="a coin fell down")
    assert receipt.box_minor == 250
    assert written(till, receipt.seq)["cash"] == -50


def test_coins_must_add_up(till: Till) -> None:
    with refused("amount"):
        till.count(250, coins=[(100, 2)])
    with refused("amount"):
        till.count(200, coins=[(100, 1), (100, 1)])


def test_lines_of_the_notebook_count_as_what_they_stand_for(till: Till) -> None:
    sale = till.fallback("SALE", "12", amount=300, service="phone")
    assert (sale.amount_minor, sale.box_minor) == (300, 300)
    counted = till.fallback("SALE", "13", amount=200, service="phone", counted_already=True)
    assert (counted.amount_minor, counted.box_minor) == (200, 300)
    assert till.fallback("PAYOUT", "14", amount=100, why="soap").box_minor == 200
    assert till.fallback("HANDOVER", "15", amount=100, op2="treasurer").box_minor == 100
    assert till.refund(sale.seq, 300).amount_minor == -300
    with refused("reference"):
        till.fallback("GENESIS", "16", amount=1)
    assert_chain(till)


def test_adjustments_notes_deposits_and_trials_are_written(till: Till) -> None:
    sale = till.sale("phone")
    assert till.adjust(sale.seq, "price was wrong", amount=-20, cash=-20, pay="cash").box_minor == 80
    till.note("photo", "ab" * 32, seq=sale.seq)
    till.deposit("phone", "T8", port=2)
    trial = till.test("visit")
    assert trial.box_minor == 80
    with refused("text"):
        till.adjust(sale.seq, "")
    assert_chain(till)


def test_what_was_typed_in_another_spelling_of_unicode_is_signed_in_one(till: Till) -> None:
    receipt = till.payout(100, "e\u0301ponge")
    assert written(till, receipt.seq)["why"] == "éponge"


def test_a_control_character_is_refused(till: Till) -> None:
    with refused("text"):
        till.payout(100, "soap\n")


def test_an_old_log_can_still_be_refunded_from_the_new_one(site: Site, till: Till) -> None:
    sale = till.sale("phone")
    assert till.book.head is not None
    old = till.book.head.log
    till.begin_new_log("forked", sale.seq, till.book.head.hash)
    receipt = till.refund(sale.seq, 100, log=old)
    assert written(till, receipt.seq)["ref_log"] == old
    assert receipt.box_minor == 0
    with refused("amount"):
        till.refund(sale.seq, 1, log=old)
    assert_chain(till)
