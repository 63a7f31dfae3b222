"""EPEVER (EPSolar) Tracer A/B, LS-B and their like on Modbus RTU: the table of registers. Knows no line.

From the vendor's texts, LS-B V1.1 and Tracer A/B V2.3 of 2015. Wiring, settings, what is read and what is not:
docs/devices/epever-tracer.md.
"""

from __future__ import annotations

from edge_agent.drivers.modbus_profile import (
    S16,
    S32_LOW_FIRST,
    U32_LOW_FIRST,
    Block,
    Form,
    Identity,
    Profile,
    Register,
    Text,
)
from edge_agent.transports.modbus_frames import device_id_request

_STAGES = {0: 0, 1: 5, 2: 4, 3: 7}
"""Bits 3-2 of 3201 (none, float, boost, equalise) -> charger_state; bulk charging is told as boost too."""
_REGULAR, _SERIAL_OBJECT = 2, 3

STAGE = Form(1, lambda words: _STAGES[words[0] >> 2 & 3])
RUNNING = Form(1, lambda words: words[0] & 1)
FAULT = Form(2, lambda words: words[0] << 16 | words[1] & 0x3FF0)
"""3200 whole and bits 13-4 of 3201; one reader found bit 1 of 3201 unreliable, and it says nothing more."""


def _clock(words: tuple[int, ...]) -> str:
    """9013 minute and second, 9014 day and hour, 9015 year and month: high byte, low byte."""
    (minute, second), (day, hour), (year, month) = (divmod(word, 256) for word in words)
    return f"{2000 + year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"


PROFILE = Profile(
    driver_name="epever-tracer",
    baud=115_200,
    address=1,
    identity=Identity(
        lambda slave: device_id_request(slave, _REGULAR), lambda answer: answer.objects.get(_SERIAL_OBJECT, "")
    ),
    blocks=(
        Block(0x3100, 8),
        Block(0x310C, 4),
        Block(0x3110, 2),
        Block(0x311A, 1),
        Block(0x3200, 3),
        Block(0x330A, 10),
        Block(0x331A, 3),
    ),
    registers=(
        Register("battery_voltage_v", 0x3104, per=100),  # not in the list of V2.3, still answered
        Register("battery_voltage_v", 0x331A, per=100),
        Register("battery_current_a", 0x331B, S32_LOW_FIRST, per=100),  # net, + charging
        Register("battery_temperature_c", 0x3110, S16, per=100),
        Register("soc_percent", 0x311A),  # plain percent, whatever the table of V2.3 prints
        Register("pv_voltage_v", 0x3100, per=100),
        Register("pv_current_a", 0x3101, per=100),
        Register("pv_power_w", 0x3102, U32_LOW_FIRST, per=100),
        Register("load_voltage_v", 0x310C, per=100),
        Register("load_current_a", 0x310D, per=100),
        Register("load_power_w", 0x310E, U32_LOW_FIRST, per=100),
        Register("load_on", 0x3202, RUNNING),
        Register("charger_state", 0x3201, STAGE),
        Register("charger_fault", 0x3200, FAULT),
        Register("charger_temperature_c", 0x3111, S16, per=100),
        Register("pv_energy_total_wh", 0x3312, U32_LOW_FIRST, times=10),  # 0.01 kWh
        Register("load_energy_total_wh", 0x330A, U32_LOW_FIRST, times=10),
        Register("pv_energy_day_wh", 0x330C, U32_LOW_FIRST, times=10),
    ),
    shown=(
        Register("pv_rated_voltage_v", 0x3000, per=100),
        Register("pv_rated_current_a", 0x3001, per=100),
        Register("pv_rated_power_w", 0x3002, U32_LOW_FIRST, per=100),
        Register("battery_rated_voltage_v", 0x3004, per=100),
        Register("charge_rated_current_a", 0x3005, per=100),
        Register("charge_rated_power_w", 0x3006, U32_LOW_FIRST, per=100),
        Register("load_rated_current_a", 0x300E, per=100),
        Register("charge_current_a", 0x3105, per=100),
        Register("charge_power_w", 0x3106, U32_LOW_FIRST, per=100),
        Register("remote_battery_temperature_c", 0x311B, S16, per=100),
        Register("system_voltage_v", 0x311D, per=100),
        Register("battery_status", 0x3200),
        Register("charging_status", 0x3201),
        Register("discharging_status", 0x3202),
        Register("pv_voltage_max_day_v", 0x3300, per=100),
        Register("pv_voltage_min_day_v", 0x3301, per=100),
        Register("battery_voltage_max_day_v", 0x3302, per=100),
        Register("battery_voltage_min_day_v", 0x3303, per=100),
        Register("load_energy_day_wh", 0x3304, U32_LOW_FIRST, times=10),
        Register("load_energy_month_wh", 0x3306, U32_LOW_FIRST, times=10),
        Register("load_energy_year_wh", 0x3308, U32_LOW_FIRST, times=10),
        Register("pv_energy_month_wh", 0x330E, U32_LOW_FIRST, times=10),
        Register("pv_energy_year_wh", 0x3310, U32_LOW_FIRST, times=10),
        Register("battery_type", 0x9000, function=3),
        Register("battery_capacity_ah", 0x9001, function=3),
        Register("over_temperature", 0x2000, function=2),
        Register("night", 0x200C, function=2),
        Register("manual_load", 0x0002, function=1),
    ),
    texts=(Text("clock", 0x9013, 3, _clock, function=3),),
)
