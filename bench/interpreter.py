"""Which Python runs our worker in the ingest bench: the fastest of this version on this machine. Knows no ingest.

The image of a server brings a Python that was built with optimisation. One that a version manager built from source
without it takes up to a third more for the same work, so the bench would measure how somebody built Python. What is
installed for one Python serves another of the same version, compiled modules included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TURNS = 3
"""Pythons are tried by turns, and each one's best time counts: a machine has slow instants."""
TRY_LIMIT_S = 30.0
WORTH = 0.95
"""Another Python is taken only if it needs less than this share of the time."""

_TRY = """\
import json, platform, sys, sysconfig, time

class Row:
    __slots__ = ("first", "second")
    def __init__(self, first, second):
        self.first, self.second = first, second
    def total(self):
        return self.first + self.second

def work():
    seen, kept = {}, []
    for number in range(40_000):
        row = Row(number, number & 63)
        seen[row.second] = kept[-1:] if kept else ()
        kept.append((row.total(), b"%d" % number, seen.get(number & 127)))
    return len(kept)

def timed():
    begun = time.process_time()
    work()
    return time.process_time() - begun

print(json.dumps([
    sys.executable, platform.python_version(), sysconfig.get_config_var("SOABI"), min(timed() for _ in range(4)),
]))
"""
"""Objects, calls and containers, which is what ingest asks of an interpreter; says who answers."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that can run what is installed here."""

    path: Path
    version: str
    faster: float
    """Than the one that runs the bench; 1.0 is that one itself."""

    def told(self) -> str:
        """For whoever reads the table."""
        own = sys.version.split()[0]
        if self.path == Path(sys.executable):
            return f"ours runs on this environment's Python {own}: no other Python of this version here is faster"
        return f"ours runs on the Python {self.version} of this machine, {self.faster:.2f} times as fast as our {own}"


def fastest() -> Interpreter:
    """The fastest Python that can run what is installed for this one; this one unless another is clearly faster."""
    best_s: dict[tuple[str, str], float] = {}
    own, *others = _on_path()
    for _ in range(TURNS):
        for path in (own, *others):
            tried = _tried(path)
            if tried is not None:
                who, took_s = tried
                best_s[who] = min(took_s, best_s.get(who, took_s))
    own_s = next(took_s for (name, _), took_s in best_s.items() if name == str(own))
    (name, version), took_s = min(best_s.items(), key=lambda each: each[1])
    if took_s > own_s * WORTH:
        return Interpreter(own, sys.version.split()[0], 1.0)
    return Interpreter(Path(name), version, own_s / took_s)


def search_path(*folders: Path) -> str:
    """PYTHONPATH for any of them: these folders, then what is installed here."""
    return os.pathsep.join(map(str, (*folders, sysconfig.get_paths()["purelib"])))


def _on_path() -> Iterator[Path]:
    """This one first; one that is found twice is tried twice."""
    yield Path(sys.executable)
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if folder and os.access(found := Path(folder, name), os.X_OK):
            yield found


def _tried(path: Path) -> tuple[tuple[str, str], float] | None:
    """Who it is and what it took; None where it does not answer, or cannot load what is compiled for this one."""
    try:
        done = subprocess.run([path, "-I", "-c", _TRY], capture_output=True, timeout=TRY_LIMIT_S, check=True)
        executable, version, abi, took_s = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if abi != sysconfig.get_config_var("SOABI"):
        return None
    return (executable, version), float(took_s)
