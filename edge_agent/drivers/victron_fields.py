"""What the fields of Victron's text protocol mean: label to metric, PID and state to words. Knows no line.

From the vendor's text, VE.Direct Protocol 3.29 (docs/devices/victron-vedirect.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from edge_agent.drivers.scaling import scaled

FieldTable = Mapping[str, tuple[str, int, int]]
"""Label -> (metric, multiplier, divisor): value x multiplier / divisor is the metric in its resolution."""

# Of a charger; a battery monitor's table is in victron_bmv.py.
FIELDS: dict[str, tuple[str, int, int]] = {
    "V": ("battery_voltage_v", 1, 10),  # mV
    "I": ("battery_current_a", 1, 10),  # mA, positive while charging
    "T": ("battery_temperature_c", 10, 1),  # °C
    "SOC": ("soc_percent", 1, 1),  # per mille
    "VPV": ("pv_voltage_v", 1, 10),  # mV
    "PPV": ("pv_power_w", 10, 1),  # W
    "IL": ("load_current_a", 1, 10),  # mA
    "LOAD": ("load_on", 1, 1),  # ON or OFF
    "CS": ("charger_state", 1, 1),
    "MPPT": ("mppt_mode", 1, 1),
    "ERR": ("charger_error", 1, 1),
    "OR": ("charger_off_reason", 1, 1),  # bits, written 0x...
    "H19": ("pv_energy_total_wh", 10, 1),  # 0.01 kWh; a user can reset it
    "H20": ("pv_energy_day_wh", 10, 1),  # 0.01 kWh, of the charger's own day
    "H21": ("pv_power_max_day_w", 1, 1),  # W
    "H22": ("pv_energy_yesterday_wh", 10, 1),  # 0.01 kWh
    "H23": ("pv_power_max_yesterday_w", 1, 1),  # W
    "HSDS": ("charger_day_number", 1, 1),  # 0 to 364
}

PRODUCTS: dict[int, str] = {
    0x203: "BMV-700",
    0xA042: "BlueSolar MPPT 75/15",
    0xA043: "BlueSolar MPPT 100/15",
    0xA04C: "BlueSolar MPPT 75/10",
    0xA053: "SmartSolar MPPT 75/15",
    0xA05F: "SmartSolar MPPT 100/20",
    0xA075: "SmartSolar MPPT 75/15",
    0xA389: "SmartShunt 500",
}

# fmt: off
STATES: dict[int, str] = {
    0: "off", 1: "low power", 2: "fault", 3: "bulk", 4: "absorption", 5: "float", 6: "storage", 7: "equalise",
    9: "inverting", 11: "supply", 245: "starting", 246: "repeated absorption", 247: "auto-equalise",
    248: "BatterySafe", 252: "external",
}
# fmt: on
"""Words for `charger_state`."""

_CONVERTER_CURRENT_PIDS = frozenset({0xA042, 0xA043, 0xA053, 0xA075})
"""75/15 and 100/15: with firmware up to 1.14 their I is what the converter gives, battery and load together."""
_CONVERTER_CURRENT_FIRMWARE = 114

_INTEGER = re.compile(r"-?[0-9]{1,10}|0[xX][0-9A-Fa-f]{1,8}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,8}", re.ASCII)
_SWITCH = {"ON": 1, "OFF": 0}
"""Compared case-blind: an old battery monitor writes On."""
MISSING = "---"
"""Sent while the device does not know: not synchronised, or no sensor."""
INFINITE = {"TTG": "-1"}
"""Said of a time that has no end."""


def values(fields: dict[str, str], table: FieldTable = FIELDS) -> dict[str, int]:
    """Metric -> integer in its resolution, of the table's fields that are there, finite and well written."""
    found: dict[str, int] = {}
    for label, (metric, multiplier, divisor) in table.items():
        text = fields.get(label, MISSING)
        number = _SWITCH.get(text.upper()) if label == "LOAD" else _number(text)
        if number is not None and text != INFINITE.get(label):
            found[metric] = scaled(number, multiplier, divisor)
    if "I" in fields and _gives_converter_current(fields):
        _to_battery_current(found)
    return found


def _number(text: str) -> int | None:
    """An integer or a bit mask; None for what is missing or unreadable."""
    if not _INTEGER.fullmatch(text):
        return None
    return int(text, 16 if text[:2] in ("0x", "0X") else 10)


def _gives_converter_current(fields: dict[str, str]) -> bool:
    firmware = _DIGITS.search(fields.get("FW", ""))
    return (
        _number(fields.get("PID", "")) in _CONVERTER_CURRENT_PIDS
        and firmware is not None
        and int(firmware[0]) <= _CONVERTER_CURRENT_FIRMWARE
    )


def _to_battery_current(found: dict[str, int]) -> None:
    """What the converter gives minus what the load takes; without the load's share, it is not known."""
    given = found.pop("battery_current_a", None)
    taken = found.get("load_current_a")
    if given is not None and taken is not None:
        found["battery_current_a"] = given - taken


def product(pid: str) -> str:
    """A name for a PID; an unknown one as its number."""
    number = _number(pid)
    return pid if number is None else PRODUCTS.get(number, f"0x{number:X}")
