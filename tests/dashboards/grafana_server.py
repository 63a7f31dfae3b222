"""A server that speaks Grafana's HTTP API as its reference says, over real HTTP, and records what it is asked.

Folders and boards by uid, versions that grow with each save, 412 for a stale one, 400 for what a
provisioning file owns, roles. No Grafana can be had here, so this is our reading of its reference, not Grafana.
Faults are told by (method, part of the path, how often to let pass).
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, object]
TOKEN, USER, PASSWORD = "glsa_of_tests", "admin", "a-password-of-tests"
BASIC = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"


@dataclass
class Fault:
    """What goes wrong with a request, and when."""

    method: str
    path: str
    status: int
    """0: no answer at all."""
    after: int = 0
    """So many requests of the kind pass first."""
    done: bool = False
    """Whether it is carried out before it goes wrong."""
    times: int = 1


@dataclass
class Grafana:
    """The state of one organisation."""

    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    boards: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """uid -> every version, the newest last."""
    places: dict[str, str] = field(default_factory=dict)
    provisioned: set[str] = field(default_factory=set)
    role: str = "Editor"
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    before_write: Callable[[Grafana], None] | None = None
    """Somebody else, who is faster once."""
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def writes(self) -> list[tuple[str, str]]:
        """Requests that may change something."""
        return [each for each in self.asked if each[0] != "GET"]

    def snapshot(self) -> dict[str, Any]:
        """All that a person would see: titles, places and contents, without versions."""
        newest = {
            uid: {k: v for k, v in kept[-1].items() if k not in {"id", "version"}} for uid, kept in self.boards.items()
        }
        titles = {uid: each["title"] for uid, each in self.folders.items()}
        return json.loads(json.dumps({"folders": titles, "boards": newest, "places": self.places}))  # type: ignore[no-any-return]

    def versions(self) -> dict[str, int]:
        return {uid: kept[-1]["version"] for uid, kept in self.boards.items()}

    def save(self, model: dict[str, Any], folder: str) -> int:
        """Somebody saves a board."""
        kept = self.boards.setdefault(model["uid"], [])
        version = kept[-1]["version"] + 1 if kept else 1
        kept.append({**model, "id": len(self.boards), "version": version})
        self.places[model["uid"]] = folder
        return version

    def answer(self, method: str, path: str, body: Any, query: dict[str, list[str]]) -> Answer:
        if method != "GET" and self.role == "Viewer":
            return 403, {"message": "You'll need additional permissions to perform this action."}
        if method != "GET" and self.before_write is not None:
            somebody, self.before_write = self.before_write, None
            somebody(self)
        match method, path.split("/")[1:]:
            case "GET", ["health"]:
                return 200, {"database": "ok", "version": "12.0.0"}
            case "GET", ["search"]:
                return 200, self._search(query)
            case _, ["folders", *uid]:
                return self._folder(method, uid[0] if uid else "", body)
            case "POST", ["dashboards", "db"]:
                return self._save(body)
            case _, ["dashboards", "uid", uid]:
                return self._board(method, uid)
        return 404, {"message": "Not found"}

    def _search(self, query: dict[str, list[str]]) -> object:
        tags, folders = query.get("tag", []), query.get("folderUIDs", [])
        return [
            {"uid": uid, "title": kept[-1]["title"], "type": "dash-db", "folderUid": self.places[uid]}
            for uid, kept in self.boards.items()
            if set(tags) <= set(kept[-1].get("tags", [])) and (not folders or self.places[uid] in folders)
        ]

    def _folder(self, method: str, uid: str, body: Any) -> Answer:
        if method == "POST":
            if body["uid"] in self.folders:
                return 409, {"message": "a folder with the same uid exists already"}
            self.folders[body["uid"]] = {"uid": body["uid"], "title": body["title"], "version": 1}
            return 200, self.folders[body["uid"]]
        if uid not in self.folders:
            return 404, {"message": "folder not found", "status": "not-found"}
        found = self.folders[uid]
        if method == "PUT":
            if body.get("version") != found["version"] and not body.get("overwrite"):
                return 412, {"message": "The folder has been changed by someone else", "status": "version-mismatch"}
            found |= {"title": body["title"], "version": found["version"] + 1}
        if method == "DELETE":
            for board in [each for each, place in self.places.items() if place == uid]:
                del self.boards[board], self.places[board]
            del self.folders[uid]
        return 200, found

    def _save(self, body: Any) -> Answer:
        model, folder = body["dashboard"], body.get("folderUid", "")
        if not model.get("title"):
            return 400, {"message": "Dashboard title cannot be empty", "status": "empty-name"}
        if folder and folder not in self.folders:
            return 404, {"message": "folder not found"}
        if model["uid"] in self.provisioned:
            return 400, {"message": "Cannot save provisioned dashboard"}
        kept = self.boards.get(model["uid"])
        if kept and not body.get("overwrite") and model.get("version") != kept[-1]["version"]:
            return 412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
        version = self.save(model, folder)
        return 200, {"id": 1, "uid": model["uid"], "status": "success", "version": version, "slug": "board"}

    def _board(self, method: str, uid: str) -> Answer:
        if uid not in self.boards:
            return 404, {"message": "Dashboard not found"}
        if method == "DELETE":
            if uid in self.provisioned:
                return 400, {"message": "provisioned dashboard cannot be deleted"}
            del self.boards[uid], self.places[uid]
            return 200, {"message": "Dashboard deleted"}
        meta = {
            "folderUid": self.places[uid],
            "provisioned": uid in self.provisioned,
            "canSave": self.role != "Viewer",
            "version": self.boards[uid][-1]["version"],
        }
        return 200, {"meta": meta, "dashboard": self.boards[uid][-1]}

    def fault(self, method: str, path: str) -> Fault | None:
        for each in self.faults:
            if each.method == method and each.path in path and each.times:
                if each.after:
                    each.after -= 1
                    return None
                each.times -= 1
                return each
        return None


def _handler(state: Grafana, prefix: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # head and body in one packet: apart, each answer waits 40 ms

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")
            state.asked.append((self.command, parts.path))
            if not parts.path.startswith(f"{prefix}/api/"):
                return self._send(404, "<html>not found</html>")
            if self.headers.get("Authorization") not in {f"Bearer {TOKEN}", BASIC}:
                return self._send(401, {"message": "Invalid API key"})
            path = parts.path.removeprefix(f"{prefix}/api")
            fault = state.fault(self.command, path)
            if fault is not None and not fault.done:
                return self._fail(fault)
            answer = state.answer(self.command, path, body, parse_qs(parts.query))
            return self._send(*answer) if fault is None else self._fail(fault)

        def _fail(self, fault: Fault) -> None:
            if fault.status:
                return self._send(fault.status, {"message": "of tests"})
            state.released.wait(30)
            self.close_connection = True
            return None

        def _send(self, status: int, answer: object) -> None:
            body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(answer, str) else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - names that http.server wants

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    return Handler


@contextmanager
def serving(state: Grafana, prefix: str = "") -> Iterator[str]:
    """The address while the server runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state, prefix))
    thread = threading.Thread(target=server.serve_forever, name="grafana", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{prefix}"
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
