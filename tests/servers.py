"""Where the real programs are that tests run against: what tools/get_servers.py found, and what to do without one."""

import functools
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from tools import get_servers

REQUIRED = "KAYASOL_REQUIRE_SERVERS"
"""Set to 1 (as .ci/run does), a missing program fails the test that needs it instead of skipping it."""


def require_server(name: str) -> Path:
    """The path of the program, or the end of this test: skipped, or failed where every program is required."""
    entry = known_servers()[name]
    if "path" not in entry:
        give_up(f"{name} is missing: {entry['missing']}")
    return Path(entry["path"])


def give_up(reason: str) -> NoReturn:
    """The end of this test, for this machine lacks something: skipped, or failed where nothing may be missing."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def require_program(name: str, advice: str) -> str:
    """The path of a program on the PATH, or the end of this test; `advice` says how to get it."""
    found = shutil.which(name)
    if found is None:
        give_up(f"{name} is missing: {advice}")
    return found


@functools.cache
def known_servers() -> Mapping[str, Mapping[str, str]]:
    """What `make servers` wrote; looked for again where it has not run or what it found has gone."""
    try:
        report: dict[str, dict[str, str]] = json.loads(get_servers.REPORT.read_text(encoding="utf-8"))
    except FileNotFoundError:
        report = {}
    for name, server in get_servers.SERVERS.items():
        if not Path(report.get(name, {}).get("path", "/nowhere")).exists():
            report[name] = _look_for(server)
    return report


def missing_servers() -> Mapping[str, str]:
    """Name and reason of each program that is not on this machine."""
    return {name: entry["missing"] for name, entry in known_servers().items() if "missing" in entry}


def _look_for(server: get_servers.Server) -> dict[str, str]:
    try:
        found = get_servers.get(server, may_install=False)
    except get_servers.MissingError as error:
        return {"missing": str(error)}
    return {"path": str(found.path), "version": found.version}
