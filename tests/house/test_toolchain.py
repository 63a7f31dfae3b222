"""Which Rust a build is given, asked of a stand-in for rustup: no test takes toolchains off a machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.servers import go
from tools.servers.base import MissingError


def rustup_says(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a rustup first that knows these toolchains."""
    program = folder / "rustup"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("nightly-x86_64\nstable-x86_64 (active, default)\n1.95.0-x86_64", "stable-x86_64"),
        ("1.95.0-x86_64 (default)", "1.95.0-x86_64"),
    ],
)
def test_the_stable_toolchain_goes_before_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, name: str
) -> None:
    rustup_says(tmp_path, monkeypatch, text)
    assert go._installed_toolchain() == name


def test_a_rustup_without_a_toolchain_is_told_before_anything_is_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rustup_says(tmp_path, monkeypatch, "no installed toolchains")
    with pytest.raises(MissingError, match="rustup toolchain install stable"):
        go._installed_toolchain()
