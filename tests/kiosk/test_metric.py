"""The catalogue of metrics: names are a public API and say their unit."""

from __future__ import annotations

import re

import pytest

from kiosk import metric
from kiosk.metric import CATALOGUE, Kind, Metric

SUFFIX = {
    "V": "_v",
    "A": "_a",
    "W": "_w",
    "Wh": "_wh",
    "°C": "_c",
    "%": "_percent",
    "ms": "_ms",
    "B": "_bytes",
    "MB": "_mb",
    "Ah": "_ah",
    "s": "_s",
    "Hz": "_hz",
}
"""How a unit ends a name; counts of things ("1") and codes ("") end in what is counted or said."""

COUNTED = {
    "shelf_sessions_total",
    "shelf_ports_busy",
    "battery_cycles_total",
    "battery_full_discharges_total",
    "bms_protections_total",
    "history_days_ago",
    "history_day_number",
    "battery_full_charges_total",
}

every_metric = pytest.mark.parametrize("each", CATALOGUE.values(), ids=lambda each: each.name)


def kinds(kind: Kind) -> set[str]:
    """Names of one kind."""
    return {each.name for each in CATALOGUE.values() if each.kind is kind}


@every_metric
def test_a_name_ends_in_its_unit(each: Metric) -> None:
    if each.unit == "1":
        assert each.name in COUNTED
    elif each.unit == "":
        assert each.kind is Kind.STATE
    else:
        assert each.name.endswith(SUFFIX[each.unit])


@every_metric
def test_a_name_that_ends_in_a_unit_has_that_unit(each: Metric) -> None:
    ends = [unit for unit, suffix in SUFFIX.items() if each.name.endswith(suffix)]
    assert ends == ([each.unit] if each.unit in SUFFIX else [])


@every_metric
def test_a_name_and_its_decimals_fit_a_schema(each: Metric) -> None:
    assert re.fullmatch(r"[a-z0-9_]{1,40}", each.name)
    assert 0 <= each.decimals <= 6


@every_metric
def test_its_plausible_range_is_a_range_and_travels(each: Metric) -> None:
    assert each.low < each.high < 2**61
    assert each.plausible(each.low)
    assert each.plausible(each.high)
    assert not each.plausible(each.low - 1)
    assert not each.plausible(each.high + 1)


def test_no_metric_is_listed_twice() -> None:
    assert len(metric._ALL) == len(CATALOGUE)
    assert all(name == each.name for name, each in CATALOGUE.items())


def test_energies_and_what_is_sent_are_counters() -> None:
    assert kinds(Kind.COUNTER) == {
        "pv_energy_total_wh",
        "pv_energy_day_wh",
        "pv_energy_yesterday_wh",
        "load_energy_total_wh",
        "shelf_energy_total_wh",
        "shelf_sessions_total",
        "link_sent_bytes",
        "link_received_bytes",
        "battery_cycles_total",
        "battery_full_discharges_total",
        "battery_drawn_total_ah",
        "battery_discharged_total_wh",
        "battery_charged_total_wh",
        "bms_protections_total",
        "battery_full_charges_total",
        "battery_charged_total_ah",
    }


def test_codes_are_states_and_whole() -> None:
    assert kinds(Kind.STATE) == {
        "charger_state",
        "mppt_mode",
        "charger_error",
        "charger_off_reason",
        "load_on",
        "charger_day_number",
        "battery_alarm",
        "bms_protection",
        "bms_switches",
        "charger_fault",
    }
    assert all(CATALOGUE[name].decimals == 0 for name in kinds(Kind.STATE) | kinds(Kind.COUNTER))


def test_only_what_flows_both_ways_and_temperatures_can_be_negative() -> None:
    below = {each.name for each in CATALOGUE.values() if each.low < 0}
    assert below == {
        "battery_current_a",
        "battery_power_w",
        "battery_temperature_c",
        "charger_temperature_c",
        "agent_temperature_c",
    }


def test_charging_and_discharging_are_equally_plausible() -> None:
    for flow in (CATALOGUE["battery_current_a"], CATALOGUE["battery_power_w"]):
        assert flow.low == -flow.high


def test_a_value_stands_for_a_number_of_its_unit() -> None:
    assert CATALOGUE["battery_voltage_v"].real(1_325) == 13.25
    assert CATALOGUE["pv_energy_total_wh"].real(7) == 7.0
