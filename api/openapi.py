"""What the routes say of themselves: tags, examples, refusals, and the words at the head of the description."""

from __future__ import annotations

from typing import Any

from api.errors import MEDIA_TYPE
from api.schemas import ProblemAnswer

DESCRIPTION = """
Energy, network and charging income of solar kiosks.

Times are UTC milliseconds (`…_ms`) or RFC 3339. Money is whole minor units of the stated currency (XOF has none:
francs). Shares are thousandths. `null` is "not known", never 0. Refusals are `application/problem+json` (RFC 9457) and
say what to ask instead. There are no accounts yet: the server answers on its own machine only.
"""

TAGS = [
    {"name": "sites", "description": "Which sites there are and how they stand."},
    {"name": "readings", "description": "What was measured."},
    {
        "name": "days",
        "description": "Figures by civil day, each with its coverage and the reasons for what is missing.",
    },
    {"name": "ledger", "description": "Signed records of money, exactly as the kiosk wrote them."},
    {"name": "server", "description": "Whether the server itself is well."},
]


def example(value: Any, media_type: str = "application/json") -> dict[str, Any]:
    """A response with an example of its body."""
    return {"content": {media_type: {"example": value}}}


def _refusal(status: int, kind: str, title: str, detail: str, **more: str) -> dict[str, Any]:
    body = {"type": f"urn:kayasol:problem:{kind}", "title": title, "status": status, "detail": detail, **more}
    schema = {"$ref": f"#/components/schemas/{ProblemAnswer.__name__}"}
    return {"description": title, "content": {MEDIA_TYPE: {"schema": schema, "example": body}}}


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: _refusal(400, "empty-span", "Bad Request", "start must lie before end", instead="start and end exchanged"),
    404: _refusal(404, "unknown-site", "Not Found", "no site has the code 'damanne'", instead="/api/v1/sites"),
    422: _refusal(422, "malformed", "Unprocessable Content", "a parameter is not of its form"),
    503: _refusal(503, "no-store", "Service Unavailable", "the store cannot be read now; try again in a minute"),
}
"""Of every route that names a site."""
