"""A socket in the state folder for programs of this computer: lines of JSON, several clients, nothing ever blocks.

Knows lines and clients; what a request means is desk.py's. Who may connect is decided by the file's rights (0660).
"""

from __future__ import annotations

import json
import os
import selectors
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk.errors import ConfigError

LINE_MAX_BYTES = 4_096
CLIENTS_MAX = 16
UNSENT_MAX_BYTES = 262_144
"""A client that does not read its answers is sent away."""
REQUESTS_A_TURN = 32

_PIECE_BYTES = 4_096
_MODE = 0o660

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(slots=True)
class _Client:
    connection: socket.socket
    arrived: bytearray = field(default_factory=bytearray)
    unsent: bytearray = field(default_factory=bytearray)
    ending: bool = False
    """Closed once its last answer is out."""


class LocalSocket:
    """The listening end."""

    def __init__(self, path: Path, answer: Answer) -> None:
        """Raises ConfigError where the path cannot hold a socket."""
        self._path = path
        self._answer = answer
        self._selector = selectors.DefaultSelector()
        self._clients: dict[int, _Client] = {}
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.setblocking(False)
        path.unlink(missing_ok=True)
        before = os.umask(0o777 & ~_MODE)
        try:
            self._listener.bind(str(path))
            self._listener.listen(CLIENTS_MAX)
        except OSError as error:
            self._listener.close()
            raise ConfigError(
                f"{path}: no socket can be made there ({error}); choose a shorter [agent] state"
            ) from error
        finally:
            os.umask(before)
        self._selector.register(self._listener, selectors.EVENT_READ)

    def filenos(self) -> list[int]:
        """What to wait on for the next request."""
        return [self._listener.fileno(), *self._clients]

    def turn(self) -> None:
        """Take what has arrived and answer it; called in each step of the agent."""
        for key, events in self._selector.select(0):
            if key.fileobj is self._listener:
                self._accept()
                continue
            client = self._clients[key.fd]
            if events & selectors.EVENT_READ:
                self._read(client)
            if events & selectors.EVENT_WRITE and key.fd in self._clients:
                self._flush(client)
        for client in [each for each in self._clients.values() if b"\n" in each.arrived]:
            self._answer_lines(client)

    def close(self) -> None:
        """End all connections and remove the file."""
        for client in list(self._clients.values()):
            self._drop(client)
        self._selector.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        if len(self._clients) >= CLIENTS_MAX:
            with suppress(OSError):
                connection.send(_line({"ok": False, "code": "busy", "error": "too many programs at once; try again"}))
            connection.close()
            return
        self._clients[connection.fileno()] = _Client(connection)
        self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, client: _Client) -> None:
        """Take one piece, once all lines of the one before are answered: who asks faster than that waits."""
        if b"\n" in client.arrived:
            return
        try:
            piece = client.connection.recv(_PIECE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self._drop(client)
            return
        if client.ending:
            return
        client.arrived += piece
        if len(client.arrived) > LINE_MAX_BYTES and b"\n" not in client.arrived[: LINE_MAX_BYTES + 1]:
            error = f"a line is at most {LINE_MAX_BYTES} bytes; this one is not read"
            client.unsent += _line({"ok": False, "code": "size", "error": error})
            client.ending = True
            client.arrived.clear()
            self._flush(client)

    def _answer_lines(self, client: _Client) -> None:
        """As many as one turn allows; the others wait for the next one."""
        for _ in range(REQUESTS_A_TURN):
            line, found, rest = bytes(client.arrived).partition(b"\n")
            if not found:
                break
            client.arrived = bytearray(rest)
            client.unsent += _line(self._answered(line))
        self._flush(client)

    def _answered(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict):
            return {"ok": False, "code": "json", "error": 'a request is one JSON object a line, like {"do":"status"}'}
        return self._answer(request)

    def _flush(self, client: _Client) -> None:
        try:
            if client.unsent:
                sent = client.connection.send(client.unsent)
                del client.unsent[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(client)
            return
        if len(client.unsent) > UNSENT_MAX_BYTES or (client.ending and not client.unsent):
            self._drop(client)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.unsent else 0)
        self._selector.modify(client.connection, wanted)

    def _drop(self, client: _Client) -> None:
        self._clients.pop(client.connection.fileno(), None)
        with suppress(KeyError, ValueError):
            self._selector.unregister(client.connection)
        client.connection.close()


def ask(path: Path, request: Mapping[str, Any], timeout_s: float = 10.0) -> dict[str, Any]:
    """One request of another program of this computer, and its answer. Raises ConfigError where no agent runs."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout_s)
            connection.connect(str(path))
            connection.sendall(_line(request))
            arrived = bytearray()
            while not arrived.endswith(b"\n") and len(arrived) <= UNSENT_MAX_BYTES:
                piece = connection.recv(65_536)
                if not piece:
                    break
                arrived += piece
    except OSError as error:
        raise ConfigError(
            f"{path}: no agent answers ({error}): is it running? `kayasol-edge run` starts it, "
            "and your user must be in its group"
        ) from error
    try:
        answer = json.loads(arrived)
    except ValueError as error:
        raise ConfigError(f"{path}: the agent's answer cannot be read; look at its log") from error
    if not isinstance(answer, dict):
        raise ConfigError(f"{path}: the agent's answer is no object; look at its log")
    return answer


def _line(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
