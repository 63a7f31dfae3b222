"""An HTTP server on loopback that gives the answers a test puts into it: for what no real server can be made to say."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One answer; without a status the connection is kept open and nothing is said until the server closes."""

    status: int | None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Answering:
    """The next answers, the last of which is repeated; and what was asked."""

    url: str
    answers: list[Answer]
    asked: list[tuple[str, bytes]] = field(default_factory=list)


@contextmanager
def answering(*answers: Answer) -> Iterator[Answering]:
    closed = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.asked.append((self.path, body))
            answer = state.answers.pop(0) if len(state.answers) > 1 else state.answers[0]
            if answer.status is None:
                closed.wait(30)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name that the library gives it
            """Not on the tests' terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state = Answering(f"http://127.0.0.1:{server.server_port}", list(answers))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            closed.set()
            server.shutdown()
            thread.join()
