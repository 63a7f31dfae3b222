#!/usr/bin/env python3
"""`make release`: what is committed as wheel and source archive, with lists of parts and hashes, into dist/.

Builds from an export of the commit, twice, and gives nothing unless both are equal to the byte. Knows pins and files,
and nothing of the program but its version. Uploads nothing and sets no tag.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("agent", "server")
"""Requirements that people install; each has a list of parts."""
HEADING = re.compile(r"^## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
FORBIDDEN = re.compile(
    r"(^|/)(tests|tools|bench|docs|secrets|\.git|\.ci|build|node_modules|__pycache__)(/|$)|(^|/)\.env|\.(key|pem|db|token)$"
)
"""Has no place in a wheel."""
ENTRY_POINTS = {"kayasol": "kayasol.cli:main", "kayasol-edge": "edge_agent.main:main"}


class RefusedError(Exception):
    """Nothing is released; the message says what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Wheel, source archive, lists of parts and SHA256SUMS of this commit.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="default: dist/")
    arguments = parser.parse_args()
    try:
        for line in release(ROOT, arguments.out):
            print(line)
    except RefusedError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


def release(root: Path, out: Path) -> list[str]:
    """Build what is committed in `root` into `out`; lines for a person."""
    commit, committed_s = _git(root, "log", "-1", "--format=%H %ct").split()
    with tempfile.TemporaryDirectory(prefix="kayasol-release-") as scratch:
        first, second = (_export(root, commit, Path(scratch) / name) for name in ("first", "second"))
        version = check_version(first)
        check_tag(root, version, commit)
        check_build_tool(first)
        built = _build(first, committed_s)
        again = _build(second, committed_s)
        check_equal(built, again)
        wheel, source = (next(path for path in built if path.name.endswith(end)) for end in (".whl", ".tar.gz"))
        packages = tomllib.loads((first / "pyproject.toml").read_text(encoding="utf-8"))
        check_wheel(wheel, _tracked(root, commit, packages["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]))
        parts = [_list_of_parts(first, part, version, committed_s) for part in PARTS]
        out.mkdir(parents=True, exist_ok=True)
        given = [Path(shutil.copy(path, out)) for path in (wheel, source, *parts)]
    sums = "".join(f"{_digest(path)}  {path.name}\n" for path in sorted(given))
    (out / "SHA256SUMS").write_text(sums, encoding="ascii")
    changed = " Changes that are not committed are not in it." if _git(root, "status", "--porcelain") else ""
    return [
        sums.rstrip(),
        f"Kayasol {version} of commit {commit[:12]} is in {out}, built twice with equal hashes.{changed}",
        f"Then: git tag --sign v{version} {commit[:12]}",
    ]


def check_version(root: Path) -> str:
    """The one version that project, program and newest heading of CHANGELOG.md agree on."""
    project = str(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
    program = re.search(r'^__version__ = "(.+)"$', (root / "kayasol/__init__.py").read_text("utf-8"), re.MULTILINE)
    heading = HEADING.search((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    found = {
        "pyproject.toml": project,
        "kayasol/__init__.py": program[1] if program else "none",
        "CHANGELOG.md": heading[1] if heading else "no heading such as '## 1.2.3 - 2026-12-31'",
    }
    if len(set(found.values())) != 1:
        told = ", ".join(f"{file}: {version}" for file, version in found.items())
        raise RefusedError(f"the version is not the same everywhere ({told})")
    return project


def check_tag(root: Path, version: str, commit: str) -> None:
    """A tag of this version may stand on this commit only."""
    tag = f"v{version}"
    if not _git(root, "tag", "--list", tag):
        return
    tagged = _git(root, "rev-list", "-n", "1", tag)
    if tagged != commit:
        raise RefusedError(f"{tag} is {tagged[:12]}, this is {commit[:12]}: raise the version and tell the change")


def check_build_tool(root: Path) -> None:
    """The tool that builds here must be the pinned one, or the hashes say nothing."""
    pins = (root / "requirements/build.txt").read_text(encoding="utf-8")
    pinned = re.search(r"^hatchling==(\S+)", pins, re.MULTILINE)
    try:
        told = importlib.metadata.version("hatchling")
    except importlib.metadata.PackageNotFoundError:
        told = "missing"
    if pinned is None or told != pinned[1]:
        wanted = pinned[1] if pinned else "a version"
        raise RefusedError(f"hatchling is {told}, requirements/build.txt pins {wanted}: run `make venv`")


def check_equal(built: Sequence[Path], again: Sequence[Path]) -> None:
    """Two builds of one commit are equal to the byte."""
    for one, other in zip(built, again, strict=True):
        if (one.name, _digest(one)) != (other.name, _digest(other)):
            raise RefusedError(f"{one.name} was different the second time: find what depends on time or place")


def check_wheel(wheel: Path, tracked: Sequence[str]) -> None:
    """In the wheel is every committed file of the packages, both commands, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (about,) = (name for name in names if name.endswith(".dist-info/entry_points.txt"))
        entries = archive.read(about).decode()
    metadata = {name for name in names if ".dist-info/" in name}
    files = names - metadata
    if missing := sorted(set(tracked) - files):
        raise RefusedError(f"not in the wheel: {', '.join(missing[:5])}: look at [tool.hatch.build]")
    if strange := sorted(name for name in files if FORBIDDEN.search(name)) or sorted(files - set(tracked)):
        raise RefusedError(f"has no place in the wheel: {', '.join(strange[:5])}")
    for command, target in ENTRY_POINTS.items():
        if f"{command} = {target}" not in entries:
            raise RefusedError(f"the wheel has no command {command}")


def _export(root: Path, commit: str, folder: Path) -> Path:
    """The commit's files alone, so that nothing that lies about can get in."""
    done = subprocess.run(["git", "archive", "--format=tar", commit], cwd=root, capture_output=True, check=False)
    if done.returncode != 0:
        raise RefusedError(f"git archive: {done.stderr.decode(errors='replace').strip()}")
    folder.mkdir()
    with tarfile.open(fileobj=BytesIO(done.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def _build(folder: Path, committed_s: str) -> list[Path]:
    """Wheel and source archive, dated by the commit; needs no network."""
    words = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", "given"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": committed_s, "PYTHONHASHSEED": "0"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RefusedError(f"the build failed: {(done.stderr or done.stdout).strip()[-600:]}")
    return sorted((folder / "given").iterdir())


def _list_of_parts(folder: Path, part: str, version: str, committed_s: str) -> Path:
    """CycloneDX: every pinned distribution with the hashes of its files."""
    target = folder / f"kayasol-{version}-{part}.cdx.json"
    words = ["requirements", "--index-url", "", "--pyproject", "pyproject.toml", "--output-reproducible", "--validate"]
    done = subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", *words, "--output-file", target.name, f"requirements/{part}.txt"],
        cwd=folder,
        env={**os.environ, "SOURCE_DATE_EPOCH": committed_s},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RefusedError(f"the list of parts failed: {done.stderr.strip()[-600:]}")
    parts = json.loads(target.read_text(encoding="utf-8"))
    for tool in parts["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)  # where the tool comes from is no part of ours
    target.write_text(json.dumps(parts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return target


def _tracked(root: Path, commit: str, packages: Sequence[str]) -> list[str]:
    return _git(root, "ls-tree", "-r", "--name-only", commit, "--", *packages).splitlines()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RefusedError(f"git {words[0]}: {done.stderr.strip()}: a release is made from a git checkout")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
