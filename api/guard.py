"""Around every answer: who may be asked for, how much may be sent, and what a browser may do. Knows no route.

The pages have no accounts yet and are bound to this machine. So the name asked for is checked too: else a web page
elsewhere could give its own name this machine's address and read the answers.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import MEDIA_TYPE, problem
from api.policy import headers_for

BODY_BYTES_MAX = 16_384
"""No route reads a body; a small one is let pass and ignored."""


class Guard:
    """ASGI middleware; `hosts` are the names under which the server may be asked, without port."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge the request, then add the headers to whatever answers it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in headers_for(message["status"]).items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, send_guarded)
            return
        status, body = refusal
        start = {"type": "http.response.start", "status": status, "headers": [(b"content-type", MEDIA_TYPE.encode())]}
        await send_guarded(start)
        await send_guarded({"type": "http.response.body", "body": body})

    def _refusal(self, headers: Headers) -> tuple[int, bytes] | None:
        if host_name(headers.get("host", "")) not in self._hosts:
            detail = "this server is not known under that name; ask it by one of the names that it was given"
            return 400, problem(400, "unknown-host", detail)
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            return 400, problem(400, "malformed", "Content-Length is not a number")
        if int(length[:20]) > BODY_BYTES_MAX:
            return 413, problem(413, "too-large", "no route reads a body: send none")
        return None


def host_name(host: str) -> str:
    """The name or address in a Host header, without port and brackets, in lower case."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
