"""What the machine says of itself."""

from __future__ import annotations

from pathlib import Path

from edge_agent.clock import Machine, SystemClock, kernel_sync_error_ms


def test_the_monotonic_clock_does_not_fall() -> None:
    clock = SystemClock()
    instants = [clock.monotonic_ms() for _ in range(100)]
    assert instants == sorted(instants)


def test_the_kernel_is_asked_without_harm() -> None:
    error_ms = kernel_sync_error_ms()
    assert error_ms is None or error_ms >= 1


def test_this_computer_has_a_boot_id_and_a_disk(tmp_path: Path) -> None:
    machine = Machine.of_this_computer(tmp_path)
    assert len(machine.boot_id) == 36
    free_mb = machine.free_disk_mb()
    assert free_mb is not None
    assert free_mb > 0


def test_a_machine_that_is_nothing_measures_nothing() -> None:
    assert Machine().free_disk_mb() is None
    assert Machine().temperature_dc() is None
