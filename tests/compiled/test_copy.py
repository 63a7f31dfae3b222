"""The copy: it is of the sources as they are, whole or not there, and asks for a C compiler in one line."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kiosk.wire.block import decode_block
from tests.vectors.wire import examples
from tools import compiled
from tools.compiled import ROOT, SUFFIX, CompileError, compiled_copy, libraries
from tools.servers.base import MissingError

WHOLE = "def twice(number: int) -> int:\n    return number * 2\n"
WRONG = "def twice(number: int) -> str:\n    return number * 2\n"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of one package with two modules, of which one is compiled, and a cache of its own."""
    root = tmp_path / "checkout"
    (root / "room").mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.hatch.build.targets.wheel]\npackages = ["room"]\n')
    (root / "room" / "__init__.py").touch()
    (root / "room" / "sums.py").write_text(WHOLE)
    (root / "room" / "plain.py").write_text("WORD = 1\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(compiled, "MODULES", ("room/sums.py",))
    return root


def kept(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache" / "kayasol").rglob("*") if path.is_dir())


@pytest.mark.usefixtures("copy")
def test_a_copy_is_of_the_sources_as_they_are(small: Path) -> None:
    first = compiled_copy(small)
    assert {path.name.partition(".")[0] for path in libraries(first)} >= {"sums"}
    assert (first / "room" / "plain.py").read_text() == "WORD = 1\n"
    assert compiled_copy(small) == first
    (small / "room" / "plain.py").write_text("WORD = 2\n")
    second = compiled_copy(small)
    assert second != first
    assert (second / "room" / "plain.py").read_text() == "WORD = 2\n"


@pytest.mark.usefixtures("copy")
def test_a_module_that_does_not_compile_says_why_and_leaves_nothing(small: Path, tmp_path: Path) -> None:
    (small / "room" / "sums.py").write_text(WRONG)
    with pytest.raises(CompileError, match=r"room/sums.py:2: error: Incompatible return value"):
        compiled_copy(small)
    assert kept(tmp_path) == ["compiled"]


def test_without_a_compiler_it_says_what_to_install(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "a-compiler-that-nobody-has")
    with pytest.raises(MissingError, match=r"^no C compiler .*: apt-get install gcc python3-dev; plain Python does"):
        compiled_copy(small)
    assert kept(tmp_path) == ["compiled"]


def test_the_copies_that_nobody_asks_for_go(tmp_path: Path) -> None:
    for age_s in range(compiled.KEPT + 2):
        folder = tmp_path / f"{age_s}"
        (folder / "room").mkdir(parents=True)
        os.utime(folder, (1_000_000 - age_s, 1_000_000 - age_s))
    compiled._forget_oldest(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {f"{age_s}" for age_s in range(compiled.KEPT)}


def wheel(folder: Path, **more: str) -> Path:
    """As deploy/Dockerfile builds it."""
    words = ["-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [sys.executable, *words, "--wheel-dir", folder, ROOT], env={**os.environ, **more}, check=True, timeout=300
    )
    (made,) = folder.glob("*.whl")
    return made


def test_the_compiled_wheel_holds_the_plain_one_and_the_copys_libraries(copy: Path, tmp_path: Path) -> None:
    made = wheel(tmp_path / "compiled", KAYASOL_COMPILED="1")
    plain = wheel(tmp_path / "plain", KAYASOL_COMPILED="")
    assert plain.name.endswith("-py3-none-any.whl")
    assert f"-cp{sys.version_info[0]}{sys.version_info[1]}-" in made.name
    with zipfile.ZipFile(made) as one, zipfile.ZipFile(plain) as other:
        more = {name for name in set(one.namelist()) - set(other.namelist()) if ".dist-info/" not in name}
        assert more == {str(library.relative_to(copy)) for library in libraries(copy)}
        one.extractall(tmp_path / "installed")
    good = examples.FILES["blocks"]()[0]
    asked = "import sys; from kiosk.wire import block; print(block.__file__); "
    asked += "print(block.decode_block(bytes.fromhex(sys.argv[1]), int(sys.argv[2])))"
    told = subprocess.run(
        [sys.executable, "-P", "-c", asked, good.octets.hex(), str(good.decoded["positions"])],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert told[0].startswith(str(tmp_path / "installed"))
    assert told[0].endswith(SUFFIX)
    assert told[1] == str(decode_block(good.octets, good.decoded["positions"]))
