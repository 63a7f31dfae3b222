"""Kiosks as data: one TOML file each, and the strict reader that turns them into plain facts; runs nothing."""

from firmware_sim.scenarios.loader import available_scenarios, load_faults, load_scenario
from firmware_sim.scenarios.scenario import Clock, Network, Scenario, ScenarioError

__all__ = ["Clock", "Network", "Scenario", "ScenarioError", "available_scenarios", "load_faults", "load_scenario"]
