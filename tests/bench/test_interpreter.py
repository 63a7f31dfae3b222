"""The bench takes the fastest Python that can run what is installed here, and no other."""

from __future__ import annotations

import json
import sys
import sysconfig
from pathlib import Path

import pytest

from bench.interpreter import fastest, search_path

OWN_ABI = str(sysconfig.get_config_var("SOABI"))
NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"


def python(folder: Path, answer: str, status: int = 0) -> Path:
    """A program of this Python's name that says this whatever it is asked."""
    folder.mkdir()
    file = folder / NAME
    file.write_text(f"#!/bin/sh\necho '{answer}'\nexit {status}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def said(file: Path, took_s: float, abi: str = OWN_ABI) -> str:
    return json.dumps([str(file), "3.11.99", abi, took_s])


def test_a_faster_python_of_the_same_kind_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = tmp_path / "fast" / NAME
    python(tmp_path / "fast", said(wanted, 0.000_001))
    python(tmp_path / "other-abi", said(tmp_path / "x", 0.000_000_1, "cpython-399"))
    python(tmp_path / "broken", said(tmp_path / "y", 0.000_000_1), status=1)
    python(tmp_path / "mute", "")
    folders = ("nowhere", "other-abi", "broken", "mute", "fast")
    monkeypatch.setenv("PATH", ":".join(["", *(str(tmp_path / each) for each in folders)]))
    found = fastest()
    assert (found.path, found.version) == (wanted, "3.11.99")
    assert found.faster > 1
    assert "3.11.99" in found.told()


def test_without_a_faster_one_it_is_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python(tmp_path / "slow", said(tmp_path / "slow" / NAME, 1_000.0))
    monkeypatch.setenv("PATH", str(tmp_path / "slow"))
    found = fastest()
    assert (found.path, found.faster) == (Path(sys.executable), 1.0)
    assert "no other" in found.told()


def test_another_python_finds_what_is_installed_for_this_one(tmp_path: Path) -> None:
    assert search_path(tmp_path, Path("/x")).split(":") == [str(tmp_path), "/x", sysconfig.get_paths()["purelib"]]
