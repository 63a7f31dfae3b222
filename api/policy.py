"""Headers that every answer carries: what a browser may do with it, and how long it may keep it. Knows no route."""

from __future__ import annotations

_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

WITH_SCRIPT = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Policy of the technician's page: it may zoom with our own script and ask our own API, nothing else."""

KEPT = "private, max-age=30"
"""By the one who asked, for half a minute: new readings come by the minute at most."""
NOT_KEPT = "no-store"


def headers_for(status: int) -> dict[str, str]:
    """The headers of an answer that does not say otherwise itself; only what went well may be kept."""
    return {**_POLICY, "Cache-Control": KEPT if status == 200 else NOT_KEPT}
