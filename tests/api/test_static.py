"""Files of others are what they say they are, and nothing but the named ones is served."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.pages import static_files

FOLDER = Path(static_files.__file__).parent / "static"


def vendored() -> dict[str, str]:
    table = (FOLDER / "VENDORED.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([\w.-]+)` \|.*`([0-9a-f]{64})` \|$", table, re.MULTILINE))


def test_a_file_of_others_is_the_one_that_is_written_down() -> None:
    table = vendored()
    assert len(table) == 2
    for name, digest in table.items():
        assert sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_a_file_of_others_has_its_licence_beside_it() -> None:
    for name in vendored():
        version = re.match(r"[a-z]+-[\d.]*\d", name)
        assert version is not None
        assert "Permission is hereby granted" in (FOLDER / f"{version[0]}.LICENSE").read_text(encoding="utf-8")


def test_every_file_is_ours_or_written_down() -> None:
    ours = {"VENDORED.md", "technique.js"}
    assert {path.name for path in FOLDER.iterdir() if path.suffix != ".LICENSE"} == ours | set(vendored())


@pytest.mark.parametrize("name", ["technique.js", *vendored()])
def test_a_file_is_served_under_a_name_that_changes_with_it_and_kept_for_ever(client: TestClient, name: str) -> None:
    address = static_files.address_of(name)
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.content == (FOLDER / name).read_bytes()
    assert sha256(answer.content).hexdigest()[:8] in address
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/css" if name.endswith(".css") else "text/javascript")


@pytest.mark.parametrize("name", ["technique.js", "VENDORED.md", "../routes.py", "%2e%2e%2froutes.py", "nothing.js"])
def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404
