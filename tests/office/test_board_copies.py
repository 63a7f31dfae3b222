"""What boards draw beside readings and ledger: figures as they were computed and the server's health, in InfluxDB."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from figures.day import DayFigures
from kiosk.figure import FIGURES
from kiosk.time import DAY_MS
from office.projection import Projection
from store import counters, days
from store.days import SiteDay
from store.readings.figure_projection import FIGURE_DAY, FIGURE_INCOME, FigureProjection
from store.readings.health_projection import EVERY_MS, HealthProjection
from store.readings.influxdb_http import InfluxConnection
from store.readings.ledger_projection import LedgerProjection
from tests.api.book import BOOT
from tests.influxdb import InfluxServer
from tests.office.world import HOUR, SITE, START, World, work_off

TODAY, TOMORROW = "2026-03-10", "2026-03-11"


@pytest.fixture
def connection(influx: InfluxServer) -> Iterator[InfluxConnection]:
    opened = InfluxConnection(influx.new_bucket())
    yield opened
    opened.close()


@pytest.fixture
def projection(world: World, connection: InfluxConnection) -> Projection:
    """Of a site with a day of readings and three sales."""
    world.boot(BOOT, 1, world.book.opened_ms, 70 * DAY_MS)
    world.counted(START, START + DAY_MS, BOOT)
    for at_ms, amount in ((START + HOUR, 100), (START + 2 * HOUR, 250), (START + DAY_MS, 50)):
        world.book.sell(at_ms, amount)
    with world.store.write() as written:
        world.book.send(written)
    world.mark(TODAY, TOMORROW)
    parts = LedgerProjection(connection), FigureProjection(connection), HealthProjection(connection)
    return Projection(world.store, *parts)


def rows(connection: InfluxConnection, statement: str) -> list[dict[str, Any]]:
    """Each row with its tags and what is not null."""
    (tables,) = connection.query([statement])
    named = [{**t.get("tags", {}), **dict(zip(t["columns"], row, strict=True))} for t in tables for row in t["values"]]
    return [{name: value for name, value in row.items() if value is not None} for row in named]


def stored(world: World, day: str) -> SiteDay:
    with world.store.read() as read:
        found = days.get(read, SITE, day)
    assert found is not None
    return found


def fewer(row: SiteDay, *path: str) -> SiteDay:
    """The same day with a figure that is not known any more."""
    figures = json.loads(row.figures)
    place = figures
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = None
    return replace(row, figures=json.dumps(figures))


def test_every_figure_of_the_catalogue_stands_where_it_says(world: World, projection: Projection) -> None:
    work_off(world, projection)
    figures = json.loads(stored(world, TODAY).figures)
    figures["battery"]["stages"] = {"bulk_s": 1, "absorption_s": 1, "float_s": 1, "equalise_s": 1, "full": True}
    for figure in FIGURES.values():
        place = figures
        for key in figure.path[:-1]:
            place = place[key]
        assert figure.path[0] == "reasons" or figure.path[-1] in place, figure.name


def test_the_office_copies_each_day_that_it_computes(
    world: World, projection: Projection, connection: InfluxConnection
) -> None:
    work_off(world, projection)
    copied = {row["time"]: row for row in rows(connection, f"SELECT * FROM {FIGURE_DAY} WHERE site='{SITE}'")}
    figures = DayFigures.from_json(stored(world, TODAY).figures)
    assert copied[START]["solar_energy_wh"] == figures.solar.energy_wh
    assert copied[START]["battery_min_mv"] == figures.battery.min_mv
    assert copied[START]["income_net_minor"] == figures.income.net_minor == 350
    assert copied[START]["missing_no_readings_ms"] == 0
    assert "load_energy_wh" not in copied[START]
    assert copied[START + DAY_MS]["income_net_minor"] == 50
    by = rows(connection, f"SELECT sales,amount_minor FROM {FIGURE_INCOME} WHERE site='{SITE}' GROUP BY kind,item")
    assert {(row["kind"], row["item"]): (row["sales"], row["amount_minor"]) for row in by if row["time"] == START} == {
        ("service", "phone"): (2, 350),
        ("pay", "cash"): (2, 350),
    }


def test_a_figure_that_is_not_known_any_more_leaves_no_field(
    world: World, projection: Projection, connection: InfluxConnection
) -> None:
    work_off(world, projection)
    for _ in range(2):
        projection.write_figures([fewer(stored(world, TODAY), "solar", "energy_wh")])
        (point,) = rows(connection, f"SELECT * FROM {FIGURE_DAY} WHERE site='{SITE}' AND time={START}ms")
        assert "solar_energy_wh" not in point
        assert point["battery_min_mv"] == 12_800
    assert [each.fields for each in projection.verify(SITE).figures] == [("solar_energy_wh",)]


def test_a_service_that_was_not_sold_after_all_is_gone(
    world: World, projection: Projection, connection: InfluxConnection
) -> None:
    work_off(world, projection)
    row = stored(world, TODAY)
    figures = json.loads(row.figures)
    figures["income"]["by_service"] = {"lamp": {"count": 1, "amount_minor": 50}}
    projection.write_figures([replace(row, figures=json.dumps(figures))])
    asked = f"SELECT amount_minor FROM {FIGURE_INCOME} WHERE kind='service' AND time={START}ms GROUP BY item"
    assert [(each["item"], each["amount_minor"]) for each in rows(connection, asked)] == [("lamp", 50)]


def test_writing_again_changes_nothing_and_verify_finds_nothing(world: World, projection: Projection) -> None:
    work_off(world, projection)
    assert projection.verify(SITE).figures == []
    projection.write_figures([stored(world, TODAY), stored(world, TOMORROW)])
    assert projection.verify(SITE).figures == []


def test_a_spoilt_copy_is_found_and_made_anew(
    world: World, projection: Projection, connection: InfluxConnection
) -> None:
    work_off(world, projection)
    lines = f"{FIGURE_DAY},site={SITE} solar_energy_wh=9i {START}\n{FIGURE_DAY},site={SITE} invented=1i 1600000000000"
    connection.write(lines)
    found = {(each.day, each.fields) for each in projection.verify(SITE).figures}
    assert found == {(TODAY, ("solar_energy_wh",)), ("2020-09-13", ("invented",))}
    projection.rebuild(SITE)
    assert projection.verify(SITE).figures == []


def test_health_is_told_once_in_five_minutes(
    world: World, projection: Projection, connection: InfluxConnection
) -> None:
    world.heard(world.now_ms - HOUR, rows_waiting=40)
    with world.store.write() as written:
        counters.add(written, {"frames": 7, "frame_refused": 1})
    work_off(world, projection)
    (server,) = rows(connection, "SELECT * FROM server_health")
    assert server["time"] == world.now_ms - world.now_ms % EVERY_MS
    assert (server["frames"], server["frame_refused"], server["dead_letters"]) == (7, 1, 0)
    (site,) = rows(connection, f"SELECT * FROM site_health WHERE site='{SITE}'")
    assert (site["arrival_age_s"], site["rows_waiting"], site["received_today_bytes"]) == (3600, 40, 900)
    assert "acknowledgement_age_s" not in site
    world.now_ms += EVERY_MS
    work_off(world, projection)
    assert len(rows(connection, "SELECT * FROM server_health")) == 2
