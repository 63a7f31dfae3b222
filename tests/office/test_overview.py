"""What pages are told of a site."""

from __future__ import annotations

from sqlalchemy import update

from kiosk.time import DAY_MS
from office.overview import Overview, SitePage, State
from office.summariser import Summariser
from store import ledger_aside
from store.ledger_aside import Gap
from store.readings.base import Series
from store.schema import ledger_record
from tests.office.world import HOUR, MINUTE, SITE, START, World


def page(world: World) -> SitePage:
    found = Overview(world.store, world.readings, world.clock).site(SITE)
    assert found is not None
    return found


def state(world: World) -> tuple[State, str]:
    standing = page(world).card.standing
    return standing.state, standing.subject


def reads(world: World, metric: str, value: int, age_ms: int, device: str = "mppt") -> None:
    decimals = 2 if metric.endswith("_v") else 0
    series = Series(device, metric, decimals, [world.now_ms - age_ms], [value])
    world.readings.write(SITE, "b1" * 8, [series])


def test_an_unknown_site_is_none(world: World) -> None:
    assert Overview(world.store, world.readings, world.clock).site("nowhere") is None


def test_a_site_that_never_spoke(world: World) -> None:
    assert state(world) == (State.NEVER_SEEN, "")


def test_a_site_that_is_well_by_day_and_by_night(world: World) -> None:
    world.heard(world.now_ms - 5 * MINUTE)
    reads(world, "battery_voltage_v", 1290, 5 * MINUTE)
    assert state(world) == (State.OK, "")
    world.now_ms += 9 * HOUR
    world.heard(world.now_ms - 5 * MINUTE)
    reads(world, "battery_voltage_v", 1260, 5 * MINUTE)
    assert state(world) == (State.NIGHT, "")


def test_a_site_is_silent_by_its_own_cadence(world: World) -> None:
    reads(world, "battery_voltage_v", 1290, 5 * HOUR)
    world.heard(world.now_ms - 5 * HOUR)
    assert state(world)[0] is State.SILENT
    world.heard(world.now_ms - 5 * HOUR, cadence_s=3 * 3600)
    assert state(world)[0] is State.OK


def test_a_silent_site_whose_battery_was_low_says_so(world: World) -> None:
    reads(world, "battery_voltage_v", 1175, 5 * HOUR)
    world.heard(world.now_ms - 5 * HOUR)
    assert state(world)[0] is State.SILENT_LOW_BATTERY


def test_a_low_battery_is_the_believed_devices_word_while_it_speaks(world: World) -> None:
    world.heard(world.now_ms - 5 * MINUTE)
    reads(world, "battery_voltage_v", 1270, 5 * MINUTE, "shunt")
    reads(world, "battery_drawn_total_ah", 40, 5 * MINUTE, "shunt")
    reads(world, "battery_voltage_v", 1160, 5 * MINUTE)
    reads(world, "charger_state", 3, 5 * MINUTE)
    assert state(world)[0] is State.OK
    reads(world, "battery_voltage_v", 1165, 5 * MINUTE, "shunt")
    assert state(world)[0] is State.LOW_BATTERY


def test_a_shunt_that_fell_silent_is_not_asked_whether_the_battery_is_low(world: World) -> None:
    world.heard(world.now_ms - 5 * MINUTE)
    reads(world, "battery_voltage_v", 1165, 2 * HOUR, "shunt")
    reads(world, "battery_drawn_total_ah", 40, 2 * HOUR, "shunt")
    reads(world, "battery_voltage_v", 1290, 5 * MINUTE)
    assert state(world) == (State.DEVICE_SILENT, "shunt")


def test_a_low_battery_and_a_load_output_that_is_off(world: World) -> None:
    world.heard(world.now_ms)
    reads(world, "battery_voltage_v", 1190, MINUTE)
    assert state(world)[0] is State.LOW_BATTERY
    reads(world, "battery_voltage_v", 1250, 0)
    assert state(world)[0] is State.OK
    reads(world, "load_on", 0, 0)
    assert state(world)[0] is State.POWER_OFF


def test_a_silent_device_is_named(world: World) -> None:
    world.heard(world.now_ms)
    reads(world, "battery_voltage_v", 1290, 40 * MINUTE)
    reads(world, "shelf_energy_total_wh", 5, MINUTE, "board")
    assert state(world) == (State.DEVICE_SILENT, "mppt")


def test_a_site_that_speaks_of_long_ago_is_behind(world: World) -> None:
    world.heard(world.now_ms)
    reads(world, "battery_voltage_v", 1290, 5 * HOUR)
    assert state(world)[0] is State.BEHIND


def test_income_of_today_this_month_and_last_month(world: World) -> None:
    today = START + 2 * DAY_MS
    for at_ms, amount in ((today + HOUR, 100), (START, 200), (START - 10 * DAY_MS, 400), (START - 40 * DAY_MS, 800)):
        world.book.sell(at_ms, amount)
    with world.store.write() as connection:
        world.book.send(connection)
    found = page(world).card.money
    assert [each.net_minor for each in (found.today, found.month, found.last_month)] == [100, 300, 400]
    assert [each.sales for each in (found.today, found.month, found.last_month)] == [1, 2, 1]
    assert (found.box_minor, found.currency) == (1500, "XOF")
    assert (found.last_month.first, found.last_month.last) == ("2026-02-01", "2026-02-28")


def test_the_ledger_is_complete_up_to_a_number_and_the_rest_is_at_the_kiosk(world: World) -> None:
    sale = world.book.sell(START + HOUR, 100)
    world.book.sell(START + 2 * HOUR, 250)
    world.book.void(START + 3 * HOUR, sale)
    with world.store.write() as connection:
        world.book.send(connection, 2)
    world.heard(world.now_ms)
    found = page(world).card.completeness
    assert (found.complete_to, found.told_to, found.at_kiosk) == (2, 4, 2)
    assert (found.at_kiosk_in_minor, found.at_kiosk_out_minor, found.box_told_minor) == (250, 100, 250)


def test_a_complete_ledger_has_nothing_at_the_kiosk(world: World) -> None:
    world.book.sell(START + HOUR, 100)
    with world.store.write() as connection:
        world.book.send(connection)
        ledger_aside.add_gap(connection, Gap(world.book.log, 5, 7, "loss", 0, 0, 0, START))
    world.heard(world.now_ms)
    found = page(world).card.completeness
    assert (found.complete_to, found.at_kiosk, found.at_kiosk_in_minor, found.lost_records) == (2, 0, 0, 3)


def test_a_kiosk_that_told_no_head_promises_nothing(world: World) -> None:
    world.heard(world.now_ms, ledger=False)
    found = page(world).card.completeness
    assert (found.log, found.complete_to, found.at_kiosk) == (None, 0, 0)


def test_sales_without_a_date_are_in_no_period_and_are_told(world: World) -> None:
    world.book.sell(START + HOUR, 100)
    with world.store.write() as connection:
        world.book.send(connection)
        connection.execute(update(ledger_record).values(utc_ms=None, day=None))
    found = page(world).card.money
    assert (found.month.net_minor, found.undated_records, found.undated_minor) == (0, 1, 100)


def test_the_last_daylight_is_yesterdays_until_the_sun_has_been_up_for_an_hour(world: World) -> None:
    world.counted(START + DAY_MS, world.now_ms)
    world.heard(world.now_ms)
    world.now_ms = START + 2 * DAY_MS + 6 * HOUR + 30 * MINUTE
    office = Summariser(world.store, world.readings, world.clock)
    while office.run_once():
        pass
    found = page(world).card
    assert found.today is not None
    assert found.last_daylight is not None
    assert (found.today.day, found.last_daylight.day) == ("2026-03-12", "2026-03-11")


def test_uptimes_are_of_the_days_before_today(world: World) -> None:
    world.boot("b1" * 8, 1, START, 12 * HOUR)
    world.boot("b2" * 8, 2, START + 2 * DAY_MS, 12 * HOUR)
    world.heard(START + HOUR)
    world.mark("2026-03-10", "2026-03-11", "2026-03-12")
    office = Summariser(world.store, world.readings, world.clock)
    while office.run_once():
        pass
    found = page(world)
    assert (found.card.uptimes.agent_permille, found.card.uptimes.days) == (250, 2)
    assert found.card.uptimes.link_permille == 5  # one of 192 quarters of an hour
    assert [each.day for each in found.days] == ["2026-03-10", "2026-03-11", "2026-03-12"]
