"""`kayasol demo`: a month of history by the real path, then three live kiosks until Ctrl-C. Owns the processes."""

from __future__ import annotations

import shutil
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from firmware_sim.scenarios import load_scenario
from kayasol.demo import sums
from kayasol.demo.children import Children, wait_until
from kayasol.demo.influxdb import find_influxd, start_influxdb
from kayasol.demo.live import agent_name, ending_all, start_kiosks, stay
from kayasol.demo.places import DAILY_SITE, INFLUXDB, SQLITE, Places, Run, Village, load_run
from kayasol.demo.progress import Bar, drained_permille, has_dirty_days
from kayasol.demo.setup import commission_village, write_agent_toml
from kayasol.readings_store import open_readings
from kayasol.settings import load_settings
from kiosk.errors import ConfigError
from office.projection import Projection
from store.engine import Store

MONTH_LIMIT_S = 900.0
DRAIN_LIMIT_S = 600.0
START_LIMIT_S = 60.0
SUMS_TRIES = 15
LIVE_S = 600
"""Each contact asks a site for rows every 10 s during so long; the demo's sites are in contact all the time."""
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for."""

    port: int
    """Of the pages."""
    days: int
    """Of history."""
    seed: int
    store: str | None
    """Kind of readings store; None: as before, SQLite at first."""
    influxd: Path | None
    """InfluxDB's server; None: the one before, at first one on the PATH."""


def run_demo(root: Path, wish: Wish, *, fresh: bool) -> None:
    """Run until Ctrl-C or SIGTERM; every process that was started has then ended."""
    port = wish.port
    _refuse_taken(port)
    if fresh and root.exists():
        _forget(root)
    places = Places(root)
    earlier = load_run(places.run_file)
    store = wish.store or (earlier.store if earlier else SQLITE)
    if earlier is not None and earlier.store != store:
        raise ConfigError(f"the demo in {root} keeps readings in {earlier.store}: take another --folder, or --fresh")
    named = str(wish.influxd or (earlier.influxd if earlier else ""))
    influxd = find_influxd(named) if store == INFLUXDB else None
    if earlier is None and root.exists():
        _forget(root)
    children = Children(places.logs)
    steps = Steps()
    with ending_all(children):
        ports = Ports(port, _free_port())
        children.start("broker", ["-m", "kayasol.demo.broker", str(ports.broker)])
        wait_until(lambda: _answers(ports.broker), START_LIMIT_S, children)
        if influxd is not None:
            steps.do("InfluxDB", lambda: start_influxdb(places, children, influxd, _free_port()))
        if earlier is None:
            _live_through_month(places, children, steps, Run(wish.seed, wish.days, store, str(influxd or "")), ports)
        else:
            print(f"Going on with the demo in {root} (a new one: kayasol demo --fresh)")
            _start_server(places, children, steps, ports)
        _go_live(places, children, steps, ports)
        print(f"\nReady after {steps.total_s:.0f} s:  http://127.0.0.1:{port}/   (English: /en)   Ctrl-C stops all.")
        stay(children)
    print("All processes have ended. `kayasol demo` goes on from here; the time between will show as a gap.")


@dataclass(frozen=True, slots=True)
class Ports:
    """On 127.0.0.1."""

    pages: int
    broker: int


class Steps:
    """Prints what is done and how long it took."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def total_s(self) -> float:
        """Since the demo was started."""
        return time.monotonic() - self._began

    def do(self, words: str, work: Callable[[], object]) -> None:
        """One step with its seconds."""
        began = time.monotonic()
        sys.stdout.write(f"{words} ... ")
        sys.stdout.flush()
        work()
        print(f"{time.monotonic() - began:.1f} s")


@dataclass
class Months:
    """What the processes that live through the past have said."""

    lived_days: dict[str, int] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)

    def follow(self, lines: Iterable[str], code: str) -> None:
        """Read one process's lines until it ends."""
        for line in lines:
            word, _, number = line.strip().partition(" ")
            if word == "lived":
                self.lived_days[code] = int(number)
            elif word == "present":
                self.present.add(code)


def _live_through_month(places: Places, children: Children, steps: Steps, run: Run, ports: Ports) -> None:
    settings = load_settings(places.server)
    issued_ms = time.time_ns() // 1_000_000 - run.days * DAY_MS
    steps.do("Keys, acts and certificates of three sites", lambda: commission_village(places, settings, issued_ms))
    codes = Village().codes
    months = Months()
    for code in codes:
        words = ["-m", "kayasol.demo.month", code, str(places.root), str(run.days), str(run.seed), str(ports.broker)]
        child = children.start(f"month-{code}", words, listen=True)
        threading.Thread(target=months.follow, args=(child.stdout, code), daemon=True).start()
    bar = Bar(f"{run.days} days of three kiosks", len(codes) * run.days)
    bar.until(
        lambda: sum(months.lived_days.values()), lambda: len(months.present) == len(codes), MONTH_LIMIT_S, children
    )
    children.wait_for(f"month-{DAILY_SITE}", START_LIMIT_S)
    _start_server(places, children, steps, ports)
    places.server_ready.touch()
    store = Store.open(settings.database)
    try:
        Bar("What waited at the kiosks, over MQTT", 1000).until(
            lambda: drained_permille(store, codes),
            lambda: children.all_ended([f"month-{code}" for code in codes]),
            DRAIN_LIMIT_S,
            children,
        )
    finally:
        store.close()
    run.save(places.run_file)


def _start_server(places: Places, children: Children, steps: Steps, ports: Ports) -> None:
    words = ["-m", "kayasol", "serve", "--folder", str(places.server), "--port", str(ports.pages)]
    words += ["--broker-port", str(ports.broker), "--broker-plain", "--live-s", str(LIVE_S)]
    children.start("server", words)
    steps.do("Server", lambda: wait_until(lambda: _serves(ports.pages), START_LIMIT_S, children))


def _go_live(places: Places, children: Children, steps: Steps, ports: Ports) -> None:
    for code, cadence_s in Village().cadences_s:
        write_agent_toml(places, load_scenario(code), cadence_s, ports.broker)
    start_kiosks(places, Village().codes, children)
    settings = load_settings(places.server)
    store = Store.open(settings.database)
    try:
        steps.do("Figures of each day", lambda: wait_until(lambda: not has_dirty_days(store), DRAIN_LIMIT_S, children))
        with open_readings(settings, store) as opened:
            _show_sums(places, children, store, opened.projection, ports.pages)
    finally:
        store.close()


def _show_sums(places: Places, children: Children, store: Store, projection: Projection | None, port: int) -> None:
    """The money in all books. A sale of the last seconds may still be on its way; then they are asked once more."""
    for code in Village().codes:
        books = _books(places, store, projection, port, code)
        for _ in range(SUMS_TRIES):
            if len(set(books.values())) == 1:
                break
            time.sleep(1.0)
            books = _books(places, store, projection, port, code)
        has_power = not children.all_ended([agent_name(code)])
        print(f"  {code}: {sums.compared(books, has_power=has_power)}")


def _books(places: Places, store: Store, projection: Projection | None, port: int, code: str) -> dict[str, sums.Sum]:
    books = {
        sums.TILL: sums.of_simulator(places, code),
        sums.KIOSK: sums.of_kiosk(places, code),
        "server": sums.of_server(store, code),
        "API": sums.of_api(port, code),
    }
    if projection is not None:
        books |= {f"InfluxDB's {name}": copied for name, copied in sums.of_copy(projection, code).items()}
    return books


def _refuse_taken(port: int) -> None:
    if _answers(port):
        raise ConfigError(f"port {port} is taken by another program; choose one: kayasol demo --port {port + 1}")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5):
            return True
    except OSError:
        return False


def _serves(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2):
            return True
    except (OSError, urllib.error.URLError):
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _forget(root: Path) -> None:
    ours = ("kiosks", "server", "logs")
    if any(root.iterdir()) and not any((root / name).exists() for name in ours):
        raise ConfigError(f"{root} holds something else than a demo; choose another --folder")
    shutil.rmtree(root)
