"""`kayasol simulate`: three simulated kiosks as sites of a real server, live over its own broker. Owns the processes.

Registering needs the server's keys and database; running needs only what the kiosks were given and the broker.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent import commission, local_socket
from edge_agent.agent import SOCKET
from kayasol.demo import hardware
from kayasol.demo.children import Children
from kayasol.demo.live import ending_all, start_kiosks, stay
from kayasol.demo.places import SIMULATED, Places, Village, scenario_of
from kayasol.demo.setup import commission_village, write_agent_toml
from kayasol.parts import begin_log, tls_of, utc_ms
from kayasol.settings import ServerSettings
from kayasol.watch import BEAT_S, Probe, Watch
from kiosk.errors import ConfigError

CODES = tuple(SIMULATED + code for code in Village().codes)
PART = "simulation"
"""As `kayasol health` names it."""
CADENCE_S = 60
"""Credit is not counted here, and whoever looks does not want to wait."""
SEED = 1
ASK_S = 2.0
LOCK = "simulate.lock"

log = logging.getLogger("kayasol")


def register(settings: ServerSettings, root: Path) -> list[str]:
    """Register the kiosks that the server does not know yet; returns their codes.

    Raises ConfigError where the server has no certificates yet, or the kiosks belong to another one.
    """
    tls_of(settings)
    settings.folder.mkdir(parents=True, exist_ok=True)
    return commission_village(Places(root), settings, utc_ms(), CODES)


def run(settings: ServerSettings, root: Path) -> None:
    """Live until Ctrl-C or SIGTERM. Raises ConfigError for kiosks that were not registered, ChildError for one that
    failed."""
    places = Places(root)
    missing = [code for code in CODES if not (places.state(code) / commission.ACT).exists()]
    if missing:
        raise ConfigError(f"{root} has no {', '.join(missing)}: run `kayasol simulate --only register` first")
    begin_log()
    with _alone(root):
        for code in CODES:
            host = "" if settings.broker_plain else settings.broker_host
            scenario = scenario_of(code)
            write_agent_toml(places, scenario, CADENCE_S, settings.broker_port, tls_host=host, sales_at_once=True)
            hardware.begin(places, scenario, SEED, utc_ms())
        file = settings.alive / f"{PART}.json"
        try:
            _live(places, Watch(file, {code: _probe(places, code) for code in CODES}))
        finally:
            file.unlink(missing_ok=True)
    log.info("all processes have ended; the time until the next start will show as a gap")


def _live(places: Places, watch: Watch) -> None:
    children = Children(places.logs)
    with ending_all(children):
        start_kiosks(places, CODES, children, customer=True)
        log.info("%s run on pseudo-terminals; Ctrl-C ends them; their logs: %s", ", ".join(CODES), places.logs)
        stay(children, BEAT_S, watch.look)


def _probe(places: Places, code: str) -> Probe:
    """Whether the agent has its connection. One without power has no agent, which is no fault."""

    def trouble() -> str:
        try:
            answer = local_socket.ask(places.state(code) / SOCKET, {"do": "status"}, ASK_S)
        except ConfigError:
            return ""
        if answer["link"]["connected"]:
            return ""
        return f"{code} has no connection to the broker; why is in {places.logs / f'agent-{code}.log'}"

    return trouble


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    with (root / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"the kiosks in {root} run already: end that `kayasol simulate` first") from error
        yield
