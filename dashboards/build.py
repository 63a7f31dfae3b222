"""Boards as Grafana's JSON, in two languages: `kayasol dashboards build` writes them, push makes them afresh."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboards import site_boards, subject_boards
from dashboards.panel import Panel, rendered
from dashboards.words import Words

OWNER = "kayasol"
"""Begins the uid of all that is ours in a Grafana, and is a tag of each board."""
LANGUAGES = ("fr", "en")
SCHEMA_VERSION = 41
SITE, DEVICE = "site", "device"
PERIODS, PERIOD = ("5m", "15m", "1h", "6h", "1d"), "1h"
"""One point of a line of readings stands for so long: what can be chosen, and what is chosen at first."""

CONTENTS: Sequence[tuple[str, Words, Callable[[str], list[Panel]], tuple[str, ...]]] = (
    ("sites", Words("Tous les sites", "All sites"), site_boards.sites, ()),
    ("site", Words("Un site", "One site"), site_boards.site, (SITE,)),
    ("battery", Words("Batterie", "Battery"), subject_boards.battery, (SITE,)),
    ("sun", Words("Soleil", "Sun"), subject_boards.sun, (SITE,)),
    ("income", Words("Recettes", "Income"), subject_boards.income, (SITE,)),
    ("link", Words("Réseau", "Network"), subject_boards.link, (SITE,)),
    ("ingest", Words("Réception sur le serveur", "The server's intake"), subject_boards.ingest, ()),
    (
        "device",
        Words("Toutes les mesures d’un appareil", "All metrics of a device"),
        site_boards.device,
        (SITE, DEVICE),
    ),
)
"""Name in the uid, title, panels, and what a person chooses on it."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a Grafana calls the things around our boards."""

    pages_url: str = "http://127.0.0.1:8000"
    """Where the product's own pages are, without a slash at the end."""
    datasource_uid: str = "kayasol-influxdb"
    """The InfluxQL data source, as provisioning/datasources names it."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Of one language."""

    uid: str
    title: str


@dataclass(frozen=True, slots=True)
class Board:
    """One board in one language."""

    uid: str
    folder_uid: str
    language: str
    name: str
    model: Mapping[str, Any]
    """Grafana's JSON; neither `id` nor `version`, which a Grafana gives."""


def folders() -> list[Folder]:
    """A folder a language."""
    return [Folder(f"{OWNER}-{language}", f"Kayasol ({language})") for language in LANGUAGES]


def boards(place: Place | None = None) -> list[Board]:
    """Every board in every language."""
    place = place or Place()
    return [
        _board(place, language, name, title, panels(language), choices)
        for language in LANGUAGES
        for name, title, panels, choices in CONTENTS
    ]


def write_files(folder: Path, place: Place | None = None) -> list[Path]:
    """Write every board to folder/<language>/<name>.json; boards that have gone are removed. The paths written."""
    written = []
    for board in boards(place):
        path = folder / board.language / f"{board.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(board), encoding="utf-8")
        written.append(path)
    for language in LANGUAGES:
        for path in (folder / language).glob("*.json"):
            if path not in written:
                path.unlink()
    return written


def text_of(board: Board) -> str:
    """The one spelling of a board's file."""
    return json.dumps(board.model, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _board(
    place: Place, language: str, name: str, title: Words, panels: Sequence[Panel], choices: Sequence[str]
) -> Board:
    uid = f"{OWNER}-{language}-{name}"
    model = {
        "uid": uid,
        "title": f"Kayasol – {title.to(language)}",
        "tags": [OWNER, language],
        "schemaVersion": SCHEMA_VERSION,
        "timezone": "utc",
        "time": {"from": "now-30d/d", "to": "now"},
        "refresh": "5m",
        "editable": False,
        "graphTooltip": 1,
        "links": list(_links(language)),
        "templating": {"list": list(_variables(place, language, choices))},
        "panels": rendered(panels, language, place.datasource_uid),
    }
    return Board(uid, f"{OWNER}-{language}", language, name, model)


def _links(language: str) -> Iterable[dict[str, Any]]:
    home = Words("Pages Kayasol", "Kayasol's pages").to(language)
    yield _link(home, "link", "${kayasol_url}" + ("/" if language == "fr" else "/en"))
    yield {**_link(Words("Tableaux", "Boards").to(language), "dashboards", ""), "tags": [OWNER, language]}


def _link(title: str, kind: str, url: str) -> dict[str, Any]:
    return {
        "title": title,
        "type": kind,
        "url": url,
        "icon": "external link",
        "tooltip": "",
        "tags": [],
        "asDropdown": kind == "dashboards",
        "targetBlank": False,
        "includeVars": kind == "dashboards",
        "keepTime": kind == "dashboards",
    }


def _variables(place: Place, language: str, choices: Sequence[str]) -> Iterable[dict[str, Any]]:
    if SITE in choices:
        yield _choice(
            place, SITE, Words("Site", "Site").to(language), 'SHOW TAG VALUES FROM "figure_day" WITH KEY = "site"'
        )
    if DEVICE in choices:
        asked = 'SHOW TAG VALUES FROM "channel" WITH KEY = "device" WHERE "site" = \'$site\''
        yield _choice(place, DEVICE, Words("Appareil", "Device").to(language), asked)
    yield {
        "name": "period",
        "label": Words("Un point par", "A point each").to(language),
        "type": "custom",
        "query": ",".join(PERIODS),
        "multi": False,
        "includeAll": False,
        "hide": 0,
        "skipUrlSync": False,
        "current": {"text": PERIOD, "value": PERIOD},
        "options": [{"text": each, "value": each, "selected": each == PERIOD} for each in PERIODS],
    }
    yield {
        "name": "kayasol_url",
        "type": "constant",
        "query": place.pages_url,
        "current": {"text": place.pages_url, "value": place.pages_url},
        "hide": 2,
        "skipUrlSync": True,
    }


def _choice(place: Place, name: str, label: str, asked: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": {"type": "influxdb", "uid": place.datasource_uid},
        "query": asked,
        "refresh": 2,
        "sort": 1,
        "multi": False,
        "includeAll": False,
        "hide": 0,
        "skipUrlSync": False,
        "regex": "",
        "options": [],
    }
