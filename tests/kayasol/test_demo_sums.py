"""What the demo says of the money: the same everywhere, waiting where there is no power, or different."""

from __future__ import annotations

import pytest

from kayasol.demo.sums import KIOSK, TILL, Sum, compared

ALL, SOME, FEWER = Sum(161, 14_700), Sum(152, 13_800), Sum(151, 13_700)


def books(till: Sum, kiosk: Sum, server: Sum, api: Sum) -> dict[str, Sum]:
    return {TILL: till, KIOSK: kiosk, "server": server, "API": api}


@pytest.mark.parametrize("has_power", [True, False])
def test_the_same_in_every_book(has_power: bool) -> None:
    told = compared(books(ALL, ALL, ALL, ALL), has_power=has_power)
    assert told == "161 sales, 14700 F: simulator's till = kiosk's ledger = server = API"


def test_a_kiosk_without_power_keeps_what_it_has_not_sent() -> None:
    told = compared(books(ALL, ALL, SOME, SOME), has_power=False)
    assert told == (
        "161 sales, 14700 F: simulator's till = kiosk's ledger; no power there now, 9 sales, 900 F wait on its disk: "
        "server = API for the rest"
    )


@pytest.mark.parametrize(
    ("told", "has_power"),
    [
        (books(ALL, ALL, SOME, SOME), True),
        (books(ALL, SOME, SOME, SOME), False),
        (books(ALL, ALL, SOME, FEWER), False),
        (books(SOME, SOME, ALL, ALL), False),
    ],
)
def test_anything_else_is_a_difference(told: dict[str, Sum], has_power: bool) -> None:
    said = compared(told, has_power=has_power)
    assert said.startswith("the books differ: simulator's till ")
    assert said.endswith(f"API {told['API'].sales} sales {told['API'].amount_minor} F")
