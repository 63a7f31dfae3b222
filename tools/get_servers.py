#!/usr/bin/env python3
"""Finds, or installs where it may, the real programs that the tests run against; knows nothing of the tests.

Writes build/servers.json: for each program its path and version, or why it is missing. Standard library only, because
it runs before anything is installed. A program is one entry of SERVERS: something that can `find` itself and `install`
itself. What has to be built rather than installed keeps its result outside the checkout, under ~/.cache/kayasol, so
that a fresh clone does not build it again.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if not __package__:  # run as a command, by a Python that knows nothing of this project
    sys.path.insert(0, str(ROOT))

from tools.servers.base import Found, MissingError, Server  # noqa: E402 -- found only since the lines above
from tools.servers.debian import DebianProgram  # noqa: E402
from tools.servers.go import GoProgram  # noqa: E402

__all__ = ["PEERS", "REPORT", "SERVERS", "Found", "MissingError", "Server", "get", "get_all"]

REPORT = ROOT / "build" / "servers.json"

SERVERS: Mapping[str, Server] = {
    # Before 2.0 a listener is open to the world by default and TLS 1.3 cannot be demanded.
    "mosquitto": DebianProgram("mosquitto", ("mosquitto",), version_argument="-h", minimum=(2, 0)),
    "chromium": DebianProgram("chromium", ("chromium", "chromium-browser", "google-chrome")),
    # Moves the clock of one process; brings libfaketime with it.
    "faketime": DebianProgram("faketime", ("faketime",)),
    # Debian keeps the server's programs off the PATH, one folder a major version; initdb is beside it.
    "postgresql": DebianProgram("postgresql", ("/usr/lib/postgresql/*/bin/postgres", "postgres"), minimum=(13,)),
    # Compiles the modules that a server may run compiled (tools/compiled.py).
    "cc": DebianProgram("gcc", ("cc", "gcc")),
    # No package of it in Debian; a part of it is written in Rust, another in C.
    "influxdb": GoProgram(
        "github.com/influxdata/influxdb/v2",
        "2.9.1",
        "cmd/influxd",
        tags="sqlite_foreign_keys,sqlite_json",
        pkg_config="github.com/influxdata/pkg-config@v0.3.0",
        needs=("go", "cargo", "cc", "pkg-config"),
    ),
    # Reads docker-compose.yml as Docker does, without an engine.
    "compose": GoProgram(
        "github.com/compose-spec/compose-go/v2",
        "2.16.2",
        "cmd",
        needs=("go",),
        version_arguments=(),
        program="compose-go",
    ),
}
# What benches compare with; no test needs them, so only `make bench` builds them.
PEERS: dict[str, Server] = {
    "telegraf": GoProgram(
        "github.com/influxdata/telegraf",
        "1.39.3",
        "cmd/telegraf",
        tags="custom,inputs.mqtt_consumer,outputs.influxdb_v2,parsers.json",
        needs=("go",),
        version_arguments=("--version",),
        version_setting="github.com/influxdata/telegraf/internal.Version=",
        by_install=True,
    ),
}


def get(server: Server, *, may_install: bool) -> Found:
    try:
        return server.find()
    except MissingError:
        if not may_install:
            raise
    server.install()
    return server.find()


def get_all(*, may_install: bool) -> dict[str, dict[str, str]]:
    report: dict[str, dict[str, str]] = {}
    for name, server in SERVERS.items():
        started_s = time.monotonic()
        try:
            found = get(server, may_install=may_install)
            report[name] = {"path": str(found.path), "version": found.version}
        except MissingError as error:
            report[name] = {"missing": str(error)}
        told = " ".join(report[name].values())
        print(f"{name}: {told} ({time.monotonic() - started_s:.1f} s)", flush=True)
    return report


def print_path(name: str) -> int:
    try:
        print(get(SERVERS[name], may_install=False).path)
    except MissingError as error:
        print(f"{name} is missing: {error}", file=sys.stderr)
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Find or install the servers that tests use; see build/servers.json.")
    parser.add_argument("--find-only", action="store_true", help="install nothing")
    parser.add_argument("--require", action="store_true", help="fail when one is missing")
    parser.add_argument("--path", choices=SERVERS, help="print where this one is, and do nothing else")
    arguments = parser.parse_args()
    if arguments.path:
        return print_path(arguments.path)

    report = get_all(may_install=not arguments.find_only)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")

    missing = [name for name, entry in report.items() if "missing" in entry]
    if missing and arguments.require:
        print(f"missing: {', '.join(missing)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
