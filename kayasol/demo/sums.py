"""The same money in its books: the simulator's till, the kiosk's ledger, the server's SQL, its copy, the API."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kayasol.demo.places import Places
from kiosk.ledger.format import parse
from office.projection import Projection
from store.engine import Store
from store.ledger_records import sums

FIRST_DAY, LAST_DAY = "0000-00-00", "9999-99-99"
DAYS = 365
"""More than any demo lives through, and what the API gives at once."""
TILL, KIOSK = "simulator's till", "kiosk's ledger"
"""The books that stand at the site; all others are the server's."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Sales and their amount."""

    sales: int
    amount_minor: int


def of_simulator(places: Places, code: str) -> Sum:
    """What customers paid in the simulation."""
    days = json.loads(places.truth(code).read_text(encoding="utf-8")).values()
    return Sum(sum(day["sales_count"] for day in days), sum(day["amount_minor"] for day in days))


def of_kiosk(places: Places, code: str) -> Sum:
    """What stands in the ledger on the kiosk's own disk, record by record."""
    database = sqlite3.connect(f"file:{places.state(code) / 'edge.db'}?mode=ro", uri=True)
    try:
        records = [parse(payload) for (payload,) in database.execute("SELECT payload FROM ledger_record")]
    finally:
        database.close()
    sales = [record for record in records if record["t"] == "SALE"]
    return Sum(len(sales), sum(int(record["amt"]) for record in records))


def of_server(store: Store, code: str) -> Sum:
    """What the server's ledger counts."""
    with store.read() as connection:
        rows = sums(connection, code, FIRST_DAY, LAST_DAY)
    return Sum(
        sum(row.records for row in rows if row.t == "SALE"),
        sum(row.amt for row in rows),
    )


def of_copy(projection: Projection, code: str) -> dict[str, Sum]:
    """What the ledger's copy in InfluxDB counts, by measurement: point by point, and by its days."""
    return {
        measurement: Sum(
            sum(total.records for t, total in totals.items() if t == "SALE"),
            sum(total.amt for total in totals.values()),
        )
        for measurement, totals in projection.copied(code).items()
    }


def of_api(port: int, code: str) -> Sum:
    """What the API says, added up over all days."""
    first = datetime.now(UTC).date() - timedelta(days=DAYS)
    address = f"http://127.0.0.1:{port}/api/v1/sites/{code}/days?from={first.isoformat()}"
    with urllib.request.urlopen(address, timeout=10) as answer:
        days = json.load(answer)["days"]
    return Sum(
        sum(day["figures"]["income"]["sales"] for day in days),
        sum(day["figures"]["income"]["net_minor"] for day in days),
    )


def compared(books: Mapping[str, Sum], *, has_power: bool) -> str:
    """One line: the same money in all books, or where it differs. A kiosk without power keeps what it has not sent."""
    at_site = {name: book for name, book in books.items() if name in {TILL, KIOSK}}
    at_server = {name: book for name, book in books.items() if name not in at_site}
    first, arrived = books[KIOSK], next(iter(at_server.values()))
    total = f"{first.sales} sales, {first.amount_minor} F"
    if len(set(books.values())) == 1:
        return f"{total}: " + " = ".join(books)
    waiting = Sum(first.sales - arrived.sales, first.amount_minor - arrived.amount_minor)
    agree = len(set(at_site.values())) == len(set(at_server.values())) == 1
    if agree and not has_power and waiting.sales > 0:
        kept = f"{waiting.sales} sales, {waiting.amount_minor} F wait on its disk"
        return f"{total}: {' = '.join(at_site)}; no power there now, {kept}: {' = '.join(at_server)} for the rest"
    told = ", ".join(f"{name} {book.sales} sales {book.amount_minor} F" for name, book in books.items())
    return f"the books differ: {told}"
