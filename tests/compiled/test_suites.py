"""The tests of the compiled packages hold on the compiled copy, and plain and compiled read all bytes alike."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.wire.block import Block, encode_block
from tests.compiled.outcomes import READERS, ask, outcome
from tests.kiosk.wire.strategies import blocks, damaged
from tests.vectors.wire import examples
from tools.compiled import ROOT, SUFFIX, environment

SUITES = (
    "tests/compiled/test_imported.py",
    "tests/kiosk/test_reading.py",
    "tests/kiosk/test_time.py",
    "tests/kiosk/wire",
    "tests/ingest",
    "tests/store/test_dated_blocks.py",
    "tests/store/test_influxdb_readings.py",
    "tests/store/test_ledger_projection.py",
    "tests/store/test_sql_readings.py",
)
"""Those that call a compiled module."""

LEFT_OUT = {
    "tests/kiosk/wire/test_records.py::test_no_section_cut_short_is_read": "takes long, and what it reads is plain",
}
"""Tests that prove nothing on the copy, and why."""

SUITES_WAIT_S = 900


@pytest.mark.slow
@pytest.mark.serial
def test_the_suites_hold_on_the_compiled_copy(copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITES]
        + [f"--deselect={name}" for name in LEFT_OUT],
        cwd=ROOT,
        env=environment(copy),
        capture_output=True,
        text=True,
        timeout=SUITES_WAIT_S,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"on {copy}:\n{done.stdout[-8000:]}{done.stderr[-2000:]}", pytrace=False)


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_is_there(name: str) -> None:
    file, _, function = name.partition("::")
    assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reader(copy: Path) -> Iterator[subprocess.Popen[str]]:
    """A process whose codec is compiled."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.compiled.outcomes"],
        env=environment(copy),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout is not None
        assert started.stdout.readline().endswith(f"{SUFFIX}\n")
        yield started


def read_by(reader: subprocess.Popen[str], what: str, octets: bytes, positions: int) -> str:
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write(ask(what, octets, positions))
    reader.stdin.flush()
    told: str = json.loads(reader.stdout.readline())
    return told


GOOD = {what: [example.octets for example in examples.FILES[what]()] for what in READERS}


@settings(max_examples=1500, deadline=None)
@given(data=st.data())
def test_damaged_bytes_come_to_the_same_columns_or_the_same_refusal(
    reader: subprocess.Popen[str], data: st.DataObject
) -> None:
    what = data.draw(st.sampled_from([*READERS, "blocks", "blocks"]))
    octets, positions = data.draw(damaged(GOOD[what])), data.draw(st.integers(1, 16))
    assert read_by(reader, what, octets, positions) == outcome(what, octets, positions)


@settings(max_examples=200, deadline=None)
@given(drawn=blocks(), coding=st.none() | st.integers(0, 2))
def test_a_block_is_read_and_written_alike(
    reader: subprocess.Popen[str], drawn: tuple[Block, int], coding: int | None
) -> None:
    octets = encode_block(*drawn, coding)
    assert read_by(reader, "blocks", octets, drawn[1]) == outcome("blocks", octets, drawn[1])
