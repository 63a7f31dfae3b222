"""Time fixes: what waits for a date gets one, what was dated badly is dated anew, nothing is dated 1970."""

from __future__ import annotations

import pytest

from ingest import rows
from kiosk.wire.down_sections import TimeAnswer
from store import blocks, boots
from store.boots import Boot, Interval
from tests.ingest.server import Server, only, readings_ack
from tests.ingest.writer import MINUTE, NOON, Kiosk


@pytest.fixture
def kiosk(server: Server) -> Kiosk:
    return server.register(Kiosk(clock="none"))


def boot_of(server: Server, kiosk: Kiosk, number: int = 1) -> Boot:
    with server.store.read() as connection:
        (found,) = [each for each in boots.of_site(connection, kiosk.site) if each.boot_number == number]
    return found


def test_rows_without_a_date_wait_and_are_acknowledged(server: Server, kiosk: Kiosk) -> None:
    (message,) = server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5)))
    assert readings_ack(message).upto == 5
    assert server.volts().values == []


def test_a_later_fix_dates_the_whole_boot(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(2)
    server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5), kiosk.ledger_section()))
    assert {record.day for record in server.records(kiosk.log)} == {None}
    kiosk.clock = "server"
    server.send(kiosk, kiosk.frame())
    assert server.volts().times_ms[0] == kiosk.utc_ms - kiosk.mono_ms + MINUTE
    assert {record.day for record in server.records(kiosk.log)} == {"2026-09-21"}
    assert all(record.utc_ms == kiosk.utc_ms - kiosk.mono_ms + record.mono_ms for record in server.records(kiosk.log))


def test_a_boots_section_dates_an_earlier_life(server: Server, kiosk: Kiosk) -> None:
    server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5)))
    kiosk.restart(clock="none")
    state = kiosk.boot_state(1, 0, 5 * MINUTE, (0, NOON, "ntp", 40))
    server.send(kiosk, kiosk.frame(kiosk.boots_section(state)))
    assert server.volts().times_ms[0] == NOON + MINUTE


def test_a_time_fix_record_dates_its_boot(server: Server, kiosk: Kiosk) -> None:
    kiosk.genesis()
    kiosk.record("TIME_FIX", fix_boot=kiosk.boot, fix_mono=0, fix_utc=NOON, fix_src="gnss", fix_unc=20)
    server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5)))
    server.send(kiosk, kiosk.frame(kiosk.ledger_section()))
    assert server.volts().times_ms[0] == NOON + MINUTE


def test_a_better_fix_flags_a_boot_that_has_written_readings(server: Server, kiosk: Kiosk) -> None:
    kiosk.clock = "phone"
    server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5)))
    before = server.volts().times_ms
    kiosk.clock, kiosk.utc_ms = "ntp", kiosk.utc_ms + 600_000
    server.send(kiosk, kiosk.frame(), kiosk.frame(kiosk.block(6, 1)))
    boot = boot_of(server, kiosk)
    assert boot.needs_redating
    assert boot.fix is not None
    assert boot.fix.source == "ntp"
    assert server.volts().times_ms == [*before, before[-1] + MINUTE], "one boot has one date until office rewrites it"


def test_a_better_fix_takes_over_at_once_where_nothing_is_written(server: Server, kiosk: Kiosk) -> None:
    kiosk.clock = "phone"
    kiosk.open_books(1)
    server.send(kiosk, kiosk.frame(kiosk.ledger_section()))
    kiosk.clock, kiosk.utc_ms = "ntp", kiosk.utc_ms + 86_400_000
    server.send(kiosk, kiosk.frame())
    assert {record.day for record in server.records(kiosk.log)} == {"2026-09-22"}
    assert not boot_of(server, kiosk).needs_redating


def test_a_worse_fix_changes_nothing(server: Server, kiosk: Kiosk) -> None:
    kiosk.clock = "ntp"
    server.send(kiosk, kiosk.frame())
    kiosk.clock, kiosk.utc_ms = "phone", kiosk.utc_ms + 600_000
    server.send(kiosk, kiosk.frame())
    boot = boot_of(server, kiosk)
    assert boot.fix is not None
    assert boot.fix.source == "ntp"


def test_a_shift_below_a_second_is_not_rewritten(server: Server, kiosk: Kiosk) -> None:
    kiosk.clock = "server"
    server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5)))
    kiosk.clock, kiosk.utc_ms = "ntp", kiosk.utc_ms + 700
    server.send(kiosk, kiosk.frame())
    boot = boot_of(server, kiosk)
    assert not boot.needs_redating
    assert boot.fix is not None
    assert boot.fix.source == "ntp"


@pytest.mark.parametrize("utc_ms", [1, 86_400_000, 1_577_836_799_999, 4_102_444_800_000, 2**62])
def test_nothing_is_ever_dated_by_an_impossible_clock(server: Server, kiosk: Kiosk, utc_ms: int) -> None:
    kiosk.clock, kiosk.utc_ms = "ntp", utc_ms
    (message,) = server.send(kiosk, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5)))
    assert readings_ack(message).upto == 5
    assert server.volts().values == []
    assert server.count("fix_implausible") == 1
    assert boot_of(server, kiosk).offset_ms is None


def test_a_boot_with_many_waiting_blocks_is_left_to_office(
    server: Server, kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "WAITING_AT_ONCE", 2)
    server.send(kiosk, kiosk.frame(kiosk.schema_section(), *(kiosk.block(first, 5) for first in (1, 6, 11))))
    kiosk.clock = "ntp"
    server.send(kiosk, kiosk.frame())
    assert boot_of(server, kiosk).needs_redating
    assert server.volts().values == []
    with server.store.read() as connection:
        assert blocks.count(connection, kiosk.site, blocks.UNDATED) == 3


def test_a_boot_that_met_no_clock_lies_between_its_neighbours(server: Server, kiosk: Kiosk) -> None:
    kiosk.restart()
    kiosk.restart()
    first = kiosk.boot_state(1, 0, 5 * MINUTE, (0, NOON, "ntp", 40))
    second = kiosk.boot_state(2, 0, 9 * MINUTE)
    third = kiosk.boot_state(3, 2 * MINUTE, 3 * MINUTE, (0, NOON + 86_400_000, "ntp", 40))
    server.send(kiosk, kiosk.frame(kiosk.boots_section(first, second, third), clock=type(kiosk.header().clock)()))
    with server.store.read() as connection:
        found = boots.interval(connection, kiosk.site, 2)
        assert found == Interval(NOON + 5 * MINUTE, NOON + 86_400_000 + 2 * MINUTE)
        assert boots.interval(connection, kiosk.site, 1).after_ms is None


def test_a_request_for_time_is_answered_by_the_servers_clock(server: Server, kiosk: Kiosk) -> None:
    (message,) = server.send(kiosk, kiosk.frame(kiosk.time_request("00ff" * 4)))
    answer = only(message, TimeAnswer)
    assert answer == TimeAnswer("00ff" * 4, kiosk.boot, kiosk.mono_ms, server.now_ms)
