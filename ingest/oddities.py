"""What is odd about a record that is stored all the same: money is never thrown away because it looks odd.

Here is also the one rule that says whether a record is part of sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from ingest.chain import Placed
from ingest.records import Checked
from kiosk.ledger.format import parse, parse_list
from kiosk.ledger.types import number_of, text_of
from store import ledger_records
from store.ledger_records import Place

MARKS: dict[str, str] = {
    "act": "the GENESIS does not follow the site's act",
    "break": "it does not follow the record before it",
    "totals": "its totals are not those before it plus its own effects",
    "cur": "another currency than the log's",
    "dev": "another device than the log's",
    "fork": "it stands in a second branch of its log",
    "hole": "the record before it has not come",
    "key": "a GENESIS signed by a key that another had already replaced",
    "order": "its boot or its instant lies before that of the record before it",
    "press": "its press was recorded before",
    "tariff": "its amount is not what the tariff it names says",
}
"""Words in ledger_record.marks."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is finally said of a placed record."""

    placed: Placed
    counts: bool
    marks: str


def counts(t: str, *, counted_in_another_branch: bool) -> bool:
    """Whether a record's effects are part of sums: trials never, a press that two branches of a log hold once.

    Corrections need no rule here: VOID, REFUND and ADJUST carry effects of their own.
    """
    return t != "TEST" and not counted_in_another_branch


class Tariffs:
    """Prices that a site's TARIFF records have announced, by version."""

    def __init__(self, connection: Connection, site: str) -> None:
        self._prices: dict[int, list[Mapping[str, int]]] = {}
        for record in ledger_records.of_type(connection, site, "TARIFF"):
            self.add(parse(record.payload))

    def add(self, fields: Mapping[str, str | int]) -> None:
        """Take the prices of one TARIFF record."""
        prices = {service: int(price) for service, price in parse_list(text_of(fields, "prices"))}
        self._prices.setdefault(number_of(fields, "tar"), []).append(prices)

    def agree(self, checked: Checked) -> bool:
        """Whether a sale's amount is quantity times price; a sale without tariff or without charge agrees always."""
        fields = checked.fields
        if "svc" not in fields or "tar" not in fields or not fields["tar"] or not fields["amt"]:
            return True
        service, amount = text_of(fields, "svc"), number_of(fields, "amt")
        versions = self._prices.get(number_of(fields, "tar"), ())
        return any(prices.get(service, -1) * number_of(fields, "qty") == amount for prices in versions)


def judge_presses(connection: Connection, site: str, fresh: Iterable[Placed]) -> list[Standing]:
    """Which new records repeat a press, and which count; stored ones that lose their place in sums are changed."""
    placed = list(fresh)
    wanted = [each.checked.press_id for each in placed]
    known: dict[str, list[Place]] = {}
    for place in ledger_records.presses(connection, site, wanted):
        known.setdefault(place.press_id, []).append(place)
    standings: list[Standing] = []
    for each in sorted(placed, key=lambda one: (one.branch, one.checked.seq)):
        standing, place = _judge(connection, each, known.setdefault(each.checked.press_id, []))
        known[each.checked.press_id].append(place)
        standings.append(standing)
    return standings


def _judge(connection: Connection, placed: Placed, others: list[Place]) -> tuple[Standing, Place]:
    """The lowest branch counts; within a branch both count and the later number is marked."""
    checked = placed.checked
    log, seq = text_of(checked.fields, "log"), checked.seq
    counted, marks = True, set(placed.marks)
    for at, other in enumerate(others):
        if (other.log, other.branch) == (log, placed.branch) and other.seq > seq:
            others[at] = _remark(connection, other, counts=other.counts)
            continue
        marks.add("press")
        if other.log == log and other.branch > placed.branch and other.counts:
            others[at] = _remark(connection, other, counts=False)
        elif other.log == log and other.branch < placed.branch and other.counts:
            counted = False
    standing = Standing(placed, counts(checked.t, counted_in_another_branch=not counted), " ".join(sorted(marks)))
    place = Place(log, placed.branch, seq, checked.press_id, checked.t, standing.counts, standing.marks)
    return standing, place


def _remark(connection: Connection, place: Place, *, counts: bool) -> Place:
    marks = " ".join(sorted({*place.marks.split(), "press"}))
    ledger_records.mark(connection, place, marks, counts=counts)
    return Place(place.log, place.branch, place.seq, place.press_id, place.t, counts, marks)
