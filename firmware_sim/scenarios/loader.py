"""Reads scenario files strictly: an unknown key, kind or unit is refused by name; must not run anything."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from firmware_sim.faults import (
    BadChecksum,
    CounterReset,
    Fault,
    Garbage,
    LinkOutage,
    PanelDisconnected,
    PowerCut,
    Silence,
    StuckDayCounter,
    WrongClock,
)
from firmware_sim.plant.battery import CHEMISTRIES, BatterySpec
from firmware_sim.plant.customers import CustomerSpec, Service
from firmware_sim.plant.loads import LoadSpec, SchoolCalendar
from firmware_sim.plant.plant import PanelSpec, PlantSpec
from firmware_sim.scenarios.scenario import Clock, Network, Scenario, ScenarioError
from firmware_sim.scenarios.strict_table import StrictTable

DEVICES = ["mppt", "board"]
_MS_PER_DAY = 86_400_000
_MS_PER_HOUR = 3_600_000


def available_scenarios() -> list[str]:
    """Names of the scenarios in the package."""
    files = resources.files("firmware_sim.scenarios").iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def load_scenario(source: str | Path) -> Scenario:
    """By name from the package, or from a file when `source` is a path or ends in `.toml`."""
    if isinstance(source, str) and not source.endswith(".toml"):
        if source not in available_scenarios():
            known = ", ".join(available_scenarios())
            raise ScenarioError(f"no scenario {source!r}: use one of {known}, or the path of a .toml file")
        content = resources.files("firmware_sim.scenarios").joinpath(f"{source}.toml").read_text("utf-8")
        return _scenario(_table(f"{source}.toml", content))
    return _scenario(_read(Path(source)))


def load_faults(path: Path) -> tuple[Fault, ...]:
    """A file with nothing but [[faults]]; instants relative to the day of the start, as in a scenario."""
    table = _read(path)
    faults = tuple(_fault(entry) for entry in table.tables("faults"))
    table.done()
    return faults


def _read(path: Path) -> StrictTable:
    try:
        return _table(path.name, path.read_text("utf-8"))
    except OSError as error:
        raise ScenarioError(f"cannot read {path}: {error.strerror}; check the path") from error


def _table(where: str, content: str) -> StrictTable:
    try:
        return StrictTable(where, tomllib.loads(content))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{where} is not TOML: {error}; correct that line") from error


def _scenario(table: StrictTable) -> Scenario:
    site, shelf, mppt = table.table("site"), table.table("shelf"), table.table("mppt")
    code, board_id = site.text("code"), shelf.text("board_id")
    if not re.fullmatch(r"[a-z0-9-]{2,24}", code):
        raise ScenarioError(f"site code {code!r}: use 2 to 24 of a-z, 0-9 and -")
    if not re.fullmatch(r"[0-9a-f]{16}", board_id):
        raise ScenarioError(f"board_id {board_id!r}: write 16 lower-case hex digits")
    scenario = Scenario(
        code=code,
        name=site.text("name"),
        kind=site.choice("kind", ["school", "health-centre"]),
        commune=site.text("commune"),
        plant=_plant(table, site, shelf),
        board_id=board_id,
        mppt_serial=mppt.text("serial_number"),
        network=_network(table.table("network")),
        clock=_clock(table.table("clock")),
        faults=tuple(_fault(entry) for entry in table.tables("faults")),
    )
    for part in (table, site, shelf, mppt):
        part.done()
    return scenario


def _plant(table: StrictTable, site: StrictTable, shelf: StrictTable) -> PlantSpec:
    panel, battery = table.table("panel"), table.table("battery")
    spec = PlantSpec(
        lat_deg=site.number("lat_deg", -66, 66),
        lon_deg=site.number("lon_deg", -180, 180),
        panel=PanelSpec(
            panel.number("peak_w", 10, 1000), panel.number("tilt_deg", 0, 90), panel.number("azimuth_deg", 0, 360)
        ),
        battery=BatterySpec(
            chemistry=CHEMISTRIES[battery.choice("chemistry", list(CHEMISTRIES))],
            nominal_ah=battery.number("nominal_ah", 10, 1000),
            health=battery.number("health", 0.1, 1),
            resistance_factor=battery.number("resistance_factor", 0.5, 20),
            initial_soc=battery.number("initial_soc", 0, 1),
        ),
        disconnect_v=battery.number("disconnect_v", 10, 14),
        reconnect_v=battery.number("reconnect_v", 10, 15),
        loads=_loads(table.table("loads")),
        calendar=_calendar(table.table("school")),
        ports=shelf.integer("ports", 1, 32),
        customers=_customers(table),
    )
    panel.done()
    battery.done()
    return spec


def _loads(table: StrictTable) -> LoadSpec:
    spec = LoadSpec(
        pi_w=table.number("pi_w", 0, 50),
        classroom_lamps_w=table.number("classroom_lamps_w", 0, 500),
        classroom_off_h=table.number("classroom_off_h", 0, 24),
        night_lamps_w=table.number("night_lamps_w", 0, 500),
        fridge_w=table.number("fridge_w", 0, 500),
    )
    table.done()
    return spec


def _calendar(table: StrictTable) -> SchoolCalendar:
    spec = SchoolCalendar(table.pairs("terms"), tuple(table.array("weekdays")))
    table.done()
    return spec


def _customers(table: StrictTable) -> CustomerSpec:
    customers = table.table("customers")
    services = []
    for entry in table.tables("services"):
        service = Service(
            code=entry.text("code"),
            price_minor=entry.integer("price_minor", 0, 1_000_000),
            weight=entry.number("weight", 0, 1000),
            power_w=entry.number("power_w", 0.1, 100),
            energy_wh=entry.number("energy_wh", 0.1, 500),
        )
        entry.done()
        services.append(service)
    if not 1 <= len(services) <= 8:
        raise ScenarioError("a board has one to eight buttons: write between one and eight [[services]]")
    spec = CustomerSpec(
        customers.number("visits_per_day", 0, 400), customers.integer("market_every_days", 0, 30), tuple(services)
    )
    customers.done()
    return spec


def _network(table: StrictTable) -> Network:
    network = Network(table.number("from_day", 0, 10_000), table.pairs("daily_hours"))
    table.done()
    return network


def _clock(table: StrictTable) -> Clock:
    runs = table.flag("runs_without_power")
    first_boot = datetime.fromtimestamp(0, UTC)
    if table.has("first_boot"):
        try:
            first_boot = datetime.fromisoformat(table.text("first_boot")).astimezone(UTC)
        except ValueError as error:
            raise ScenarioError(f"first_boot: {error}; write as 2021-03-01T00:00:00+00:00") from error
    table.done()
    return Clock(runs, int(first_boot.timestamp() * 1000))


_FAULTS: dict[str, Callable[[StrictTable, int, int], Fault]] = {
    "silence": lambda t, start, end: Silence(start, end, t.choice("device", DEVICES)),
    "garbage": lambda t, start, end: Garbage(
        start, end, t.choice("device", DEVICES), t.number("hits_per_1000", 0.01, 500)
    ),
    "bad-checksum": lambda t, start, end: BadChecksum(start, end, t.choice("device", DEVICES)),
    "counter-reset": lambda _, start, end: CounterReset(start, end),
    "stuck-day-counter": lambda _, start, end: StuckDayCounter(start, end),
    "wrong-clock": lambda t, start, end: WrongClock(start, end, t.integer("offset_s", -(10**9), 10**9) * 1000),
    "power-cut": lambda _, start, end: PowerCut(start, end),
    "link-outage": lambda _, start, end: LinkOutage(start, end),
    "panel-disconnected": lambda _, start, end: PanelDisconnected(start, end),
}


def _fault(table: StrictTable) -> Fault:
    kind = table.choice("kind", list(_FAULTS))
    day, hour = table.integer("day", 0, 10_000), table.number("hour", 0, 24)
    # A reset happens at one instant; everything else lasts.
    hours = 0.0 if kind == "counter-reset" else table.number("hours", 0.01, 10_000)
    start_ms = day * _MS_PER_DAY + round(hour * _MS_PER_HOUR)
    fault = _FAULTS[kind](table, start_ms, start_ms + round(hours * _MS_PER_HOUR))
    table.done()
    return fault
