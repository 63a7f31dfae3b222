"""The few files that pages fetch after they are shown: the zoom of the technician's charts. Nothing else is served.

Each name changes with its content, so that a phone may keep a file for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_NAMES = ("uplot-1.6.32.min.js", "uplot-1.6.32.min.css", "technique.js")

KEPT_FOR_EVER = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is served."""

    address: str
    media_type: str
    content: bytes


@router.get("/static/{name}")
def static(name: str) -> Response:
    """One file by the name that the pages give."""
    found = files().get(name)
    if found is None:
        raise HTTPException(404)
    return Response(found.content, media_type=found.media_type, headers={"Cache-Control": KEPT_FOR_EVER})


def address_of(file_name: str) -> str:
    """Where a page finds a file. KeyError for a file that is not served."""
    return {path: each.address for path, each in _by_file().items()}[file_name]


@cache
def files() -> dict[str, StaticFile]:
    """By the last part of the address."""
    return {each.address.rpartition("/")[2]: each for each in _by_file().values()}


@cache
def _by_file() -> dict[str, StaticFile]:
    found = {}
    for name in _NAMES:
        content = (_FOLDER / name).read_bytes()
        stem, dot, ending = name.rpartition(".")
        address = f"/static/{stem}-{sha256(content).hexdigest()[:8]}{dot}{ending}"
        found[name] = StaticFile(address, f"{_TYPES['.' + ending]}; charset=utf-8", content)
    return found
