"""Signs of life for the service manager, on a real datagram socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.watchdog import Watchdog


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.setblocking(False)
        yield end


def asked(manager: socket.socket, allowed_us: str = "300000000") -> Watchdog:
    return Watchdog({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": allowed_us})


def test_three_signs_of_life_within_the_time_allowed(manager: socket.socket) -> None:
    watchdog, heard = asked(manager), 0
    for now_ms in range(1_000, 301_000, 200):
        watchdog.turn(now_ms)
        try:
            assert manager.recv(64) == b"WATCHDOG=1"
        except BlockingIOError:
            continue
        heard += 1
    assert heard == 3


def test_an_abstract_socket_is_reached_too() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind("\0kayasol-watchdog-test")
        Watchdog({"NOTIFY_SOCKET": "@kayasol-watchdog-test", "WATCHDOG_USEC": "3000"}).turn(0)
        assert end.recv(64) == b"WATCHDOG=1"


@pytest.mark.parametrize("allowed_us", ["", "0", "-5", "soon"])
def test_nobody_who_did_not_ask_hears_anything(manager: socket.socket, allowed_us: str) -> None:
    asked(manager, allowed_us).turn(0)
    Watchdog({}).turn(0)
    with pytest.raises(BlockingIOError):
        manager.recv(64)


def test_a_manager_that_has_gone_stops_nothing(tmp_path: Path) -> None:
    Watchdog({"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "3000"}).turn(0)
