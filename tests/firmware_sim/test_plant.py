"""The physics: sun where almanacs have it, no energy from nowhere, batteries that behave as their kind does."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from firmware_sim.plant.battery import LEAD_ACID, LFP, Battery, BatterySpec
from firmware_sim.plant.charger import LOAD_OFF_DELAY_MS, SELF_CONSUMPTION_W, Charger, Stage
from firmware_sim.plant.customers import Customers
from firmware_sim.plant.loads import Fridge
from firmware_sim.plant.plant import Plant
from firmware_sim.plant.sun import clear_sky, sun_vector
from firmware_sim.plant.weather import Weather
from firmware_sim.scenarios import load_scenario

KAYA = (13.09, -1.08)
MINUTE_MS, DAY_MS = 60_000, 86_400_000
MONDAY_MS = int(datetime(2025, 1, 6, tzinfo=UTC).timestamp() * 1000)


class TakesAll:
    """A counter at which every press is taken."""

    def __init__(self):
        self.pressed_ms = []

    def press(self, at_utc_ms, service):
        self.pressed_ms.append(at_utc_ms)
        return True

    def plug_in(self, at_utc_ms, port, power_mw):
        pass

    def plug_out(self, at_utc_ms, port):
        pass


def altitudes_deg(date):
    midnight_ms = int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp() * 1000)
    return [sun_vector(midnight_ms + minute * MINUTE_MS, *KAYA).altitude_deg for minute in range(1440)]


@pytest.mark.parametrize(
    ("date", "noon_deg"),
    [
        ("2025-03-20", 76.9),  # equinox: 90 - 13.09
        ("2025-06-21", 79.65),  # the sun stands north: 90 - (23.44 - 13.09)
        ("2025-12-21", 53.47),  # 90 - (13.09 + 23.44)
        ("2025-04-25", 89.9),  # overhead
    ],
)
def test_noon_altitude_is_the_almanacs(date, noon_deg):
    assert max(altitudes_deg(date)) == pytest.approx(noon_deg, abs=0.25)


def test_noon_comes_when_the_equation_of_time_says():
    # 3 November: the sun is 16.4 minutes early; 1.08 degrees west is 4.3 minutes late: 11:47:54 UTC.
    day = altitudes_deg("2025-11-03")
    assert day.index(max(day)) == pytest.approx(11 * 60 + 48, abs=1)


def test_sun_is_east_in_the_morning_and_south_at_noon_in_winter():
    assert sun_vector(MONDAY_MS + 8 * 3_600_000, *KAYA).east > 0.5
    noon = sun_vector(MONDAY_MS + 12 * 3_600_000, *KAYA)
    assert noon.north < -0.5
    assert noon.east**2 + noon.north**2 + noon.up**2 == pytest.approx(1.0)


def test_clear_noon_is_as_bright_as_it_should_be():
    beam, diffuse = clear_sky(0.97, 5.5)
    assert 850 < beam * 0.97 + diffuse < 1050
    assert clear_sky(0.97, 9.0).beam_w_m2 < 0.75 * beam  # dust
    assert clear_sky(-0.01, 5.5) == (0.0, 0.0)


def test_weather_follows_the_month():
    weather = Weather(1)
    april, january = (
        [weather.at(int(datetime(2025, month, day, 15, tzinfo=UTC).timestamp() * 1000)).air_c for day in range(1, 29)]
        for month in (4, 1)
    )
    assert sum(april) / 28 == pytest.approx(40, abs=1.5)
    assert sum(january) / 28 == pytest.approx(33, abs=1.5)
    skies = [weather.at(MONDAY_MS + node * 300_000) for node in range(288 * 60)]
    assert all(0.0 <= sky.beam_share <= 1.0 and 0.85 < sky.clean_share <= 1.0 for sky in skies)


def run_plant(plant, days):
    end_ms = plant.now_utc_ms + days * DAY_MS
    return [plant.advance(plant.now_utc_ms + MINUTE_MS) for _ in range((end_ms - plant.now_utc_ms) // MINUTE_MS)]


@pytest.mark.parametrize("name", ["damane", "louda", "tangasgo"])
def test_energy_is_conserved(name):
    plant = Plant(load_scenario(name).plant, 1, MONDAY_MS, TakesAll())
    before_wh = plant.battery.stored_wh()
    steps = run_plant(plant, 10)
    hours = len(steps) / 60
    stored_wh = plant.battery.stored_wh() - before_wh
    spent_wh = plant.load_wh + SELF_CONSUMPTION_W * hours + plant.charger.converter_loss_wh + plant.battery.heat_wh
    assert plant.panel_wh > 4000
    # The rest voltage is held constant within a step, which is all that the balance may miss.
    assert spent_wh + stored_wh == pytest.approx(plant.panel_wh, rel=0.002)
    assert 0 < plant.battery.heat_wh < 0.25 * plant.panel_wh


def test_books_of_the_plant_are_the_sums_of_its_steps():
    plant = Plant(load_scenario("damane").plant, 1, MONDAY_MS, TakesAll())
    steps = run_plant(plant, 2)
    assert sum(step.panel_w for step in steps) / 60 == pytest.approx(plant.panel_wh)
    assert sum(step.load_w for step in steps) / 60 == pytest.approx(plant.load_wh)


def test_panel_gives_nothing_at_night_and_a_plausible_peak():
    plant = Plant(load_scenario("damane").plant, 1, MONDAY_MS, TakesAll())
    steps = run_plant(plant, 5)
    assert all(step.panel_w == 0.0 and step.stage is Stage.OFF for step in steps if step.sun_up < 0)
    assert 130 < max(step.panel_w for step in steps) < 250
    assert 700 * 5 < plant.panel_wh < 1500 * 5


@pytest.mark.parametrize(("chemistry", "rest_v"), [(LEAD_ACID, 12.30), (LFP, 13.15)])
def test_half_full_battery_rests_at_its_voltage(chemistry, rest_v):
    battery = Battery(BatterySpec(chemistry, 100.0, 1.0, 1.0, 0.5))
    assert battery.ocv_v() == pytest.approx(rest_v)
    assert battery.voltage_v(-10.0) < battery.ocv_v() < battery.voltage_v(10.0)


def test_old_battery_sags_more():
    new, old = (Battery(BatterySpec(LEAD_ACID, 100.0, 1.0, factor, 0.5)) for factor in (1.0, 3.0))
    assert new.ocv_v() - new.voltage_v(-5.0) == pytest.approx((old.ocv_v() - old.voltage_v(-5.0)) / 3.0)


@pytest.mark.parametrize(("chemistry", "absorption_v", "float_v"), [(LEAD_ACID, 14.4, 13.8), (LFP, 14.2, 13.5)])
def test_charging_goes_through_bulk_absorption_float(chemistry, absorption_v, float_v):
    battery = Battery(BatterySpec(chemistry, 100.0, 1.0, 1.0, 0.6))
    battery.temperature_c = 25.0
    charger = Charger(battery, 11.7, 12.6)
    flows = [(charger.run(250.0, 5.0, MINUTE_MS, 25.0), charger.stage) for _ in range(600)]
    stages = [stage for stage, after in pairwise([stage for _, stage in flows]) if stage is not after]
    assert [*stages, flows[-1][1]] == [Stage.BULK, Stage.ABSORPTION, Stage.FLOAT]
    assert max(flow.battery_v for flow, _ in flows) == pytest.approx(absorption_v, abs=0.03)
    assert flows[-1][0].battery_v == pytest.approx(float_v, abs=0.03)
    absorbing_a = [flow.battery_a for flow, stage in flows if stage is Stage.ABSORPTION]
    assert absorbing_a[0] > 3 * absorbing_a[-1] > 0  # acceptance tails off
    assert max(flow.battery_a for flow, _ in flows) <= 20.0
    assert battery.soc > 0.95


def test_low_voltage_cuts_the_loads_after_a_delay_and_brings_them_back_higher():
    battery = Battery(BatterySpec(LEAD_ACID, 100.0, 0.5, 3.0, 0.12))
    charger = Charger(battery, 11.8, 12.6)
    flows = []
    while charger.load_on:
        flows.append(charger.run(0.0, 60.0, MINUTE_MS, 30.0))
    low = [flow for flow in flows if flow.battery_v < 11.8]
    assert len(low) == LOAD_OFF_DELAY_MS // MINUTE_MS + 1
    flow = charger.run(0.0, 60.0, MINUTE_MS, 30.0)
    assert (flow.load_w, charger.load_on) == (0.0, False)
    assert flow.battery_v > low[-1].battery_v  # it recovers without load, yet stays off
    while not charger.load_on:
        back = charger.run(120.0, 60.0, MINUTE_MS, 30.0)
    assert back.battery_v >= 12.6


def test_fridge_keeps_vaccines_cold_while_powered_and_warms_without():
    fridge = Fridge()
    temperatures = []
    for _ in range(3000):
        fridge.run(True, 35.0, MINUTE_MS)
        temperatures.append(fridge.temperature_c)
    assert 3.0 < min(temperatures) < max(temperatures) < 6.5
    for _ in range(600):
        assert not fridge.run(False, 35.0, MINUTE_MS)
    assert fridge.temperature_c > 12.0


def test_customers_come_by_day_only_and_most_at_dusk():
    scenario = load_scenario("damane")
    customers = Customers(scenario.plant.customers, scenario.plant.calendar, 1)
    days = [customers.plan(MONDAY_MS // DAY_MS + n) for n in range(60)]
    hours = [visit.at_utc_ms % DAY_MS / 3_600_000 for day in days for visit in day]
    assert 6 <= min(hours) < 7
    assert 21 < max(hours) < 22
    assert sum(17 <= hour < 20 for hour in hours) > 0.25 * len(hours)
    for day in days:
        assert all(after.at_utc_ms - before.at_utc_ms >= 3000 for before, after in pairwise(day))
    counts = sorted(len(day) for day in days)
    assert 40 < counts[0] < counts[30] < 110 < counts[-1] < 170  # market days stand out


def test_classroom_lamps_burn_on_school_evenings_only():
    spec = replace(
        load_scenario("damane").plant, customers=replace(load_scenario("damane").plant.customers, visits_per_day=0)
    )
    plant = Plant(spec, 1, MONDAY_MS, TakesAll())
    steps = {step.start_utc_ms: step for step in run_plant(plant, 7)}

    def load_w(day, hour):
        return steps[MONDAY_MS + day * DAY_MS + hour * 3_600_000].load_w

    assert load_w(1, 20) - load_w(1, 23) == pytest.approx(36.0)  # Tuesday
    assert load_w(5, 20) == pytest.approx(load_w(5, 23))  # Saturday
    assert load_w(1, 5) == pytest.approx(load_w(1, 23))  # not before dawn


def test_plant_serves_the_same_customers_however_it_is_advanced():
    by_minute, by_hour = TakesAll(), TakesAll()
    spec = load_scenario("damane").plant
    first, second = (Plant(spec, 1, MONDAY_MS, counter) for counter in (by_minute, by_hour))
    run_plant(first, 1)
    for hour in range(1, 25):
        second.advance(MONDAY_MS + hour * 3_600_000)
    assert by_minute.pressed_ms == by_hour.pressed_ms
    assert first.to_state() == second.to_state()
