"""The socket for programs of the same computer: bad lines, many clients, slow ones, rights."""

from __future__ import annotations

import json
import socket
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from edge_agent.local_socket import CLIENTS_MAX, LINE_MAX_BYTES, REQUESTS_A_TURN, LocalSocket, ask
from kiosk.errors import ConfigError

WAIT_S = 5.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent.sock"


@pytest.fixture
def server(path: Path) -> Iterator[LocalSocket]:
    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        return {"ok": True, "said": request, "long": "x" * int(request.get("size", 0))}

    made = LocalSocket(path, answer)
    yield made
    made.close()


def connect(path: Path) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(WAIT_S)
    client.connect(str(path))
    return client


def turn(server: LocalSocket, times: int = 4) -> None:
    for _ in range(times):
        server.turn()


def line(client: socket.socket) -> dict[str, Any]:
    arrived = b""
    while not arrived.endswith(b"\n"):
        piece = client.recv(1)
        if not piece:
            return {}
        arrived += piece
    said: dict[str, Any] = json.loads(arrived)
    return said


def test_the_file_is_for_its_owner_and_group(server: LocalSocket, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_a_request_in_pieces_is_answered_once_it_is_whole(server: LocalSocket, path: Path) -> None:
    with connect(path) as client:
        client.sendall(b'{"do":"st')
        turn(server)
        client.sendall(b'atus"}\n{"do":"sale"}\n')
        turn(server)
        assert line(client)["said"] == {"do": "status"}
        assert line(client)["said"] == {"do": "sale"}


@pytest.mark.parametrize("raw", [b"rubbish\n", b"[1]\n", b"\xff\xfe\n", b"\n", b"[" * 3_000 + b"\n", b'{"a":\n'])
def test_a_line_that_is_no_request_is_answered_and_the_next_one_too(
    server: LocalSocket, path: Path, raw: bytes
) -> None:
    with connect(path) as client:
        client.sendall(raw + b'{"do":"status"}\n')
        turn(server)
        assert line(client)["code"] == "json"
        assert line(client)["ok"] is True


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_that_is_too_long_ends_the_conversation(server: LocalSocket, path: Path, end: bytes) -> None:
    with connect(path) as client:
        client.sendall(b"x" * (LINE_MAX_BYTES + 1) + end)
        turn(server)
        assert line(client)["code"] == "size"
        turn(server)
        assert client.recv(1) == b""


def test_more_requests_at_once_than_a_turn_takes_are_all_answered_and_nothing_piles_up(
    server: LocalSocket, path: Path
) -> None:
    with connect(path) as client:
        client.sendall(b'{"n":1}\n' * 3 * REQUESTS_A_TURN * 30)
        turn(server, 1)
        (held,) = server._clients.values()
        assert len(held.arrived) <= LINE_MAX_BYTES
        turn(server, 200)
        for _ in range(3 * REQUESTS_A_TURN * 30):
            assert line(client)["said"] == {"n": 1}


def test_several_clients_are_served_and_one_too_many_is_told(server: LocalSocket, path: Path) -> None:
    clients = [connect(path) for _ in range(CLIENTS_MAX)]
    turn(server, CLIENTS_MAX + 2)
    for number, client in enumerate(clients):
        client.sendall(b'{"n":%d}\n' % number)
    turn(server)
    assert [line(client)["said"]["n"] for client in clients] == list(range(CLIENTS_MAX))
    with connect(path) as late:
        turn(server)
        assert line(late)["code"] == "busy"
    for client in clients:
        client.close()
    turn(server)
    with connect(path) as client:
        client.sendall(b"{}\n")
        turn(server)
        assert line(client)["ok"] is True


def test_a_client_that_reads_nothing_is_sent_away_and_blocks_nobody(server: LocalSocket, path: Path) -> None:
    with connect(path) as lazy, connect(path) as other:
        turn(server)
        for _ in range(20):
            lazy.sendall(b'{"size":60000}\n')
            turn(server)
            if len(server.filenos()) == 2:
                break
        assert len(server.filenos()) == 2, "the listener and the other client"
        other.sendall(b'{"do":"status"}\n')
        turn(server)
        assert line(other)["ok"] is True


def test_a_large_answer_comes_whole(server: LocalSocket, path: Path) -> None:
    with connect(path) as client:
        client.sendall(b'{"size":200000}\n')
        turn(server)
        done = threading.Event()
        answers: list[dict[str, Any]] = []

        def read() -> None:
            answers.append(json.loads(client.makefile().readline()))
            done.set()

        reader = threading.Thread(target=read)
        reader.start()
        while not done.is_set():
            server.turn()
        reader.join()
        assert len(answers[0]["long"]) == 200_000


def test_a_socket_left_by_a_killed_agent_is_replaced(path: Path) -> None:
    stale = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stale.bind(str(path))
    stale.close()
    LocalSocket(path, lambda request: {}).close()
    assert not path.exists()


def test_a_path_that_is_too_long_is_told_with_what_to_do(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    with pytest.raises(ConfigError, match="shorter"):
        LocalSocket(deep / "agent.sock", lambda request: {})


def test_asking_where_no_agent_runs_says_so(path: Path) -> None:
    with pytest.raises(ConfigError, match="is it running"):
        ask(path, {"do": "status"})
