"""Queries by subject that ingest does not already exercise from end to end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.ledger import act
from kiosk.ledger.signing import SigningKey
from kiosk.time import TimeFix
from store import boots, days, letters, sites
from store.boots import Boot
from store.days import DirtyDay, SiteDay
from store.engine import Store
from store.errors import StoreError
from store.letters import Limits
from store.sites import Place

NOON = 1_790_000_000_000


def act_of(site: str = "damane", key: SigningKey | None = None, name: str = "École") -> bytes:
    keys: dict[str, str | int] = {
        "pub": (key or SigningKey.generate()).public_hex,
        "ingest_key": "00" * 32,
        "ingest_next": "00" * 32,
    }
    said: dict[str, str | int] = {
        "kind": "act",
        "site": site,
        "name": name,
        "commune": "Kaya",
        "site_kind": "school",
        "dev": "ab" * 8,
    }
    start: dict[str, str | int] = {"v": 1, "cur": "XOF", "issued": NOON}
    return act.encode(start | said | keys)


def test_an_act_registers_site_device_and_key(store: Store) -> None:
    octets = act_of()
    with store.write() as connection:
        added = sites.add_site(connection, octets, NOON)
        sites.set_place(connection, "damane", Place(13.1, -1.1))
    with store.read() as connection:
        assert sites.get(connection, "damane") == replace(added, place=Place(13.1, -1.1))
        assert [key.dev for key in sites.keys_of(connection, "damane")] == ["ab" * 8]
        assert sites.acts_of(connection, "damane") == [octets]
        assert sites.get(connection, "boken") is None


def test_a_second_act_renames_the_site_and_keeps_its_keys_and_place(store: Store) -> None:
    with store.write() as connection:
        sites.add_site(connection, act_of(), NOON)
        sites.set_place(connection, "damane", Place(13.1, -1.1))
        again = sites.add_site(connection, act_of(name="École A"), NOON + 5)
    assert (again.name, again.created_ms, again.place) == ("École A", NOON, Place(13.1, -1.1))
    with store.read() as connection:
        assert len(sites.keys_of(connection, "damane")) == 2


def test_a_key_belongs_to_one_device(store: Store) -> None:
    key = SigningKey.generate()
    with store.write() as connection:
        sites.add_site(connection, act_of(key=key), NOON)
        with pytest.raises(StoreError, match="belongs to device"):
            sites.add_site(connection, act_of("boken", key), NOON)


def test_a_day_that_is_marked_while_it_is_computed_stays_dirty(store: Store) -> None:
    with store.write() as connection:
        days.mark_dirty(connection, "damane", ["2026-09-21", "2026-09-20"], NOON)
        taken = days.dirty_days(connection, 1)
        assert taken == [DirtyDay("damane", "2026-09-20", 1)]
        days.mark_dirty(connection, "damane", ["2026-09-20"], NOON + 1)
        assert not days.clear_dirty(connection, taken[0])
        assert days.clear_dirty(connection, DirtyDay("damane", "2026-09-21", 1))
        assert days.dirty_days(connection, 9) == [DirtyDay("damane", "2026-09-20", 2)]


def test_figures_of_a_day_replace_those_before(store: Store) -> None:
    first = SiteDay("damane", "2026-09-21", "{}", "XOF", 100, 50, None, None, 1000, 900, 800, NOON)
    second = replace(first, income_minor=300, figures='{"a":1}')
    with store.write() as connection:
        days.save(connection, first)
        days.save(connection, second)
        days.save(connection, replace(second, day="2026-09-22"))
        assert days.get(connection, "damane", "2026-09-21") == second
        assert [day.day for day in days.between(connection, "damane", "2026-09-21", "2026-09-30")] == [
            "2026-09-21",
            "2026-09-22",
        ]


def boot_at(number: int, first: int, last: int, utc_ms: int | None) -> Boot:
    name = f"{number:016x}"
    fix = None if utc_ms is None else TimeFix(name, 0, utc_ms, "ntp", 40)
    return Boot("damane", name, number, first, last, fix, utc_ms, needs_redating=False)


def test_boots_of_a_span_are_those_of_which_a_part_lies_in_it(store: Store) -> None:
    with store.write() as connection:
        for state in (boot_at(1, 0, 10, NOON), boot_at(2, 0, 10, NOON + 100), boot_at(3, 0, 10, None)):
            boots.save(connection, state)
        assert [boot.boot_number for boot in boots.between(connection, "damane", NOON + 10, NOON + 100)] == [1]
        assert [boot.boot_number for boot in boots.between(connection, "damane", NOON, NOON + 101)] == [1, 2]
        assert boots.between(connection, "damane", NOON + 11, NOON + 99) == []


def test_adopting_a_fix_needs_one(store: Store) -> None:
    with store.write() as connection:
        dated, touched = boots.adopt_fix(connection, boot_at(1, 0, 10, NOON)._replace(offset_ms=None))
        assert (dated.offset_ms, touched) == (NOON, set())
        assert boots.get(connection, "damane", dated.boot) == dated
        with pytest.raises(ValueError, match="no fix"):
            boots.adopt_fix(connection, boot_at(2, 0, 10, None))


def add_letter(store: Store, octets: bytes, now_ms: int) -> None:
    with store.write() as connection:
        letters.add(connection, octets, site="s", topic="t", kind="frame", reason="why", security=False, now_ms=now_ms)


@pytest.mark.parametrize(
    ("limits", "left"),
    [(Limits(letters=2), 2), (Limits(octets=250), 2), (Limits(age_ms=15), 1), (Limits(), 5)],
)
def test_letters_beyond_their_bounds_go_oldest_first(store: Store, limits: Limits, left: int) -> None:
    for number in range(5):
        add_letter(store, bytes([number]) * 100, NOON + 10 * number)
    with store.write() as connection:
        assert letters.trim(connection, limits, NOON + 50) == 5 - left
        kept = letters.newest(connection, 9)
        assert [letter.last_ms for letter in kept] == [NOON + 40 - 10 * number for number in range(left)]
        assert letters.count(connection) == left
        assert letters.octets_of(connection, kept[0].id) == b"\x04" * 100
