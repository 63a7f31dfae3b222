"""The server burns down with sales that its backup does not have; the kiosk brings them back, to the franc.

Real agent, real Mosquitto over mutual TLS, `kayasol serve`, `kayasol backup` beside it, `kayasol restore`.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from edge_agent.agent import SOCKET
from kayasol.demo import sums
from kayasol.demo.sums import Sum
from store import settings as kept_settings
from store.days import dirty_days
from store.engine import Store
from tests.end_to_end import kill_books
from tests.end_to_end.broker_village import PythonProcess, Village, quick_folder
from tests.end_to_end.far_clock import wait_for
from tests.end_to_end.kill_books import is_drained
from tests.end_to_end.kill_cashier import Cashier
from tests.kayasol.city import kayasol

SITE = "louda"
SALES_BEFORE, SALES_AFTER = 3, 4


@pytest.fixture
def village() -> Iterator[Village]:
    with quick_folder("restore") as root:
        yield Village(root, [SITE], time.time_ns() // 1_000_000)


def sell(cashier: Cashier, count: int, words: PythonProcess) -> None:
    for _ in range(count):
        cashier.press()
        wait_for(cashier.ask_again, words.log_text)


def until_answered(village: Village, cashier: Cashier, edge: PythonProcess) -> None:
    """All that the kiosk has written was acknowledged by the server, and is dated there."""
    state = village.places.state(SITE)
    wait_for(lambda: sums.of_kiosk(village.places, SITE) == cashier.sum and is_drained(state), edge.log_text)
    with opened(village) as store:
        wait_for(lambda: sums.of_server(store, SITE) == cashier.sum, edge.log_text)


@contextmanager
def opened(village: Village) -> Iterator[Store]:
    store = Store.open(village.settings.database)
    try:
        yield store
    finally:
        store.close()


def epoch_in(village: Village) -> int:
    with opened(village) as store, store.read() as connection:
        return int(kept_settings.get(connection, "epoch") or 0)


def figures_are_computed(store: Store) -> bool:
    with store.read() as connection:
        return not dirty_days(connection, 1)


def test_what_the_backup_does_not_have_comes_again_from_the_kiosk(village: Village) -> None:
    places, server = village.places, village.places.server
    file = places.root / "backup.tar.gz"
    with village.broker as broker, ExitStack() as kiosk:
        village.agent_config(SITE, broker.port)
        state = places.state(SITE)
        cashier = Cashier(state, random.Random(7))
        with village.serve(broker.port) as serve:
            wait_for(lambda: "connected to the broker" in serve.log_text(), serve.log_text)
            edge = kiosk.enter_context(village.edge(SITE))
            wait_for((state / SOCKET).exists, edge.log_text)
            sell(cashier, SALES_BEFORE, edge)
            until_answered(village, cashier, edge)
            told = kayasol("backup", file, "--folder", server)
            assert told.returncode == 0, told.stderr
            sell(cashier, SALES_AFTER, edge)
            until_answered(village, cashier, edge)
            epoch_before = epoch_in(village)
            serve.kill9()
        broker.kill9()
        shutil.rmtree(server)

        told = kayasol("restore", file, "--folder", server)
        assert told.returncode == 0, told.stderr
        store = kiosk.enter_context(opened(village))
        assert sums.of_server(store, SITE).sales == SALES_BEFORE
        assert epoch_in(village) > epoch_before
        broker.start()
        with village.serve(broker.port) as serve:
            wait_for(lambda: sums.of_server(store, SITE) == cashier.sum, lambda: serve.log_text() + edge.log_text())
            wait_for(lambda: is_drained(state) and figures_are_computed(store), serve.log_text)
            assert_four_books_agree(village, cashier.sum, store)
            assert_readings_are_there_or_told(village, store)


def assert_four_books_agree(village: Village, till: Sum, store: Store) -> None:
    """Till, kiosk, SQL and API, and record by record; nothing for a person to look into."""
    state = village.places.state(SITE)
    assert till.sales == SALES_BEFORE + SALES_AFTER
    assert sums.of_kiosk(village.places, SITE) == till
    assert sums.of_server(store, SITE) == till
    assert sums.of_api(village.pages_port, SITE) == till
    assert kill_books.records_at_server(store, SITE) == kill_books.records_at_edge(state)
    odd = {what: count for what, count in kill_books.oddities(store, SITE).items() if count}
    assert set(odd) <= {"rows given up"}, odd


def assert_readings_are_there_or_told(village: Village, store: Store) -> None:
    """Rows that the kiosk deleted because they had been acknowledged are a gap with a number, not a silence."""
    _, head = kill_books.rows_at_edge(village.places.state(SITE))
    ((_, upto, ranges),) = kill_books.streams_at_server(store, SITE)
    assert (upto, ranges) == (head, "")
    given_up = kill_books.oddities(store, SITE)["rows given up"]
    assert kill_books.rows_at_server(store, SITE) + given_up == head
