"""A readings store that was lost, exchanged or spoilt is filled from the archive, and then says what it said before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ingest.handler import Handler
from kayasol.readings_store import open_readings
from kayasol.refilling import BROKEN_OFF, DONE, rebuild
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from office.redating import Redating
from store import boots, days
from store.engine import Store
from store.readings.base import Series
from tests.ingest.server import Server
from tests.ingest.writer import MINUTE, Kiosk
from tests.server_process import free_port

FIRST, LAST = 1_700_000_000_000, 1_900_000_000_000


@pytest.fixture
def beside(settings: ServerSettings) -> ServerSettings:
    """The same server before it had InfluxDB."""
    return settings.model_copy(update={"readings": "sqlite"})


@pytest.fixture
def server(settings: ServerSettings) -> Iterator[Server]:
    made = Server(settings.folder, url=settings.database)
    yield made
    made.close()


def live(server: Server, settings: ServerSettings, *kiosks: Kiosk) -> None:
    """Two lives of each site arrive, and the office has had its turn."""
    with open_readings(settings, server.store) as opened:
        handler = Handler(server.store, opened.readings, server.keys, lambda: server.now_ms, policy=server.policy)
        for kiosk in kiosks:
            server.register(kiosk)
            handler.handle(kiosk.topic, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 40), kiosk.block(41, 3)))
            kiosk.restart()
            kiosk.utc_ms += 3 * 86_400_000
            handler.handle(kiosk.topic, kiosk.frame(kiosk.block(44, 15)))
    with server.store.write() as connection:
        for each in days.dirty_days(connection, 100):
            days.clear_dirty(connection, each)


def everything(settings: ServerSettings, store: Store, site: str = "damane") -> list[Series]:
    with open_readings(settings, store) as opened:
        return opened.readings.day(site, FIRST, LAST)


def test_a_server_that_changes_to_influxdb_takes_its_readings_along(
    settings: ServerSettings, beside: ServerSettings, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    live(server, beside, Kiosk(), Kiosk(site="tangasgo", name="other"))
    assert everything(settings, server.store) == []
    assert rebuild(settings) == DONE
    assert capsys.readouterr().out.splitlines()[:2] == [
        "damane: 2 boots to be written from the archive",
        "tangasgo: 2 boots to be written from the archive",
    ]
    for site in ("damane", "tangasgo"):
        assert max(len(each.values) for each in everything(settings, server.store, site)) == 58
        assert everything(settings, server.store, site) == everything(beside, server.store, site)


def test_a_server_that_changes_back_has_what_came_meanwhile(
    settings: ServerSettings, beside: ServerSettings, server: Server
) -> None:
    live(server, settings, Kiosk())
    assert everything(beside, server.store) == []
    assert rebuild(beside) == DONE
    assert everything(beside, server.store) == everything(settings, server.store)


def test_what_was_changed_added_or_moved_is_as_the_archive_says_again(settings: ServerSettings, server: Server) -> None:
    kiosk = Kiosk()
    live(server, settings, kiosk)
    before = everything(settings, server.store)
    (volts,) = (each for each in before if each.metric == "battery_voltage_v")
    spoilt = Series(
        volts.device, volts.metric, volts.decimals, [volts.times_ms[-1], volts.times_ms[-1] + 7 * MINUTE], [1, 2]
    )
    with open_readings(settings, server.store) as opened:
        opened.readings.write("damane", kiosk.boot, [spoilt])
    assert everything(settings, server.store) != before
    assert rebuild(settings) == DONE
    assert everything(settings, server.store) == before


def test_the_figures_of_the_days_are_computed_anew(settings: ServerSettings, server: Server) -> None:
    live(server, settings, Kiosk())
    rebuild(settings)
    with server.store.read() as connection:
        assert {each.day for each in days.dirty_days(connection, 100)} == {"2026-09-21", "2026-09-24"}
        assert not boots.to_redate(connection, 1)


def test_one_site_is_rebuilt_alone(settings: ServerSettings, beside: ServerSettings, server: Server) -> None:
    live(server, beside, Kiosk(), Kiosk(site="tangasgo", name="other"))
    assert rebuild(settings, "tangasgo") == DONE
    assert everything(settings, server.store, "damane") == []
    assert everything(settings, server.store, "tangasgo") == everything(beside, server.store, "tangasgo")


def test_a_site_that_nobody_registered_is_named(settings: ServerSettings) -> None:
    with pytest.raises(ConfigError, match="no site `kaya`"):
        rebuild(settings, "kaya")


def test_what_is_broken_off_is_finished_by_the_office(
    settings: ServerSettings, beside: ServerSettings, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    live(server, beside, Kiosk())
    away = settings.model_copy(update={"influxdb_url": f"http://127.0.0.1:{free_port()}"})
    assert rebuild(away) == BROKEN_OFF
    assert "broken off, nothing is lost" in capsys.readouterr().err
    with open_readings(settings, server.store) as opened:
        redating = Redating(server.store, opened.readings, lambda: server.now_ms)
        while redating.run_once():
            pass
    assert everything(settings, server.store) == everything(beside, server.store)


def test_a_better_clock_that_comes_meanwhile_leaves_nothing_under_the_old_date(
    settings: ServerSettings, server: Server
) -> None:
    kiosk = server.register(Kiosk(clock="phone"))
    with open_readings(settings, server.store) as opened:
        handler = Handler(server.store, opened.readings, server.keys, lambda: server.now_ms, policy=server.policy)
        handler.handle(kiosk.topic, kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5)))
        redating = Redating(server.store, opened.readings, lambda: server.now_ms)
        assert redating.begin_anew("damane") == 1
        kiosk.clock, kiosk.utc_ms = "ntp", kiosk.utc_ms + 86_400_000
        handler.handle(kiosk.topic, kiosk.frame(kiosk.block(6, 1)))
        while redating.run_once():
            pass
    first_ms = kiosk.utc_ms - kiosk.mono_ms + MINUTE
    (volts,) = (each for each in everything(settings, server.store) if each.metric == "battery_voltage_v")
    assert volts.times_ms == [first_ms + number * MINUTE for number in range(6)]
