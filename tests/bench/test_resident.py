"""The kernel's count of a process, against what the process itself does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench.resident import mappings_of, memory_of, processor_s

HOLDS_32_MB = "held = bytearray(32_000_000); print('held', flush=True); input()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    words = [sys.executable, "-c", HOLDS_32_MB]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_what_a_process_holds_is_resident_private_and_in_its_peak(child: subprocess.Popen[bytes]) -> None:
    memory = memory_of(child.pid)
    assert 32_000_000 <= memory.private * 1024 <= memory.rss * 1024 <= 64_000_000
    assert memory.rss <= memory.peak


def test_the_mappings_add_up_to_the_whole_and_name_what_holds_it(child: subprocess.Popen[bytes]) -> None:
    mappings = mappings_of(child.pid)
    # Two looks at a living process.
    assert sum(mappings.values()) == pytest.approx(memory_of(child.pid).rss, rel=0.02)
    assert mappings["Python's objects and other private memory"] * 1024 >= 32_000_000
    assert "python interpreter" in mappings


def test_processor_time_only_grows(child: subprocess.Popen[bytes]) -> None:
    before = processor_s(child.pid)
    assert 0 <= before <= processor_s(child.pid)
