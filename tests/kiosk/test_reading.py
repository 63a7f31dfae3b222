"""Readings and rows: what is absent stays absent, and nobody changes what was measured."""

from __future__ import annotations

import dataclasses

import pytest

from kiosk.reading import IMPLAUSIBLE, Flag, Reading, Row


def test_what_was_not_said_is_absent_and_not_zero() -> None:
    reading = Reading("mppt", {"pv_power_w": 0})
    assert reading.values.get("pv_power_w") == 0
    assert "battery_voltage_v" not in reading.values
    assert reading.serial == ""


def test_a_row_without_flags_has_none() -> None:
    assert Row(1, 0, (None, 0)).flags == ()


def test_rows_are_equal_by_what_they_say() -> None:
    flag = Flag(1, IMPLAUSIBLE, 99_999)
    assert Row(1, 5, (3, None), (flag,)) == Row(1, 5, (3, None), (Flag(1, 1, 99_999),))
    assert Row(1, 5, (0,)) != Row(1, 5, (None,))


@pytest.mark.parametrize(
    ("measured", "name"), [(Row(1, 0, ()), "mono_ms"), (Flag(0, 1, 2), "raw"), (Reading("d", {}), "device")]
)
def test_what_was_measured_cannot_be_changed(measured: object, name: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(measured, name, 7)
    with pytest.raises((AttributeError, TypeError)):
        measured.note = ""  # type: ignore[attr-defined]
