"""`kayasol projection`: proves the ledger's copy to a person, or makes it anew; prints lines, gives the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable

from kayasol.readings_store import open_projection
from kayasol.settings import ServerSettings
from office.projection import Projection, Verdict
from store.errors import StoreError

EQUAL, DIFFERENT, UNKNOWN = 0, 1, 2
"""Exit codes."""
SHOWN_MAX = 20
"""So many differing days are listed a site."""
FRANC = "XOF"


def verify(settings: ServerSettings) -> int:
    """Compare every site; a line each."""
    return _told(settings, _compare)


def rebuild(settings: ServerSettings) -> int:
    """Remove and write the copy of every site, then compare."""

    def work(projection: Projection) -> int:
        for site in projection.sites():
            print(f"{site}: {projection.rebuild(site)} days written")
        return _compare(projection)

    return _told(settings, work)


def lines_of(verdict: Verdict) -> list[str]:
    """What a person is told of one site."""
    told = [
        f"{verdict.site}: {verdict.records} records, {_money(verdict.amounts.get(cur, 0), cur)} in the book,"
        f" difference {_money(verdict.off_by(cur), cur)}"
        for cur in verdict.currencies
    ] or [f"{verdict.site}: no records, difference 0 F"]
    for each in verdict.differences[:SHOWN_MAX]:
        waits = "; the office has still to write this day" if each.day in verdict.waiting else ""
        told.append(
            f"  {each.day} {each.measurement}: book {each.book.records} records {_money(each.book.amt, each.cur)}"
            f" (cash {each.book.cash}), copy {each.projected.records} records {_money(each.projected.amt, each.cur)}"
            f" (cash {each.projected.cash}){waits}"
        )
    if len(verdict.differences) > SHOWN_MAX:
        told.append(f"  and {len(verdict.differences) - SHOWN_MAX} more")
    told += [
        f"  {each.day} {each.measurement}: {len(each.fields)} figures differ ({', '.join(each.fields[:3])}...)"
        for each in verdict.figures[:SHOWN_MAX]
    ]
    if verdict.undated:
        told.append(f"  {verdict.undated} records have no date yet and are in the book alone")
    return told


def _told(settings: ServerSettings, work: Callable[[Projection], int]) -> int:
    """A server that does not answer is one line."""
    try:
        with open_projection(settings) as projection:
            return work(projection)
    except StoreError as error:
        print(f"kayasol: not compared: {error}", file=sys.stderr)
        return UNKNOWN


def _compare(projection: Projection) -> int:
    verdicts = [projection.verify(site) for site in projection.sites()]
    for verdict in verdicts:
        print("\n".join(lines_of(verdict)))
    if not any(verdict.differences or verdict.figures for verdict in verdicts):
        return EQUAL
    print("The copy differs; `kayasol projection rebuild` makes it anew from the book.", file=sys.stderr)
    return DIFFERENT


def _money(amount_minor: int, cur: str) -> str:
    """Minor units, which for francs are francs."""
    return f"{amount_minor} F" if cur == FRANC else f"{amount_minor} minor units {cur or 'of no currency'}"
