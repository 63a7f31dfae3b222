"""Where the demo keeps what: one folder for the server, one for each kiosk, and the ports they chose."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from firmware_sim.scenarios import Scenario, load_scenario
from kiosk.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Village:
    """The sites of the demo, by scenario code, with how often each means to be heard."""

    cadences_s: tuple[tuple[str, int], ...] = (("damane", 86_400), ("louda", 900), ("tangasgo", 900))

    @property
    def codes(self) -> tuple[str, ...]:
        """Site codes; scenarios bear the same names."""
        return tuple(code for code, _ in self.cadences_s)


SIMULATED = "sim-"
"""Begins the code of a site that `kayasol simulate` adds to a server, where real ones may stand beside it."""


def scenario_of(code: str) -> Scenario:
    """What a site is; one among real ones says in its code and in its name that it is simulated."""
    scenario = load_scenario(code.removeprefix(SIMULATED))
    if not code.startswith(SIMULATED):
        return scenario
    return replace(scenario, code=code, name=f"{scenario.name} (simulé)")


SQLITE, INFLUXDB = "sqlite", "influxdb"
"""Kinds of readings stores, as the server's settings name them."""

DAILY_SITE = "damane"
"""Meets the broker once a day during the month; the others have no network until its end."""


@dataclass(frozen=True, slots=True)
class Places:
    """Paths under the demo's folder."""

    root: Path

    @property
    def server(self) -> Path:
        return self.root / "server"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def influxdb(self) -> Path:
        """What the demo's InfluxDB keeps, where it has one."""
        return self.root / "influxdb"

    @property
    def run_file(self) -> Path:
        """What this demo was started with; its presence means that the history is complete."""
        return self.root / "demo.json"

    @property
    def server_ready(self) -> Path:
        """Exists once kiosks that have caught up may meet the server."""
        return self.root / "server.ready"

    def kiosk(self, code: str) -> Path:
        return self.root / "kiosks" / code

    def state(self, code: str) -> Path:
        """The agent's own folder."""
        return self.kiosk(code) / "state"

    def agent_toml(self, code: str) -> Path:
        return self.kiosk(code) / "agent.toml"

    def simulation(self, code: str) -> Path:
        """State of the simulated hardware."""
        return self.kiosk(code) / "simulation.json"

    def truth(self, code: str) -> Path:
        """The simulator's own books, to compare with; nothing of Kayasol reads them."""
        return self.kiosk(code) / "truth.json"

    def line(self, code: str, device: str) -> Path:
        """Link to the pseudo-terminal of a device."""
        return self.kiosk(code) / device


def replace_file(path: Path, text: str) -> None:
    """Write a file complete or not at all."""
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


@dataclass(frozen=True, slots=True)
class Run:
    """What a second start must know of the first."""

    seed: int
    days: int
    store: str = SQLITE
    """Kind of readings store."""
    influxd: str = ""
    """Its server's program, where it has one."""

    def save(self, path: Path) -> None:
        replace_file(path, json.dumps(asdict(self)))


def load_run(path: Path) -> Run | None:
    """The earlier start whose history is complete, None if there is none."""
    if not path.exists():
        return None
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        seed, days = int(fields["seed"]), int(fields["days"])
        return Run(seed, days, str(fields.get("store", SQLITE)), str(fields.get("influxd", "")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} is damaged ({error}); start anew with `kayasol demo --fresh`") from error
