"""The units of the village's server: accepted by systemd, hardened, and true to the program."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest
import typer

from kayasol.cli import app
from tests.servers import require_program

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = ("kayasol-serve.service", "kayasol-broker.service", "kayasol-backup.service", "kayasol-backup.timer")
EXPOSURE_MAX = 30
"""Of 100, by systemd's own count."""


@pytest.fixture
def analyze() -> str:
    return require_program("systemd-analyze", "apt-get install systemd")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with a program that is there, so that nothing else may be found wanting."""
    for name in UNITS:
        text = (DEPLOY / name).read_text()
        (tmp_path / name).write_text(re.sub(r"/opt/kayasol/bin/kayasol|/usr/sbin/mosquitto", "/bin/true", text))
    return tmp_path


@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_it(analyze: str, units: Path, name: str) -> None:
    done = subprocess.run([analyze, "verify", units / name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_would_refuse_a_word_that_is_none(analyze: str, units: Path) -> None:
    unit = units / UNITS[0]
    unit.write_text(unit.read_text().replace("ProtectHome=", "ProtectHaus="))
    done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False)
    assert "ProtectHaus" in done.stderr


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_it_can_do_little_besides_its_work(analyze: str, units: Path, name: str) -> None:
    words = [analyze, "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", units / name]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-600:]


@pytest.mark.parametrize("name", ["kayasol-serve.service", "kayasol-backup.service"])
def test_its_command_line_is_one_that_the_program_takes(name: str) -> None:
    (line,) = re.findall(r"^ExecStart=\S+/kayasol (.+)$", (DEPLOY / name).read_text(), re.MULTILINE)
    words = line.split()
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    try:
        group.commands[words[0]].make_context(words[0], words[1:])
    except click.ClickException as error:
        pytest.fail(error.format_message())
