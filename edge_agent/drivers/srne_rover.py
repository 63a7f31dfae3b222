"""SRNE solar chargers, sold as Renogy Rover and Wanderer too, on Modbus RTU: the table of registers. Knows no line.

Wiring, settings, conflicts between sources, what is read and what is not: docs/devices/srne-rover.md.
"""

from __future__ import annotations

from edge_agent.drivers.modbus_profile import (
    HIGH_BYTE,
    U16,
    U32_HIGH_FIRST,
    Block,
    Form,
    Identity,
    Profile,
    Register,
    Text,
    ascii_text,
)
from edge_agent.transports.modbus_frames import HOLDING_REGISTERS, read_request

_STAGES = {0: 0, 1: 1, 2: 3, 3: 7, 4: 4, 5: 5, 6: 3}
"""Low byte of 0120 (off, activated, MPPT, equalise, boost, float, current limit) -> charger_state."""
_SERIAL, _MODEL = 0x0018, 0x000C


def _sign_magnitude(byte: int) -> int:
    """Bit 7 is the sign: 0x85 is -5, not -123."""
    return -(byte & 0x7F) if byte & 0x80 else byte


STAGE = Form(1, lambda words: _STAGES.get(words[0] & 0xFF))
LOAD_ON = Form(1, lambda words: words[0] >> 15)
CONTROLLER_C = Form(1, lambda words: _sign_magnitude(words[0] >> 8))
BATTERY_C = Form(1, lambda words: _sign_magnitude(words[0] & 0xFF))
NET_CURRENT = Form(4, lambda words: words[0] - words[3])
"""0102 charge less 0105 load: this device tells no net current."""


def _register(name: str, address: int, form: Form = U16, per: int = 1) -> Register:
    """This device knows function 3 only."""
    return Register(name, address, form, per, function=HOLDING_REGISTERS)


PROFILE = Profile(
    driver_name="srne-rover",
    baud=9_600,
    address=1,
    identity=Identity(
        lambda slave: read_request(slave, HOLDING_REGISTERS, _SERIAL, 2),
        lambda answer: str(number) if (number := answer.words[0] << 16 | answer.words[1]) else "",
    ),
    blocks=(Block(0x0100, 0x23, HOLDING_REGISTERS),),
    registers=(
        _register("battery_voltage_v", 0x0101, per=10),
        _register("battery_current_a", 0x0102, NET_CURRENT, per=100),
        _register("battery_temperature_c", 0x0103, BATTERY_C),
        _register("soc_percent", 0x0100),
        _register("pv_voltage_v", 0x0107, per=10),
        _register("pv_current_a", 0x0108, per=100),
        _register("pv_power_w", 0x0109),
        _register("load_voltage_v", 0x0104, per=10),
        _register("load_current_a", 0x0105, per=100),
        _register("load_power_w", 0x0106),
        _register("load_on", 0x0120, LOAD_ON),
        _register("charger_state", 0x0120, STAGE),
        _register("charger_fault", 0x0121, U32_HIGH_FIRST),
        _register("charger_temperature_c", 0x0103, CONTROLLER_C),
        _register("pv_energy_total_wh", 0x011C, U32_HIGH_FIRST),
        _register("load_energy_total_wh", 0x011E, U32_HIGH_FIRST),
        _register("pv_energy_day_wh", 0x0113),
        _register("battery_full_discharges_total", 0x0116),
        _register("battery_full_charges_total", 0x0117),
        _register("battery_charged_total_ah", 0x0118, U32_HIGH_FIRST),
        _register("battery_drawn_total_ah", 0x011A, U32_HIGH_FIRST),
    ),
    shown=(
        _register("charge_current_a", 0x0102, per=100),
        _register("battery_voltage_min_day_v", 0x010B, per=10),
        _register("battery_voltage_max_day_v", 0x010C, per=10),
        _register("charge_current_max_day_a", 0x010D, per=100),
        _register("load_current_max_day_a", 0x010E, per=100),
        _register("charge_power_max_day_w", 0x010F),
        _register("load_power_max_day_w", 0x0110),
        _register("charged_day_ah", 0x0111),
        _register("discharged_day_ah", 0x0112),
        _register("load_energy_day_wh", 0x0114),
        _register("operating_days", 0x0115),
        _register("load_brightness", 0x0120, HIGH_BYTE),
        _register("serial_number", _SERIAL, U32_HIGH_FIRST),
        _register("battery_capacity_ah", 0xE002),
        _register("battery_type", 0xE004),
    ),
    texts=(Text("model", _MODEL, 8, ascii_text, HOLDING_REGISTERS),),
)
