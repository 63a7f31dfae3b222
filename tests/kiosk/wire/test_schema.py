"""Schemas: canonical bytes, decimals from the catalogue when written, as written when read."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import WireError
from kiosk.metric import CATALOGUE
from kiosk.wire.schema import DeviceSchema, Schema, parse_schema
from tests.kiosk.wire.strategies import damaged
from tests.vectors.wire import examples

MPPT = DeviceSchema("mppt", "victron-vedirect", "HQ1", ("battery_voltage_v", "pv_power_w", "charger_state"))
LINK = DeviceSchema("link", "ping", "", ("link_latency_ms",))


def test_the_canonical_bytes_and_their_hash() -> None:
    schema = Schema((MPPT, LINK))
    text = b"mppt victron-vedirect HQ1 battery_voltage_v:2,pv_power_w:1,charger_state:0\nlink ping - link_latency_ms:0"
    assert schema.canonical == text
    assert schema.hash == hashlib.sha256(text).hexdigest()[:16]
    assert schema.columns[1] == ("mppt", "pv_power_w", 1)
    assert schema.columns[3] == ("link", "link_latency_ms", 0)
    assert parse_schema(text) == schema


@given(st.lists(st.sampled_from(sorted(CATALOGUE)), min_size=1, max_size=30, unique=True))
def test_every_metric_of_the_catalogue_can_be_announced(metrics: list[str]) -> None:
    schema = Schema((DeviceSchema("d", "driver", "", tuple(metrics)),))
    assert parse_schema(schema.canonical) == schema
    assert [decimals for _, _, decimals in schema.columns] == [CATALOGUE[metric].decimals for metric in metrics]


def test_a_metric_of_a_later_catalogue_keeps_its_decimals() -> None:
    schema = parse_schema(b"d driver - moon_phase_percent:6,pv_power_w:4")
    assert schema.columns == (("d", "moon_phase_percent", 6), ("d", "pv_power_w", 4))


def test_a_metric_outside_the_catalogue_cannot_be_announced() -> None:
    with pytest.raises(WireError, match="catalogue"):
        DeviceSchema("d", "driver", "", ("moon_phase_percent",))


@pytest.mark.parametrize(
    ("name", "driver", "serial", "metrics"),
    [
        ("", "driver", "", ("pv_power_w",)),
        ("a b", "driver", "", ("pv_power_w",)),
        ("d" * 25, "driver", "", ("pv_power_w",)),
        ("d", "Driver", "", ("pv_power_w",)),
        ("d", "driver", "-", ("pv_power_w",)),
        ("d", "driver", "a b", ("pv_power_w",)),
        ("d", "driver", "s" * 33, ("pv_power_w",)),
        ("d", "driver", "", ()),
        ("d", "driver", "", ("pv_power_w", "pv_power_w")),
    ],
)
def test_a_device_that_cannot_be_written_is_refused(
    name: str, driver: str, serial: str, metrics: tuple[str, ...]
) -> None:
    with pytest.raises(WireError):
        DeviceSchema(name, driver, serial, metrics)


@pytest.mark.parametrize("devices", [(), (MPPT, MPPT)])
def test_a_schema_has_devices_of_different_names(devices: tuple[DeviceSchema, ...]) -> None:
    with pytest.raises(WireError):
        Schema(devices)


@given(damaged([example.octets for example in examples.schemas()]))
def test_damaged_bytes_are_refused_or_are_canonical(octets: bytes) -> None:
    try:
        schema = parse_schema(octets)
    except WireError:
        return
    assert schema.canonical == octets
    assert 1 <= len(schema.columns) <= 128
