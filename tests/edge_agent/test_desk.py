"""Requests of programs of the same computer: strict arguments, clear answers."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.desk import Desk
from tests.edge_agent.site import START_UTC_MS, Site

PRESS = "5c" * 16


@pytest.fixture
def desk(site: Site) -> Desk:
    return site.start().desk


def test_a_sale_is_answered_with_its_number_and_the_box(desk: Desk) -> None:
    answer = desk.answer({"do": "sale", "service": "phone", "qty": 2, "op": "fatou"})
    assert answer == {"ok": True, "seq": 4, "amount_minor": 200, "box_minor": 200, "repeated": False}


def test_the_same_press_again_is_the_same_sale(desk: Desk) -> None:
    first = desk.answer({"do": "sale", "service": "phone", "press": PRESS})
    again = desk.answer({"do": "sale", "service": "phone", "press": PRESS})
    assert (first["seq"], again["repeated"]) == (again["seq"], True)


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({}, "verb"),
        ({"do": 5}, "verb"),
        ({"do": "steal"}, "verb"),
        ({"do": "sale"}, "argument"),
        ({"do": "sale", "service": "phone", "qnt": 2}, "argument"),
        ({"do": "sale", "service": "phone", "qty": "2"}, "argument"),
        ({"do": "sale", "service": "phone", "qty": True}, "argument"),
        ({"do": "sale", "service": "phone", "qty": 1.0}, "argument"),
        ({"do": "sale", "service": "phone", "qty": 2**60}, "amount"),
        ({"do": "sale", "service": "phone", "op": "x" * 201}, "text"),
        ({"do": "sale", "service": "phone", "press": "5C" * 16}, "argument"),
        ({"do": "sale", "service": "ghost"}, "service"),
        ({"do": "void", "seq": 2}, "reference"),
        ({"do": "count", "counted": 100, "coins": [[100]]}, "argument"),
        ({"do": "count", "counted": 100, "coins": [[100, 1.0]]}, "argument"),
        ({"do": "count", "counted": 100, "coins": "100"}, "argument"),
        ({"do": "time", "utc_ms": 1}, "amount"),
    ],
)
def test_a_wrong_request_writes_nothing_and_is_told_why(
    site: Site, desk: Desk, request_: dict[str, Any], code: str
) -> None:
    before = site.agent.till.book.head
    answer = desk.answer(request_)
    assert (answer["ok"], answer["code"]) == (False, code)
    assert answer["error"]
    assert site.agent.till.book.head == before


def test_every_verb_does_what_it_says(desk: Desk) -> None:
    requests: list[dict[str, Any]] = [
        {"do": "deposit", "service": "phone", "ticket": "T1"},
        {"do": "sale", "service": "phone", "pay": "credit"},
        {"do": "settle", "seq": 5, "paid": 50},
        {"do": "refund", "seq": 5, "given": 50, "pay": "credit"},
        {"do": "adjust", "seq": 5, "why": "error"},
        {"do": "float", "amount": 500},
        {"do": "payout", "amount": 50, "why": "soap"},
        {"do": "handover", "amount": 100, "receiver": "treasurer"},
        {"do": "count", "counted": 400, "coins": [[100, 4]]},
        {"do": "fallback", "as_": "SALE", "slip": "7", "amount": 100, "service": "phone"},
        {"do": "note", "code": "photo", "text_hash": "ab" * 32},
        {"do": "test", "code": "visit"},
        {"do": "void", "seq": 13},
        {"do": "close"},
        {"do": "time", "utc_ms": START_UTC_MS},
        {"do": "status"},
    ]
    answers = [desk.answer(each) for each in requests]
    assert [answer for answer in answers if not answer["ok"]] == []
    assert {each["do"] for each in requests} | {"sale"} == set(desk.verbs)
    assert answers[-1]["time"]["source"] == "typed"
    assert len(answers[-3]["z_code"]) == 19


def test_closing_twice_is_told(desk: Desk) -> None:
    assert desk.answer({"do": "close"})["ok"]
    assert desk.answer({"do": "close"})["code"] == "done"
