"""Codes that say why a figure is missing or not exact. They are stored and drawn: never renamed. No wording here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How an energy was found, where the plain difference of two readings was not enough."""

    INTEGRATED = "integrated"
    """No counter: the integral of sampled power."""
    ESTIMATED = "estimated"
    """A difference over a midnight without readings was split by the expected sun, or by time."""
    CONTROLLER_HISTORY = "controller_history"
    """The agent was off: the controller's own day record says how much of it was made on which day. Its midnight is
    its own."""
    HISTORY_DISAGREES = "history_disagrees"
    """The controller's day records contradict its lifetime counter, or what was measured: they were not used."""
    COUNTER_RESET = "counter_reset"
    COUNTER_ROLLOVER = "counter_rollover"
    COUNTER_STUCK = "counter_stuck"
    """The counter stood still while power flowed: the integral stands in."""
    COUNTER_JUMP = "counter_jump"
    """The counter grew faster than the site can: the step was not believed."""
    BOOTS_OVERLAP = "boots_overlap"
    """Two boots are dated over each other, so the order of readings is not sure."""


class Why(StrEnum):
    """What is missing from a day, or doubtful in it."""

    NO_READINGS = "no_readings"
    """No reading at all; amount: milliseconds."""
    AGENT_OFF = "agent_off"
    """No boot covers the time; amount: milliseconds."""
    POWER_LOST = "power_lost"
    """Part of agent_off that followed an empty battery; amount: milliseconds."""
    AT_KIOSK = "at_kiosk"
    """The agent lived and no reading of any device is here yet, but rows wait at the kiosk; amount: milliseconds."""
    DROPPED_ROWS = "dropped_rows"
    """The same, and no rows wait: the kiosk gave up rows for want of space; amount: milliseconds."""
    DEVICE_SILENT = "device_silent"
    """The agent ran, this device said nothing; subject: device; amount: milliseconds."""
    DEVICES_DISAGREE = "devices_disagree"
    """This device reads another battery voltage than the one that is believed; subject: device; amount: millivolts."""
    UNDATED_BOOT = "undated_boot"
    """Boots without a clock that may belong here; amount: how many."""
    FLAGGED_VALUES = "flagged_values"
    """Values measured and not believed; subject: device and metric; amount: how many."""
    NOT_HEARD = "not_heard"
    """Nothing arrived in these slots; amount: how many."""
    NOT_OVER = "not_over"
    """The day goes on; amount: milliseconds to come."""
    BEFORE_SUNRISE = "before_sunrise"
    """No sun yet, so no yield: nothing is wrong."""
    NO_YIELD = "no_yield"
    """Daylight and readings, but no energy from the panel; amount: milliseconds of daylight with readings."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that a reader of the figures must know."""

    code: str
    """A Why or a Mark."""
    subject: str = ""
    """The device, metric or figure meant."""
    amount: int = 0
    """In the unit that the code names."""
