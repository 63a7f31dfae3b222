"""The broker's sessions of ingest's workers: when their number changes, those that nobody will ask for again are ended.

The broker keeps what comes for a session while its owner is away. Without this, the sessions of workers that are no
more would fill with copies for ever.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from ingest.subscriber import Broker
from ingest.tls import tls_context
from kayasol.settings import ServerSettings

FILE_NAME = "ingest-sessions.json"
RETRY_S = 10.0
ANSWER_S = 10.0

log = logging.getLogger("kayasol")


def worker_name(number: int, workers: int) -> str:
    """What a worker is called; another number of workers shares the sites otherwise, so names differ."""
    return "ingest" if workers == 1 else f"ingest-{number}-of-{workers}"


@contextmanager
def forgetting(settings: ServerSettings, broker: Broker, number: int, stop: threading.Event) -> Iterator[None]:
    """Meanwhile worker 0 ends the sessions of workers that are no more."""
    if number:
        yield
        return
    thread = threading.Thread(target=_forget, args=(settings, broker, stop), name="sessions")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _forget(settings: ServerSettings, broker: Broker, stop: threading.Event) -> None:
    file = settings.folder / FILE_NAME
    wanted = {f"kayasol-{worker_name(each, settings.ingest_workers)}" for each in range(settings.ingest_workers)}
    left = _known(file) - wanted
    _save(file, left | wanted)
    while left:
        name = min(left)
        if _end_session(broker, name):
            log.info("the broker has forgotten %s", name)
            left.remove(name)
            _save(file, left | wanted)
        elif stop.wait(RETRY_S):
            return


def _end_session(broker: Broker, name: str) -> bool:
    """Connect as that worker without a session, which ends the one that is kept."""
    answered = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=True, protocol=mqtt.MQTTv311)
    client.on_connect = lambda *told: None if told[3].is_failure else answered.set()
    if broker.tls is not None:
        client.tls_set_context(tls_context(broker.tls))
    try:
        client.connect(broker.host, broker.port)
    except OSError:
        return False
    client.loop_start()
    ended = answered.wait(ANSWER_S)
    client.disconnect()
    client.loop_stop()
    return ended


def _known(file: Path) -> set[str]:
    try:
        return {str(name) for name in json.loads(file.read_text(encoding="utf-8"))}
    except (OSError, ValueError, TypeError):
        return set()


def _save(file: Path, names: set[str]) -> None:
    """Losing it costs the broker some disk for sessions that nobody asks for, no fact."""
    try:
        file.write_text(json.dumps(sorted(names)), encoding="utf-8")
    except OSError as error:
        log.warning("%s cannot be written: %s", file, error.strerror)
