"""What the till writes by itself: starts, prices, seals, meters, losses, new logs."""

from __future__ import annotations

import sqlite3

import pytest

from edge_agent.clock import Machine
from edge_agent.till.duties import Price, Shelf
from edge_agent.till.errors import TillError
from kiosk.ledger.chain import record_hash
from kiosk.ledger.format import parse
from kiosk.ledger.seal import check_seal, z_code
from kiosk.time import DAY_MS
from tests.edge_agent.site import START_UTC_MS, Site


def types(site: Site, log: str = "") -> list[str]:
    book = site.agent.till.book
    assert book.head is not None
    return [str(parse(record.payload)["t"]) for _, record in book.stored(log or book.head.log, 1, 10_000)]


def last(site: Site) -> dict[str, str | int]:
    head = site.agent.till.book.head
    assert head is not None
    found = site.agent.till.book.find(head.log, head.seq)
    assert found is not None
    return dict(found.fields)


def seal_problems(site: Site) -> list[list[str]]:
    """Every seal of the open log, judged over its records."""
    book = site.agent.till.book
    assert book.head is not None
    records = [parse(record.payload) for _, record in book.stored(book.head.log, 1, 10_000)]
    seals = [fields for fields in records if fields["t"] == "SEAL"]
    return [
        check_seal(seal, records[int(seal["first"]) - 1 : int(seal["last"])], seals[at - 1] if at else None)
        for at, seal in enumerate(seals)
    ]


def test_the_first_start_writes_genesis_boot_and_tariff(site: Site) -> None:
    (site.folder / "coins").write_text("1500\n")
    site.start()
    assert types(site) == ["GENESIS", "BOOT", "TARIFF"]
    book = site.agent.till.book
    assert book.head is not None
    genesis = book.find(book.head.log, 1)
    assert genesis is not None
    assert (genesis.fields["card"], genesis.fields["board"], genesis.fields["box"]) == ("c" * 64, "b" * 64, 1_500)


def test_a_later_start_writes_boot_alone_and_says_when_the_life_before_ended(site: Site) -> None:
    site.start()
    before = site.agent.life
    site.advance(20)
    site.power_cut()
    assert types(site) == ["GENESIS", "BOOT", "TARIFF", "BOOT"]
    fields = last(site)
    assert (fields["last_boot"], fields["last_mono"], fields["bn"]) == (before.boot, 901_000, 2)


def test_a_price_that_changes_makes_a_new_tariff(site: Site) -> None:
    till = site.start().till
    same = [Price("phone", 100, "A"), Price("lamp", 50, "B"), Price("battery", 200, "C")]
    till.take_prices(same)
    assert types(site) == ["GENESIS", "BOOT", "TARIFF"]
    till.take_prices([Price("phone", 125, "A"), *same[1:]])
    assert types(site) == ["GENESIS", "BOOT", "TARIFF", "TARIFF"]
    assert last(site)["prices"] == "battery:200;lamp:50;phone:125"
    assert till.sale("phone").amount_minor == 125
    assert last(site)["tar"] == 2


def test_the_wall_of_a_record_is_nothing_without_a_clock_however_wrong_the_system_is(site: Site) -> None:
    site.clock.wall_ms = 0
    site.start()
    assert (last(site)["wall"], last(site)["clk"]) == (0, "none")


def test_a_fix_is_signed_and_dates_what_follows(site: Site) -> None:
    site.start()
    assert site.agent.offer_time("gnss", START_UTC_MS, 100)
    fields = last(site)
    assert (fields["t"], fields["fix_utc"], fields["fix_src"], fields["super"]) == ("TIME_FIX", START_UTC_MS, "gnss", 0)
    first_fix = fields["seq"]
    site.pass_ms(5_000)
    site.agent.till.sale("phone")
    assert (last(site)["wall"], last(site)["clk"], last(site)["unc"]) == (START_UTC_MS + 5_000, "gnss", 1)
    assert not site.agent.offer_time("phone", START_UTC_MS + 10**9, 1)
    site.agent.offer_time("ntp", START_UTC_MS + 6_000, 10)
    assert last(site)["super"] == first_fix


def test_a_seal_covers_everything_since_the_last_one(site: Site) -> None:
    till = site.start().till
    till.sale("phone")
    first = till.seal()
    till.sale("lamp", 3)
    till.test("visit")
    second = till.seal()
    assert (first.number, second.number) == (1, 2)
    assert seal_problems(site) == [[], []]
    assert last(site)["sums"] == "SALE:1:150:150;SEAL:1:0:0"
    assert site.agent.till.book.head is not None
    sealed = site.agent.till.book.find(site.agent.till.book.head.log, second.seq)
    assert sealed is not None
    assert second.z_code == z_code(sealed.payload)


def test_a_second_seal_over_nothing_is_refused(site: Site) -> None:
    till = site.start().till
    till.seal()
    with pytest.raises(TillError, match="closed already"):
        till.seal()


def test_a_press_of_the_seal_button_seals_once(site: Site) -> None:
    till = site.start().till
    assert till.seal("ab" * 16) == till.seal("ab" * 16)


def test_a_day_of_uptime_seals_by_itself_across_power_cuts(site: Site) -> None:
    site.start()
    site.advance(10 * 60)
    site.power_cut(off_ms=30 * 3_600_000)
    site.advance(13 * 60)
    assert "SEAL" not in types(site)
    site.advance(65)
    assert types(site).count("SEAL") == 1
    site.advance(23 * 60)
    assert types(site).count("SEAL") == 1
    site.agent.till.sale("phone")
    site.advance(65)
    assert types(site).count("SEAL") == 2


def test_days_without_power_are_named_where_every_life_had_a_clock(site: Site) -> None:
    site.start()
    day_ms = START_UTC_MS // DAY_MS * DAY_MS
    site.agent.offer_time("ntp", day_ms + 3_600_000, 10)
    site.agent.till.seal()
    site.advance(30)
    site.power_cut()
    site.agent.offer_time("ntp", day_ms + 4 * DAY_MS, 10)
    site.agent.till.seal()
    off = str(last(site)["off"]).split(";")
    assert len(off) == 3
    assert (last(site)["start"], last(site)["end"]) == (day_ms + 3_600_000, day_ms + 4 * DAY_MS)


def test_days_are_not_named_where_a_life_never_met_a_clock(site: Site) -> None:
    site.start()
    site.agent.offer_time("ntp", START_UTC_MS, 10)
    site.agent.till.seal()
    site.power_cut()
    site.advance(1)
    site.power_cut()
    site.agent.offer_time("ntp", START_UTC_MS + 5 * DAY_MS, 10)
    site.agent.till.seal()
    assert last(site)["off"] == ""


def test_the_meter_tells_sessions_since_the_last_one(site: Site) -> None:
    agent = site.start()
    agent._shelf = Shelf(10_000, 40)
    agent.till.seal()
    agent._shelf = Shelf(10_500, 47)
    agent.till.handover(100, "treasurer")
    agent._shelf = Shelf(300, 3)
    agent.till.seal()
    book = agent.till.book
    assert book.head is not None
    meters = [parse(record.payload) for _, record in book.stored(book.head.log, 1, 100)]
    said = [(fields["shelf_wh"], fields["sessions"]) for fields in meters if fields["t"] == "METER"]
    assert said == [(10_000, 40), (10_500, 7), (300, 3)]


@pytest.mark.parametrize(
    ("machine", "why"),
    [
        (Machine("m2", "d" * 64, "b" * 64), "card-changed"),
        (Machine("m2", "c" * 64, "d" * 64), "board-changed"),
    ],
)
def test_another_card_or_board_opens_a_new_log_that_names_the_old_one(site: Site, machine: Machine, why: str) -> None:
    site.start()
    site.agent.till.sale("phone")
    old = site.agent.till.book.head
    assert old is not None
    site.agent.abandon()
    site.machine = machine
    agent = site.start()
    assert types(site) == ["GENESIS", "BOOT", "TARIFF"]
    genesis = agent.till.book.genesis(agent.till.book.head.log if agent.till.book.head else "")
    assert genesis is not None
    fields = genesis.fields
    assert (fields["old_log"], fields["old_seq"], fields["old_hash"]) == (old.log, old.seq, old.hash)
    assert (fields["old_in"], fields["box"], fields["why"]) == (100, 100, why)
    assert agent.till.book.logs[old.log].closed == why
    assert agent.till.sale("phone").box_minor == 200


def test_a_machine_that_does_not_tell_its_serial_numbers_changes_nothing(site: Site) -> None:
    site.start()
    site.agent.abandon()
    site.machine = Machine()
    site.start()
    assert types(site) == ["GENESIS", "BOOT", "TARIFF", "BOOT"]


def spoil(site: Site, seq: int, sql: str = "UPDATE ledger_record SET payload = zeroblob(300) WHERE seq = ?") -> None:
    connection = sqlite3.connect(site.folder / "edge.db")
    connection.execute(sql, (seq,))
    connection.commit()
    connection.close()


def test_a_newest_record_that_cannot_be_read_opens_a_new_log_and_is_declared_lost(site: Site) -> None:
    site.start()
    kept = site.agent.till.sale("phone")
    gone = site.agent.till.sale("lamp")
    old = site.agent.till.book.head
    assert old is not None
    site.agent.abandon()
    spoil(site, gone.seq)
    site.start()
    assert types(site) == ["GENESIS", "LOSS", "BOOT", "TARIFF"]
    book = site.agent.till.book
    assert book.head is not None
    genesis, loss = (book.find(book.head.log, seq) for seq in (1, 2))
    assert genesis is not None
    assert loss is not None
    assert (genesis.fields["old_seq"], genesis.fields["box"]) == (kept.seq, 100)
    assert (loss.fields["lost_log"], loss.fields["from"], loss.fields["to"]) == (old.log, gone.seq, gone.seq)


def test_an_unreadable_record_in_between_does_not_close_the_log(site: Site) -> None:
    site.start()
    gone = site.agent.till.sale("phone")
    site.agent.till.sale("lamp")
    before = site.agent.till.book.head
    site.agent.abandon()
    spoil(site, gone.seq)
    site.start()
    assert site.agent.till.book.head is not None
    assert before is not None
    assert site.agent.till.book.head.log == before.log


def test_a_record_that_was_changed_on_the_card_is_noticed_by_its_signature(site: Site) -> None:
    site.start()
    site.agent.till.sale("phone")
    changed = site.agent.till.sale("lamp")
    site.agent.abandon()
    connection = sqlite3.connect(site.folder / "edge.db")
    (payload,) = connection.execute("SELECT payload FROM ledger_record WHERE seq = ?", (changed.seq,)).fetchone()
    forged = bytes(payload).replace(b'"qty":1', b'"qty":2')
    assert forged != payload
    connection.execute("UPDATE ledger_record SET payload = ? WHERE seq = ?", (forged, changed.seq))
    connection.commit()
    connection.close()
    site.start()
    assert types(site)[:2] == ["GENESIS", "LOSS"]


def test_a_database_that_had_to_be_started_anew_is_named_in_genesis(site: Site) -> None:
    site.start()
    site.agent.close()
    (site.folder / "edge.db").write_bytes(b"no database" * 1_000)
    agent = site.start()
    assert agent.till.book.head is not None
    genesis = agent.till.book.genesis(agent.till.book.head.log)
    assert genesis is not None
    assert genesis.fields["why"] == "store-unreadable"
    assert agent.life.number == 2


def test_hashes_in_the_chain_are_those_of_the_bytes_kept(site: Site) -> None:
    site.start()
    book = site.agent.till.book
    assert book.head is not None
    payload = book.stored(book.head.log, book.head.seq, 1)[0][1].payload
    assert book.head.hash == record_hash(payload) == book.hash_at(book.head.log, book.head.seq)
