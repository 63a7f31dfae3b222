"""Readings into positions: absent stays absent, the implausible is flagged and not stored as good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.minute import row_values
from kiosk.metric import CATALOGUE
from kiosk.reading import IMPLAUSIBLE, Flag, Reading
from kiosk.wire.schema import DeviceSchema, Schema

SCHEMA = Schema(
    (
        DeviceSchema("mppt", "victron-vedirect", "", ("battery_voltage_v", "battery_current_a", "load_on")),
        DeviceSchema("shelf", "charging-board", "", ("shelf_power_w", "shelf_sessions_total")),
    )
)


def test_values_stand_in_the_schemas_order_whatever_the_readings_order() -> None:
    readings = [Reading("shelf", {"shelf_power_w": 53}), Reading("mppt", {"load_on": 1, "battery_voltage_v": 1324})]
    assert row_values(SCHEMA, readings) == ((1324, None, 1, 53, None), ())


def test_a_device_without_a_reading_is_absent_not_zero() -> None:
    assert row_values(SCHEMA, []) == ((None,) * 5, ())


def test_an_implausible_value_moves_to_the_flags() -> None:
    readings = [Reading("mppt", {"battery_voltage_v": 65_000, "battery_current_a": -250, "load_on": 7})]
    assert row_values(SCHEMA, readings) == (
        (None, -250, None, None, None),
        (Flag(0, IMPLAUSIBLE, 65_000), Flag(2, IMPLAUSIBLE, 7)),
    )


def test_readings_that_the_schema_does_not_know_are_a_loud_mistake() -> None:
    with pytest.raises(ValueError, match="not in the schema"):
        row_values(SCHEMA, [Reading("fridge", {"battery_voltage_v": 1})])
    with pytest.raises(ValueError, match="not in the schema"):
        row_values(SCHEMA, [Reading("mppt", {"pv_power_w": 1})])


@given(st.dictionaries(st.sampled_from(SCHEMA.devices[0].metrics), st.integers(-(2**50), 2**50)))
def test_every_value_said_is_stored_or_flagged_never_both(said: dict[str, int]) -> None:
    values, flags = row_values(SCHEMA, [Reading("mppt", said)])
    flagged = {flag.position: flag.raw for flag in flags}
    for position, metric in enumerate(SCHEMA.devices[0].metrics):
        stored = values[position]
        assert (stored if stored is not None else flagged.get(position)) == said.get(metric)
        assert (position in flagged) == (metric in said and not CATALOGUE[metric].plausible(said[metric]))
