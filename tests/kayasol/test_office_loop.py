"""The office's thread: works on, rests, and outlives a store that does not answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from kayasol.parts import IDLE_S, RETRY_MAX_S, RETRY_S, run_office
from office.loop import Office
from store.errors import RepairFirst, RetryLater, StoreError

Turn = Callable[[], bool]


class ScriptedOffice(Office):
    """Its turns end as a test says; nothing is computed."""

    def __init__(self, turns: list[bool | StoreError]) -> None:
        self._turns = turns

    def turn(self, limit: int = 20) -> bool:
        outcome = self._turns.pop(0)
        if isinstance(outcome, StoreError):
            raise outcome
        return outcome


class Stop(threading.Event):
    """Counts the pauses instead of pausing; set after so many."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.pauses: list[float | None] = []
        self._looks = looks

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        return len(self.pauses) > self._looks


def pauses(turns: list[bool | StoreError]) -> list[float | None]:
    """Before each turn, and after the last."""
    stop = Stop(len(turns))
    run_office(ScriptedOffice(turns), stop)
    return stop.pauses


def test_it_goes_on_at_once_after_work_and_rests_after_none() -> None:
    assert pauses([True, True, False, True]) == [0, 0, 0, IDLE_S, 0]


@pytest.mark.parametrize("error", [RetryLater("InfluxDB does not answer"), RepairFirst("InfluxDB refuses the token")])
def test_a_store_that_does_not_answer_is_asked_ever_more_rarely(error: StoreError) -> None:
    waited = pauses([error] * 8 + [True])
    assert waited[1:4] == [RETRY_S, 2 * RETRY_S, 4 * RETRY_S]
    assert waited[7:] == [RETRY_MAX_S, RETRY_MAX_S, 0]


def test_a_failure_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="kayasol")
    away = RetryLater("InfluxDB does not answer")
    pauses([False, away, away, away, False, False, away, True])
    assert [record.getMessage() for record in caplog.records] == [
        "figures wait, tried again until it works: InfluxDB does not answer",
        "figures are computed again",
    ] * 2


def test_an_error_that_is_no_stores_fault_ends_the_thread_loudly() -> None:
    with pytest.raises(StoreError, match="our own mistake"):
        pauses([StoreError("our own mistake")])
