"""PZEM-017, a DC energy meter with a shunt, as the charging shelf's meter: the table of registers. Knows no line.

Wiring, settings, what is read and what is not: docs/devices/pzem-017.md.
"""

from __future__ import annotations

from edge_agent.drivers.modbus_profile import U32_LOW_FIRST, Block, Profile, Register

PROFILE = Profile(
    driver_name="pzem-017",
    baud=9_600,
    stop_bits=2,
    address=1,
    blocks=(Block(0x0000, 8),),
    registers=(
        Register("shelf_energy_total_wh", 0x0004, U32_LOW_FIRST),
        Register("shelf_power_w", 0x0002, U32_LOW_FIRST, per=10),
        Register("shelf_voltage_v", 0x0000, per=100),
        Register("shelf_current_a", 0x0001, per=100),
    ),
    shown=(
        Register("high_voltage_alarm", 0x0006),
        Register("low_voltage_alarm", 0x0007),
        Register("shunt_setting", 0x0003, function=3),
    ),
)
