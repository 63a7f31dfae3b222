"""What every process of a server shares: its clock, its log, its certificate, and the turns of ingest and office.

Knows no pages: a process of ingest carries no web server.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ingest.acknowledger import Policy
from ingest.handler import Handler
from ingest.keys import open_keys
from ingest.subscriber import Broker, Subscriber
from ingest.tls import TlsFiles
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from office.loop import Office
from store.engine import Store
from store.errors import RepairFirst, RetryLater
from store.readings.base import ReadingsStore

IDLE_S = 1.0
"""How long the office rests when no day was dirty."""
RETRY_S, RETRY_MAX_S = 2.0, 60.0
"""Between two tries while a store does not answer; longer than IDLE_S, which is how a failure is told from a rest."""

COLLECT_AFTER = 500_000
"""Objects made and not yet freed: some 50 MB."""

TURN_S = 0.02
"""Far below what the broker, who waits for acknowledgements, or a probe would notice."""

log = logging.getLogger("kayasol")


def utc_ms() -> int:
    """The server's clock, UTC milliseconds."""
    return time.time_ns() // 1_000_000


def run_ingest(
    settings: ServerSettings,
    broker: Broker,
    store: Store,
    readings: ReadingsStore,
    clock: Callable[[], int],
    stop: threading.Event,
) -> None:
    """Take frames from the broker until `stop`."""
    handler = Handler(store, readings, open_keys(settings.folder), clock, policy=policy_of(settings))
    Subscriber(broker, handler).run(stop)


def tune_interpreter() -> None:
    """Set the interpreter for transactions of ingest, once all is loaded.

    Rings of objects are looked for once in COLLECT_AFTER objects instead of once in 700: a transaction makes them by
    the ten thousand, none in a ring, and looking at each again and again took a seventh of ingest's time. Threads take
    turns every TURN_S instead of every 5 ms, which took a twentieth.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    sys.setswitchinterval(TURN_S)


def run_office(office: Office, stop: threading.Event) -> None:
    """Recompute dirty days until `stop`; a store that does not answer is asked again, and its days wait."""
    delay_s = 0.0
    while not stop.wait(delay_s):
        try:
            worked = office.turn()
        except (RetryLater, RepairFirst) as error:
            if delay_s <= IDLE_S:
                log.error("figures wait, tried again until it works: %s", error)
            delay_s = min(max(RETRY_S, delay_s * 2), RETRY_MAX_S)
            continue
        if delay_s > IDLE_S:
            log.warning("figures are computed again")
        delay_s = 0.0 if worked else IDLE_S


def begin_log() -> None:
    """One line an event on stderr, where systemd and containers look for it."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)


def policy_of(settings: ServerSettings) -> Policy:
    """When devices are answered: each frame at once during a visit."""
    return Policy(calm_ms=0, live_s=settings.live_s) if settings.live_s else Policy()


def tls_of(settings: ServerSettings) -> TlsFiles | None:
    """Ingest's own certificate for the broker; None for a broker without TLS. Raises ConfigError for missing files."""
    if settings.broker_plain:
        return None
    ca = settings.folder / "ca"
    return TlsFiles(_existing(ca / "ca.pem"), _existing(ca / "ingest.pem"), _existing(ca / "ingest.key"))


def _existing(path: Path) -> Path:
    if not path.exists():
        raise ConfigError(f"{path} is missing; run `kayasol broker` first")
    return path
