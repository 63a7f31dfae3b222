"""The demo's processes: none is left behind, whoever starts and stops them at the same time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kayasol.demo.children import ChildError, Children

WAITING = ["-c", "import signal; signal.pause()"]


def test_nothing_is_started_any_more_once_all_were_stopped(tmp_path: Path) -> None:
    """A kiosk's power may come back in the very moment of a Ctrl-C."""
    children = Children(tmp_path)
    first = children.start("first", WAITING)
    children.stop_all()
    assert first.poll() is not None
    with pytest.raises(ChildError, match="being stopped"):
        children.start("second", WAITING)
    assert not children.running


def test_a_process_that_is_stopped_while_it_is_looked_at_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kiosk's power goes in the very moment in which the demo asks how its agent is."""
    children = Children(tmp_path)
    agent = children.start("agent", WAITING)
    power = threading.Thread(target=lambda: children.stop("agent", kill=True))
    truly = agent.poll

    def poll() -> int | None:
        if power.ident is None:
            power.start()
            power.join(0.2)
        return truly()

    monkeypatch.setattr(agent, "poll", poll)
    children.check()
    power.join()
    assert truly() is not None
    assert not children.running


def test_a_process_that_fails_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    children = Children(tmp_path)
    failing = children.start("server", ["-c", "raise SystemExit('the disk is full')"])
    failing.wait(30)
    with pytest.raises(ChildError, match="server ended with code 1:\nthe disk is full"):
        children.check()
    assert not children.running
