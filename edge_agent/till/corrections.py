"""What later records leave of an earlier one: what can still be voided, refunded, settled. Amounts in minor units.

Pure: the records are given to it. Format and signs are docs/ledger-format.md's; here is what may refer to what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.till.book import Written
from edge_agent.till.errors import TillError

VOID_WITHIN_MS = 60_000
VOIDABLE = ("SALE", "FALLBACK", "SETTLE", "PAYOUT", "FLOAT", "HANDOVER")


@dataclass(frozen=True, slots=True)
class Standing:
    """A sale after everything that refers to it."""

    voided: bool
    refunded: int
    """Sum given back, by whatever means."""
    debt: int
    """Still owed of a sale on credit."""
    refundable: int
    """At most this can still be given back."""


def kind_of(record: Written) -> str:
    """What a record stands for: its type, or what a FALLBACK replaces."""
    return str(record.fields["as"] if record.fields["t"] == "FALLBACK" else record.fields["t"])


def standing(sale: Written, references: Sequence[Written], is_voided: Callable[[Written], bool]) -> Standing:
    """Where a sale stands; `is_voided` tells whether a settlement was taken back."""
    refunds = [each for each in references if each.fields["t"] == "REFUND"]
    refunded = sum(each.fields["given"] for each in refunds)
    forgiven = sum(each.fields["given"] for each in refunds if each.fields["pay"] == "credit")
    settled = sum(each.fields["paid"] for each in references if kind_of(each) == "SETTLE" and not is_voided(each))
    voided = any(each.fields["t"] == "VOID" for each in references)
    on_credit = sale.fields["pay"] == "credit"
    debt = sale.fields["amt"] - forgiven - settled if on_credit and not voided else 0
    refundable = 0 if voided else sale.fields["amt"] - refunded
    return Standing(voided, refunded, max(debt, 0), max(refundable, 0))


def check_void(original: Written, references: Sequence[Written], boot: str, now_ms: int) -> None:
    """Raise TillError unless the record may be voided: within a minute of this life, once, if nothing built on it."""
    name = original.fields["t"]
    if name not in VOIDABLE:
        raise TillError("reference", f"{name} cannot be voided; only {', '.join(VOIDABLE)}")
    if any(each.fields["t"] in ("VOID", "REFUND", "SETTLE", "FALLBACK") for each in references):
        raise TillError("done", f"n° {original.seq} was corrected already; look at the records that name it")
    if original.fields["boot"] != boot or now_ms - original.fields["mono"] > VOID_WITHIN_MS:
        raise TillError("late", f"n° {original.seq} is older than a minute: use a refund or an adjustment instead")


def check_refund(sale: Written, now: Standing, given: int, pay: str) -> None:
    """Raise TillError unless so much may be given back in this way."""
    if kind_of(sale) != "SALE":
        raise TillError("reference", f"n° {sale.seq} is a {sale.fields['t']}; only a sale can be refunded")
    if now.voided:
        raise TillError("done", f"n° {sale.seq} was voided; there is nothing to give back")
    if given > now.refundable:
        raise TillError("amount", f"at most {now.refundable} can be given back for n° {sale.seq}, not {given}")
    if pay == "credit" and given > now.debt:
        raise TillError("amount", f"the debt of n° {sale.seq} is {now.debt}; it cannot fall by {given}")
    if pay != "credit" and given > now.refundable - now.debt:
        raise TillError(
            "amount", f"only {now.refundable - now.debt} was paid for n° {sale.seq}; let the debt fall instead"
        )


def check_settle(sale: Written, now: Standing, paid: int) -> None:
    """Raise TillError unless so much is owed."""
    if kind_of(sale) != "SALE" or sale.fields["pay"] != "credit":
        raise TillError("reference", f"n° {sale.seq} is not a sale on credit")
    if paid > now.debt:
        raise TillError("amount", f"{now.debt} is owed for n° {sale.seq}, not {paid}")
