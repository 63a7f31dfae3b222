"""Scenario files: the three kiosks of the demonstration, and refusals that name the line to change."""

from importlib import resources

import pytest

from firmware_sim.faults import CounterReset, Garbage, LinkOutage, PowerCut, Silence, StuckDayCounter
from firmware_sim.scenarios import ScenarioError, available_scenarios, load_faults, load_scenario

DAY_MS = 86_400_000


@pytest.fixture
def changed(tmp_path):
    """Writes damane.toml with one change and returns its path."""

    def change(old, new):
        text = resources.files("firmware_sim.scenarios").joinpath("damane.toml").read_text("utf-8")
        assert old in text
        path = tmp_path / "changed.toml"
        path.write_text(text.replace(old, new, 1), "utf-8")
        return path

    return change


def test_the_three_kiosks_are_there():
    assert available_scenarios() == ["damane", "louda", "tangasgo"]
    loaded = [load_scenario(name) for name in available_scenarios()]
    assert [scenario.name for scenario in loaded] == ["École de Damané", "CSPS de Louda", "École de Tangasgo"]
    assert len({scenario.board_id for scenario in loaded}) == 3
    for scenario in loaded:
        assert all(isinstance(service.price_minor, int) for service in scenario.services)


def test_each_kind_of_mishap_happens_somewhere():
    kinds = {type(fault) for name in available_scenarios() for fault in load_scenario(name).faults}
    assert {CounterReset, StuckDayCounter, Silence, Garbage, PowerCut, LinkOutage} <= kinds


def test_faults_are_relative_to_the_day_of_the_start():
    scenario = load_scenario("damane")
    start_ms = 100 * DAY_MS + 5 * 3_600_000
    cuts = [fault for fault in scenario.faults_from(start_ms) if isinstance(fault, PowerCut)]
    assert cuts[0].start_utc_ms == 102 * DAY_MS + round(14.2 * 3_600_000)
    assert cuts[0].end_utc_ms - cuts[0].start_utc_ms == 90 * 60_000


def test_network_follows_days_and_hours():
    damane, louda = load_scenario("damane").network, load_scenario("louda").network
    assert damane.is_up(0, 12 * 3_600_000)
    assert not damane.is_up(0, 13 * 3_600_000)
    assert not louda.is_up(0, 30 * DAY_MS - 1)
    assert louda.is_up(0, 30 * DAY_MS)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("peak_w", "peek_w", r"\[panel\].*unknown key 'peek_w'; did you mean 'peak_w'"),
        ("[battery]", "[batery]", "unknown key 'batery'; did you mean 'battery'"),
        ('kind = "silence"', 'kind = "silense"', "did you mean 'silence'"),
        ("hours = 5.0", "hours = 5.0\nhour_s = 1", "unknown key 'hour_s'; did you mean 'hours'"),
        ('device = "mppt"', 'device = "mmpt"', "did you mean 'mppt'"),
        ('chemistry = "lead-acid"', 'chemistry = "lead"', "did you mean 'lead-acid'"),
        ("price_minor = 100", "price_minor = 100.0", "price_minor = 100.0; write a whole number"),
        ("peak_w = 250.0", "peak_w = true", "write a number from 10 to 1000"),
        ("peak_w = 250.0", "", "peak_w is missing"),
        ("4b59303100000a11", "4B59303100000A11", "16 lower-case hex digits"),
        ('code = "damane"', 'code = "Damané"', "use 2 to 24"),
        ("[site]", "[site", "is not TOML"),
        ("weekdays = [0, 1, 2, 3, 4]", "weekdays = 5", "write a list"),
        ("daily_hours = [[11.75, 12.5]]", "daily_hours = [11.75]", "write pairs"),
    ],
)
def test_a_wrong_file_is_refused_with_what_to_write(changed, old, new, hint):
    with pytest.raises(ScenarioError, match=hint):
        load_scenario(changed(old, new))


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ScenarioError, match="damane, louda, tangasgo"):
        load_scenario("damané")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ScenarioError, match=r"nowhere\.toml"):
        load_scenario(tmp_path / "nowhere.toml")


def test_faults_can_come_from_a_file_of_their_own(tmp_path):
    path = tmp_path / "faults.toml"
    path.write_text('[[faults]]\nkind = "silence"\ndevice = "board"\nday = 1\nhour = 2.0\nhours = 3.0\n', "utf-8")
    assert load_faults(path) == (Silence(DAY_MS + 2 * 3_600_000, DAY_MS + 5 * 3_600_000, "board"),)
    path.write_text("[[fault]]\n", "utf-8")
    with pytest.raises(ScenarioError, match="did you mean 'faults'"):
        load_faults(path)
