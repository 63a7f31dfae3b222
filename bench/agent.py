"""Memory and processor of the real agent at work, and what takes the memory; must know no part of the agent inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bench.agent_site import RunningSite, running_site, until
from bench.resident import mappings_of, memory_of, processor_s
from bench.results import Figure, at_most, keep

WINDOW_S = 75.0
"""Of idling: the controller says its values 75 times, the meter is asked, a row is stored, no frame is due."""
BACKLOG_DAYS = 30
GOAL_MB, AIM_MB, GOAL_PERCENT = 45.0, 40.0, 1.0
STEPS: tuple[tuple[str, str], ...] = (
    ("what every program of ours needs (argparse, logging, json, dataclasses)", "argparse, logging, json, dataclasses"),
    ("sqlite3", "sqlite3"),
    ("ssl with the system's OpenSSL", "ssl"),
    ("pyserial", "serial"),
    ("paho-mqtt (brings urllib.request, http, email)", "paho.mqtt.client"),
    ("cryptography: Ed25519, its own OpenSSL", "cryptography.hazmat.primitives.asymmetric.ed25519"),
    ("our own: kiosk", "kiosk.wire.frame, kiosk.wire.down, kiosk.wire.block, kiosk.ledger.chain, kiosk.ledger.signing"),
    ("our own: agent with all drivers", "edge_agent.main"),
)
"""What the agent imports, in this order, in a child that imports nothing else."""
_CHILD = """
import json, sys
def rss():
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Rss:"))
told = [rss()]
for names in json.loads(sys.argv[1]):
    for name in names.split(", "):
        __import__(name)
    told.append(rss())
print(json.dumps(told))
"""


def main() -> None:
    """Run the kiosk, measure, print, keep."""
    steps = imports_kib()
    try:
        with running_site() as site:
            figures = _measure(site, steps)
        with running_site(BACKLOG_DAYS) as site:
            figures += _drained(site)
    except pytest.skip.Exception as missing:
        print(f"NOT measured: {missing}")
        return
    keep(figures)


def imports_kib() -> list[tuple[str, int]]:
    """What each step of importing adds to RSS, in KiB; the bare interpreter first."""
    words = [sys.executable, "-c", _CHILD, json.dumps([names for _, names in STEPS])]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    told = json.loads(done.stdout)
    added = [after - before for before, after in zip([0, *told], told, strict=False)]
    return list(zip(["the interpreter, as it starts", *(name for name, _ in STEPS)], added, strict=True))


def _measure(site: RunningSite, steps: list[tuple[str, int]]) -> list[Figure]:
    pid = site.agent.pid
    began_s, spent_s = time.monotonic(), processor_s(pid)
    time.sleep(WINDOW_S)
    share = 100 * (processor_s(pid) - spent_s) / (time.monotonic() - began_s)
    memory, mappings, status = memory_of(pid), mappings_of(pid), site.status()
    rows = status["outbox"]["head"] + status["outbox"]["in_memory"]
    if rows < 1 or not status["link"]["connected"]:
        raise RuntimeError(f"the agent was not at work, this measures nothing: {status}")
    print(
        f"agent at work for {WINDOW_S:g} s after its start, rows taken: {rows}, TLS session up; MB of 1,000,000 bytes"
    )
    print(
        f"RSS {_mb(memory.rss):.1f} MB (peak {_mb(memory.peak):.1f}), PSS {_mb(memory.pss):.1f}, "
        f"private {_mb(memory.private):.1f}; processor {share:.2f} % of a core"
    )
    imported = sum(kib for _, kib in steps)
    at_work = memory.rss - imported
    _table("what was brought in, in this order (a child that imports it step by step)", steps)
    print(f"  {_mb(at_work):6.2f} MB  at work: TLS session, database, readings (RSS less all of the above)")
    _table("where the pages of the running agent are", mappings.most_common())
    return [
        at_most("agent: resident", _mb(memory.rss), "MB", GOAL_MB),
        at_most("agent: resident, aim", _mb(memory.rss), "MB", AIM_MB),
        Figure("agent: proportional (PSS)", round(_mb(memory.pss), 2), "MB"),
        Figure("agent: private", round(_mb(memory.private), 2), "MB"),
        at_most("agent: processor when idle", share, "% of a core", GOAL_PERCENT),
        *(Figure(f"agent: imports, {name}", round(_mb(kib), 2), "MB") for name, kib in steps),
        Figure("agent: at work beyond imports", round(_mb(at_work), 2), "MB"),
        *(Figure(f"agent: pages, {name}", round(_mb(kib), 2), "MB") for name, kib in mappings.most_common()),
    ]


def _drained(site: RunningSite) -> list[Figure]:
    until(lambda: _has_sent_all(site.status()))
    memory, spent_s = memory_of(site.agent.pid), processor_s(site.agent.pid)
    print(
        f"after it has sent {BACKLOG_DAYS} days of rows: RSS {_mb(memory.rss):.1f} MB, peak {_mb(memory.peak):.1f}; "
        f"{spent_s:.1f} s of processor since its start"
    )
    return [
        Figure("agent: resident after a month's backlog", round(_mb(memory.rss), 2), "MB"),
        Figure("agent: peak while a month's backlog drains", round(_mb(memory.peak), 2), "MB"),
    ]


def _has_sent_all(status: dict[str, Any]) -> bool:
    """Some receipts have come; the frame after which nothing is left may wait hours for its own (docs/agent.md)."""
    return bool(0 <= status["outbox"]["waiting"] < BACKLOG_DAYS * 1440 and status["link"]["frames_in_flight"] <= 1)


def _table(title: str, parts: list[tuple[str, int]]) -> None:
    print(f"{title}:")
    for name, kib in parts:
        print(f"  {_mb(kib):6.2f} MB  {name}")


def _mb(kib: int) -> float:
    return kib * 1024 / 1e6


if __name__ == "__main__":
    main()
