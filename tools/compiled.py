#!/usr/bin/env python3
"""Makes a copy of our packages in which the modules below are compiled; knows nothing of what they do.

Plain Python is the truth and runs everywhere. mypyc compiles the same sources, unchanged, for a server that takes more
sites than plain Python can. A copy is kept in the cache under a hash of all that it is made of, so none is ever stale:
another source, another Python or another version of a library is another copy.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if not __package__:  # run as a command
    sys.path.insert(0, str(ROOT))

from tools.cache import alone, cache_folder  # noqa: E402 -- found only since the lines above
from tools.servers.base import MissingError, run  # noqa: E402

MODULES = (
    "ingest/acknowledger.py",
    "ingest/ahead.py",
    "ingest/counters.py",
    "ingest/frames.py",
    "ingest/handler.py",
    "ingest/holes.py",
    "ingest/rows.py",
    "ingest/standing.py",
    "ingest/times.py",
    "ingest/work.py",
    "kiosk/reading.py",
    "kiosk/time.py",
    "kiosk/wire/adaptive.py",
    "kiosk/wire/bits.py",
    "kiosk/wire/block.py",
    "kiosk/wire/boots.py",
    "kiosk/wire/columns.py",
    "kiosk/wire/down.py",
    "kiosk/wire/down_sections.py",
    "kiosk/wire/elements.py",
    "kiosk/wire/frame.py",
    "kiosk/wire/priors.py",
    "kiosk/wire/range_coder.py",
    "kiosk/wire/ranges.py",
    "kiosk/wire/schema.py",
    "kiosk/wire/topics.py",
    "store/readings/base.py",
    "store/readings/dated.py",
    "store/readings/line_protocol.py",
)
"""Compiled as one group, in which calls are bound natively. To add one is one line here; CONTRIBUTING.md says what it
must not do."""

SUFFIX = ".so"
COPY_VARIABLE = "KAYASOL_COMPILED_COPY"
"""Names the copy that a program runs on, for the test that holds it to that."""
KEPT = 8
"""Copies; the one that nobody asked for longest goes first."""
COMPILE_WAIT_S = 900
NICE = "10"
PLAIN_DOES = "plain Python does the same, slower"


class CompileError(Exception):
    """A module does not compile; the message ends with what mypyc or the C compiler says."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Our packages with the modules of this tool's list compiled.")
    verb = parser.add_mutually_exclusive_group(required=True)
    verb.add_argument("--path", action="store_true", help="make the copy if it is not there, and print its folder")
    verb.add_argument(
        "--run", nargs=argparse.REMAINDER, metavar="WORD", help="run this Python with these words on the copy"
    )
    arguments = parser.parse_args()
    try:
        folder = compiled_copy()
    except (MissingError, CompileError) as error:
        print(f"compiled: {error}", file=sys.stderr)
        return 1
    if arguments.path:
        print(folder)
        return 0
    return subprocess.run([sys.executable, *arguments.run], env=environment(folder), check=False).returncode


def compiled_copy(root: Path = ROOT) -> Path:
    """The folder of the copy, made now unless it is there. Raises MissingError without a C compiler, CompileError."""
    sources = _sources(root)
    kept = cache_folder() / "compiled"
    kept.mkdir(exist_ok=True)
    folder = kept / _key(sources)
    with alone(cache_folder() / "compiled.lock"):
        if not folder.exists():
            check_compiler()
            _make(sources, folder)
        os.utime(folder)
        _forget_oldest(kept)
    return folder


def libraries(folder: Path) -> list[Path]:
    """What the compiler made in a copy: one library a module, and the one that holds the group's code."""
    return sorted(folder.rglob(f"*{SUFFIX}"))


def environment(folder: Path) -> dict[str, str]:
    """A Python started with it, and all that it starts, imports the copy before the checkout."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (folder, ROOT))),
        "PYTHONSAFEPATH": "1",  # else `-m` would put the current folder first, which is the checkout
        "PYTEST_ADDOPTS": "--override-ini=pythonpath=",  # as pyproject.toml would
        COPY_VARIABLE: str(folder),
    }


def check_compiler() -> None:
    """Raises MissingError, which says what to install."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        raise MissingError(f"no C compiler ({compiler}): apt-get install gcc python3-dev; {PLAIN_DOES}")
    header = Path(sysconfig.get_paths()["include"], "Python.h")
    if not header.exists():
        raise MissingError(f"{header} is missing: apt-get install python3-dev; {PLAIN_DOES}")


def _sources(root: Path) -> Mapping[str, bytes]:
    """Every file of the packages that the wheel brings, as it is at this instant."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return {
        str(path.relative_to(root)): path.read_bytes()
        for package in packages
        for path in sorted((root / package).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != SUFFIX
    }


def _key(sources: Mapping[str, bytes]) -> str:
    """Types of a library that is imported decide what is compiled, so what is installed belongs to it."""
    installed = {f"{each.name}=={each.version}" for each in importlib.metadata.distributions()}
    told = [sys.version, str(sysconfig.get_config_var("SOABI")), *sorted(installed), Path(__file__).read_text("utf-8")]
    digest = hashlib.sha256("\n".join(told).encode())
    for name, octets in sources.items():
        digest.update(f"\n{name} {len(octets)}\n".encode() + octets)
    return digest.hexdigest()[:32]


def _make(sources: Mapping[str, bytes], folder: Path) -> None:
    """Beside its place, and moved there when it is whole."""
    with tempfile.TemporaryDirectory(prefix="compiled-", dir=cache_folder()) as scratch:
        made = Path(scratch) / "copy"
        for name, octets in sources.items():
            file = made / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(octets)
        _compile(made)
        for rest in ("build", ".mypy_cache"):
            shutil.rmtree(made / rest, ignore_errors=True)
        made.rename(folder)


def _compile(folder: Path) -> None:
    """In a folder without pyproject.toml: what is compiled depends on no setting of this or another tool."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MYPY"))}
    try:
        run(
            ["nice", "-n", NICE, sys.executable, "-m", "mypyc", "--config-file=", "--explicit-package-bases", *MODULES],
            name="mypyc",
            environment=kept | {"MYPYC_OPT_LEVEL": "3", "MYPYC_DEBUG_LEVEL": "0"},
            wait_s=COMPILE_WAIT_S,
            folder=folder,
        )
    except MissingError as error:
        raise CompileError(str(error)) from error
    if len(libraries(folder)) < len(MODULES):
        raise CompileError("mypyc ended without an error and without all of its libraries")


def _forget_oldest(kept: Path) -> None:
    newest_first = sorted(kept.iterdir(), key=lambda folder: folder.stat().st_mtime_ns, reverse=True)
    for folder in newest_first[KEPT:]:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
