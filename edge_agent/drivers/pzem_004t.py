"""PZEM-004T v3, an AC energy meter, as the charging shelf's meter: the table of registers. Knows no line.

Wiring, settings, what is read and what is not: docs/devices/pzem-004t.md.
"""

from __future__ import annotations

from edge_agent.drivers.modbus_profile import U32_LOW_FIRST, Block, Profile, Register

PROFILE = Profile(
    driver_name="pzem-004t",
    baud=9_600,
    address=1,
    blocks=(Block(0x0000, 9),),
    registers=(
        Register("shelf_energy_total_wh", 0x0005, U32_LOW_FIRST),
        Register("shelf_power_w", 0x0003, U32_LOW_FIRST, per=10),
        Register("shelf_voltage_v", 0x0000, per=10),
        Register("shelf_current_a", 0x0001, U32_LOW_FIRST, per=1000),
        Register("shelf_frequency_hz", 0x0007, per=10),
        Register("shelf_power_factor_percent", 0x0008),
    ),
)
