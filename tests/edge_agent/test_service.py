"""The shipped systemd unit: the manager itself finds nothing wrong with it, and it runs what we ship."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.servers import require_program

UNIT = Path(__file__).parents[2] / "deploy" / "kayasol-edge.service"
PROGRAM = "/opt/kayasol/bin/kayasol-edge"


def test_the_manager_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    analyze = require_program("systemd-analyze", "apt-get install systemd")
    unit = tmp_path / UNIT.name
    # The program lies elsewhere on this machine, and the manager looks whether it is there.
    unit.write_text(UNIT.read_text(encoding="utf-8").replace(PROGRAM, sys.executable), encoding="utf-8")
    verified = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_unit_leaves_the_agent_what_it_asks_the_kernel_for() -> None:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    assert f"ExecStart={PROGRAM} run -c /etc/kayasol/agent.toml" in lines
    # Each of them would take away the serial lines, the look at the clock's state, or the state folder.
    for refused in ("PrivateDevices=yes", "ProtectClock=yes", "PrivateNetwork=yes", "DynamicUser=yes"):
        assert refused not in lines
