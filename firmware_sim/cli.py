"""Runs one simulated device on a pseudo-terminal for whoever develops a driver; must not know any driver."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from firmware_sim.bench import FURTHER, Bench
from firmware_sim.faults import Fault
from firmware_sim.kiosk import BOARD, MPPT, SimulatedKiosk
from firmware_sim.lines import PtyLine
from firmware_sim.scenarios import ScenarioError, available_scenarios, load_faults, load_scenario
from firmware_sim.scenarios.scenario import shift_faults

_DEVICES = {"victron-mppt": (MPPT, 19_200), "charging-board": (BOARD, 115_200)}
"""The kiosk's own; FURTHER names those that can be added to it."""
TICK_S = 0.2
"""How often bytes from the host are moved and due bytes printed."""


@dataclass(frozen=True, slots=True)
class RealTime:
    """The machine's clock, replaced in tests."""

    utc_ms: Callable[[], int]
    monotonic_s: Callable[[], float]
    sleep_s: Callable[[float], None]


MACHINE_TIME = RealTime(lambda: time.time_ns() // 1_000_000, time.monotonic, time.sleep)


class UsageError(Exception):
    """The command cannot run as asked; the message says what to change."""


def main(argv: Sequence[str], clock: RealTime = MACHINE_TIME) -> int:
    """The command; returns its exit status."""
    options = _parser().parse_args(argv)
    try:
        _run(options, clock)
    except (UsageError, ScenarioError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kayasol sim", description="Run one simulated device on a pseudo-terminal, as if it were a serial port."
    )
    parser.add_argument("device", choices=sorted(_DEVICES | FURTHER))
    parser.add_argument("--link", type=Path, required=True, help="make a link to the terminal here")
    parser.add_argument(
        "--scenario", default="damane", help=f"{', '.join(available_scenarios())} or a .toml file (default: damane)"
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same weather and customers")
    parser.add_argument(
        "--faults", default="scenario", help="`scenario` (default), `none`, or a .toml file with [[faults]]"
    )
    parser.add_argument("--start", help="UTC at which the simulation starts, as 2025-01-06T08:00 (default: now)")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds in one real second (default: 1)")
    return parser


def _run(options: argparse.Namespace, clock: RealTime) -> None:
    if options.speed <= 0:
        raise UsageError("--speed must be above 0: 1 is real time, 60 a minute in each second")
    scenario = load_scenario(options.scenario)
    start_utc_ms = clock.utc_ms() if options.start is None else _parse_start(options.start)
    faults = _choose_faults(options.faults, start_utc_ms)
    line = PtyLine()
    try:
        kiosk: SimulatedKiosk | Bench
        if options.device in FURTHER:
            make, baud = FURTHER[options.device]
            kiosk = Bench(make, options.device, line, scenario, options.seed, start_utc_ms, faults=faults)
        else:
            name, baud = _DEVICES[options.device]
            kiosk = SimulatedKiosk(scenario, options.seed, start_utc_ms, device_ends={name: line}, faults=faults)
        _make_link(options.link, line.path)
        try:
            _announce(options, line.path, baud)
            _follow_clock(kiosk, clock, options.speed)
        except KeyboardInterrupt:
            sys.stdout.write(f"Stopped; {options.link} removed.\n")
        finally:
            options.link.unlink(missing_ok=True)
    finally:
        line.close()


def _follow_clock(kiosk: SimulatedKiosk | Bench, clock: RealTime, speed: float) -> None:
    began_s, start_utc_ms = clock.monotonic_s(), kiosk.now_utc_ms
    while True:
        elapsed_ms = (clock.monotonic_s() - began_s) * 1000.0
        target_ms = start_utc_ms + int(elapsed_ms * speed)
        # Whole simulated seconds: a controller prints once a second, and finer steps would only cost time.
        target_ms -= (target_ms - start_utc_ms) % 1000
        if target_ms > kiosk.now_utc_ms:
            kiosk.advance(target_ms)
        else:
            kiosk.pump()
        clock.sleep_s(TICK_S)


def _choose_faults(choice: str, start_utc_ms: int) -> tuple[Fault, ...] | None:
    if choice == "scenario":
        return None
    if choice == "none":
        return ()
    return shift_faults(load_faults(Path(choice)), start_utc_ms)


def _parse_start(start: str) -> int:
    try:
        instant = datetime.fromisoformat(start)
    except ValueError as error:
        raise UsageError(f"--start {start!r}: write it as 2025-01-06T08:00") from error
    return int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp() * 1000)


def _make_link(link: Path, target: str) -> None:
    if link.is_symlink():
        link.unlink()  # left behind by a run that was killed
    if link.exists():
        raise UsageError(f"{link} exists and is not a link: choose another --link, or move that file away")
    if not link.parent.is_dir():
        raise UsageError(f"{link.parent} is not a folder: create it, or choose another --link")
    link.symlink_to(target)


def _announce(options: argparse.Namespace, path: str, baud: int) -> None:
    sys.stdout.write(
        f"{options.device} of {options.scenario} (seed {options.seed}, speed {options.speed:g}) "
        f"on {options.link} -> {path}\n"
        f"To look at it: cat -v {options.link}   (a driver opens it like a serial port, {baud} 8N1)\n"
        "Ctrl-C stops it and removes the link.\n"
    )
    sys.stdout.flush()
