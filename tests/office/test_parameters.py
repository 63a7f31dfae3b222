"""What figures must be told about a site."""

from __future__ import annotations

import pytest

from figures.facts import Parameters
from kiosk.errors import ConfigError
from office import parameters
from store import settings, sites
from store.sites import Place
from tests.office.world import SITE, World


def test_a_site_that_nobody_told_anything_about_has_the_defaults(world: World) -> None:
    with world.store.read() as connection:
        assert parameters.load(connection, SITE) == Parameters()


def test_the_place_of_the_commune_is_where_its_sun_is(world: World) -> None:
    with world.store.write() as connection:
        sites.set_place(connection, SITE, Place(12.5, -1.5))
        found = parameters.load(connection, SITE)
    assert (found.lat_deg, found.lon_deg) == (12.5, -1.5)


def test_what_was_told_comes_back(world: World) -> None:
    told = Parameters(cutoff_mv=12_400, agent_on_bus=False, lat_deg=12.99)
    with world.store.write() as connection:
        parameters.save(connection, SITE, told)
        assert parameters.load(connection, SITE) == told


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "not JSON"),
        ("[]", "object"),
        ('{"cutof_mv": 1}', "cutof_mv"),
        ('{"cutoff_mv": 11.7}', "cutoff_mv"),
        ('{"cutoff_mv": true}', "cutoff_mv"),
        ('{"lat_deg": 80}', "lat_deg"),
    ],
)
def test_a_wrong_setting_names_itself_and_the_remedy(world: World, text: str, named: str) -> None:
    with world.store.write() as connection:
        settings.put(connection, f"figures.{SITE}", text)
        with pytest.raises(ConfigError, match=named):
            parameters.load(connection, SITE)
        assert parameters.in_force(connection, SITE) == Parameters()
