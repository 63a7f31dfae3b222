"""The poller: each device on its own, lost once and found once in the log, and back-off by an injected clock."""

from __future__ import annotations

import logging
import random
import tracemalloc

import pytest

from edge_agent.drivers.base import Event, Press
from edge_agent.drivers.charging_board import ChargingBoard
from edge_agent.drivers.victron_vedirect import VictronVeDirect
from edge_agent.poller import BACK_OFF_MAX_MS, LOG_EVERY_MS, PolledDevice, Poller
from edge_agent.transports.board_line import frame_bytes
from tests.edge_agent.lines import HeldLine
from tests.edge_agent.transports.vedirect_stream import CHARGER, text_block

BLOCK = text_block(CHARGER)
BOOT = "9f3c21d07a5be846"
LOG = logging.getLogger("test.poller")


class Site:
    """A charger and a charging board under one poller, and a clock in seconds."""

    def __init__(self) -> None:
        self.mppt, self.shelf = HeldLine(), HeldLine()
        self.events: list[tuple[str, Event]] = []
        self.poller = Poller(
            [
                PolledDevice("mppt", VictronVeDirect("mppt", self.mppt), self.mppt),
                PolledDevice("shelf", ChargingBoard("shelf", self.shelf), self.shelf),
            ],
            LOG,
        )

    def second(self, at_s: float, mppt: bytes = b"", shelf: bytes = b"") -> list[str]:
        """One turn at `at_s`; the names of the devices that have a reading."""
        self.mppt.arrived += mppt
        self.shelf.arrived += shelf
        self.events += self.poller.pump(round(at_s * 1000))
        return [reading.device for reading in self.poller.sample(round(at_s * 1000))]

    def status(self, device: str, at_s: float = 0) -> dict[str, object]:
        return next(row for row in self.poller.status(round(at_s * 1000)) if row["name"] == device)


def hello(seq: int = 0) -> bytes:
    return frame_bytes(seq, "HELLO", ("4b41594130303031", BOOT, "1.0.0", 10, 4, 0, 0))


def meter(seq: int = 1) -> bytes:
    return frame_bytes(seq, "METER", (BOOT, 10, 0, "0", 1, 0, 0, 0))


def lines_about(caplog: pytest.LogCaptureFixture, device: str) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith(f"{device}: ")]


@pytest.fixture(autouse=True)
def _all_levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger=LOG.name)


def test_devices_are_opened_and_sampled() -> None:
    site = Site()
    assert site.second(1, BLOCK, hello() + meter()) == ["mppt", "shelf"]
    assert (site.mppt.opened, site.shelf.opened) == (1, 1)
    assert site.status("mppt", 3)["state"] == "ok"
    assert site.status("mppt", 3)["last_reading_age_s"] == 2


def test_a_silent_device_is_left_out_and_disturbs_no_other() -> None:
    site = Site()
    site.second(1, BLOCK, hello() + meter())
    assert site.second(12, b"", meter(2)) == ["shelf"]
    assert site.status("mppt")["state"] == "silent"
    assert site.status("shelf")["state"] == "ok"


def test_a_silent_device_is_logged_once_and_found_once(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    site.second(1, BLOCK)
    for at_s in range(2, 3_000):
        site.second(at_s)
    site.second(3_000, BLOCK)
    site.second(3_001, BLOCK)
    lost, found = lines_about(caplog, "mppt")
    assert f"bytes {len(BLOCK)}, good 1, bad 0" in lost
    assert "check the device's power" in lost
    assert "found again" in found
    assert "silent 1 times" in found


def test_a_lost_line_is_opened_again_after_1_2_4_and_at_most_60_seconds() -> None:
    site = Site()
    site.mppt.plugged = False
    tries = []
    for at_s in range(400):
        before = site.mppt.opened
        site.second(at_s)
        if site.mppt.opened > before:
            tries.append(at_s)
    assert tries == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]
    assert site.status("mppt", 399)["state"] == "backing off"
    assert site.status("mppt", 399)["next_try_s"] == 24
    assert site.status("mppt", 399)["check"] == "the cable is out: plug it in"


def test_back_off_begins_anew_only_after_a_reading() -> None:
    site = Site()
    site.mppt.plugged = False
    for at_s in range(64):
        site.second(at_s)
    site.mppt.plugged = True
    for at_s in range(64, 124):
        site.second(at_s)
    site.mppt.plugged = False
    site.second(124)
    assert site.status("mppt", 124)["next_try_s"] == BACK_OFF_MAX_MS // 1000
    site.mppt.plugged = True
    site.second(184, BLOCK)
    site.mppt.plugged = False
    site.second(185)
    assert site.status("mppt", 185)["next_try_s"] == 1


def test_an_unplugged_and_replugged_device_is_logged_once_and_found_once(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    site.second(1, BLOCK)
    site.mppt.plugged = False
    for at_s in range(2, 300):
        assert site.second(at_s) == []
    site.mppt.plugged = True
    assert site.second(400, BLOCK) == ["mppt"]
    lost, found = lines_about(caplog, "mppt")
    assert "plug it in" in lost
    assert "found again" in found


def test_a_device_that_comes_and_goes_does_not_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    for at_s in range(1, 3_600):
        site.mppt.plugged = at_s % 20 < 10
        site.second(at_s, BLOCK if at_s % 20 < 10 else b"")
    pairs = 3_600_000 // LOG_EVERY_MS
    assert 2 <= len(lines_about(caplog, "mppt")) <= 2 * pairs
    counters = site.status("mppt")["counters"]
    assert isinstance(counters, dict)
    assert counters["lost"] > 100


def test_hours_of_garbage_are_bounded_counted_and_quiet(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    noise = random.Random(1)
    garbage = [b"\r\n" + noise.randbytes(1_000) + b"\r\nChecksum\t\x00" for _ in range(50)]
    site.second(1, BLOCK, hello() + meter())
    tracemalloc.start()
    for at_s in range(2, 4 * 3_600, 2):
        site.second(at_s, garbage[at_s % 50], garbage[at_s % 49])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 300_000
    assert len(caplog.records) == 2
    counters = site.status("mppt")["counters"]
    assert isinstance(counters, dict)
    assert counters["bad"] > 1_000
    assert site.second(4 * 3_600, BLOCK, hello() + meter()) == ["mppt", "shelf"]


def test_events_are_told_with_their_device_and_answered_through_the_poller() -> None:
    site = Site()
    site.second(1, shelf=hello())
    site.shelf.arrived = frame_bytes(1, "PRESS", (BOOT, 1, "A", 0))
    site.shelf.written = b""
    ((device, press),) = site.poller.pump(2_000)
    assert (device, type(press)) == ("shelf", Press)
    assert site.shelf.written == b""
    site.poller.answer(device, press, accepted=True)
    assert b",DONE," in site.shelf.written
    assert site.poller.pump(2_100) == []


def test_an_answer_to_a_lost_board_is_no_error_and_opens_the_line_again() -> None:
    site = Site()
    site.second(1, shelf=hello() + frame_bytes(1, "PRESS", (BOOT, 1, "A", 0)))
    ((device, press),) = site.events
    site.shelf.plugged = False
    site.poller.answer(device, press, accepted=True)
    site.second(2)
    site.shelf.plugged = True
    site.shelf.written = b""
    site.second(4, shelf=hello() + frame_bytes(2, "PRESS", (BOOT, 1, "A", 3000)))
    assert b",DONE," in site.shelf.written


def test_another_serial_number_is_logged_and_makes_another_schema(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    unknown = site.poller.schema()
    site.second(1, BLOCK)
    first = site.poller.schema()
    other = text_block((label, "HQ9999ZZZZZ" if label == "SER#" else value) for label, value in CHARGER)
    site.second(2, other)
    assert site.poller.schema() is first
    site.second(3, other)
    second = site.poller.schema()
    assert [schema.devices[0].serial for schema in (unknown, first, second)] == ["", "HQ2132ABCDE", "HQ9999ZZZZZ"]
    assert len({unknown.hash, first.hash, second.hash}) == 3
    assert first.columns == second.columns
    (line,) = lines_about(caplog, "mppt")
    assert "HQ9999ZZZZZ" in line
    assert "HQ2132ABCDE" in line


def test_a_serial_number_that_was_said_once_is_a_disturbed_block(caplog: pytest.LogCaptureFixture) -> None:
    """Blocks that a disturbed line let through, each wrong in its own way, between right ones."""
    site = Site()
    site.second(1, BLOCK)
    before = site.poller.schema()
    for at_s, serial in enumerate(("HQ0132ABCDE", "HQ2132ABCDE", "HQ0132ABCDE", "HQ2132ABCDF", "HQ2132ABCDE"), start=2):
        site.second(at_s, text_block((label, serial if label == "SER#" else value) for label, value in CHARGER))
        assert site.poller.schema() is before
    assert lines_about(caplog, "mppt") == []


def test_the_schema_stays_the_same_while_the_devices_do() -> None:
    site = Site()
    site.second(1, BLOCK, hello() + meter())
    before = site.poller.schema()
    site.second(30)
    site.second(60, BLOCK, meter(2))
    assert site.poller.schema() is before


def test_closing_gives_the_lines_back() -> None:
    site = Site()
    site.second(1, BLOCK)
    site.poller.close()
    assert not site.mppt.is_open
    assert not site.shelf.is_open


def test_two_devices_of_one_name_are_refused() -> None:
    line = HeldLine()
    device = PolledDevice("mppt", VictronVeDirect("mppt", line), line)
    with pytest.raises(ValueError, match="same name"):
        Poller([device, device], LOG)
