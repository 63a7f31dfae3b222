"""The raw decode tool: streaming, counted, and clear about an unknown driver."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent.decode import NOTHING_UNDERSTOOD, PIECE_BYTES, UNDERSTOOD, run
from kiosk.errors import ConfigError
from tests.edge_agent.recordings import recording
from tests.edge_agent.transports.vedirect_stream import CHARGER, text_block

ROOT = Path(__file__).parents[2]


def decode(driver: str, raw: bytes) -> tuple[int, list[dict[str, object]], str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    code = run(driver, io.BytesIO(raw), stdout, stderr)
    return code, [json.loads(line) for line in stdout.getvalue().splitlines()], stderr.getvalue()


def test_the_recording_of_a_charger_is_decoded_and_counted() -> None:
    code, rows, said = decode("victron-vedirect", recording("vedirect-smartsolar-100-20.dump"))
    assert said == "good=493 bad=1 hex=2\n"
    assert code == UNDERSTOOD
    assert len(rows) == 493
    assert {row["SER#"] for row in rows} == {"HQ18486U2B4"}
    assert {row["battery_voltage_v"] for row in rows} == {round(12.72 + 0.01 * step, 2) for step in range(11)}


def test_a_block_on_the_edge_of_two_pieces_is_not_lost() -> None:
    block = text_block(CHARGER)
    number = PIECE_BYTES // len(block) * 2 + 1
    _, rows, said = decode("victron-vedirect", block * number)
    assert (len(rows), said) == (number, f"good={number} bad=0 hex=0\n")


def test_a_row_has_metrics_in_their_units() -> None:
    _, (row,), _ = decode("victron-vedirect", text_block(CHARGER))
    assert (row["battery_voltage_v"], row["battery_current_a"], row["pv_energy_total_wh"]) == (13.24, 2.5, 12340)


def test_bytes_that_nobody_understands_are_an_exit_code() -> None:
    assert decode("victron-vedirect", b"\x00\xff" * 500) == (NOTHING_UNDERSTOOD, [], "good=0 bad=0 hex=0\n")


def test_an_unknown_driver_is_told_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match='did you mean "victron-vedirect"'):
        decode("victron-vedirct", b"")


def test_a_reader_that_goes_away_is_no_error() -> None:
    program = (
        "import sys; from edge_agent.decode import run; "
        "run('victron-vedirect', sys.stdin.buffer, sys.stdout, sys.stderr)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as decoding:
        assert decoding.stdin
        assert decoding.stdout
        assert decoding.stderr
        decoding.stdout.close()
        decoding.stdin.write(text_block(CHARGER) * 100)
        decoding.stdin.close()
        said = decoding.stderr.read()
    assert said.startswith(b"good=")
    assert b"Traceback" not in said
    assert decoding.returncode == 0
