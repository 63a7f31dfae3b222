"""Keeps the site's devices open and read, each on its own: one that is lost disturbs no other.

Knows drivers and lines only by their protocols; stores nothing and reads no clock.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_agent.drivers.base import Driver, Event
from edge_agent.transports.base import LineError, Transport
from kiosk.reading import Reading
from kiosk.wire.schema import DeviceSchema, Schema

BACK_OFF_FIRST_MS = 1_000
BACK_OFF_MAX_MS = 60_000
LOG_EVERY_MS = 600_000
"""A device that comes and goes is written to the log at most once in this time; in between it is counted."""


@dataclass(frozen=True, slots=True)
class PolledDevice:
    """A device of the configuration with its driver on its line."""

    name: str
    driver: Driver
    transport: Transport


@dataclass(slots=True)
class _Watch:
    """What is known of one device."""

    device: PolledDevice
    is_open: bool = False
    opened_ms: int = 0
    next_try_ms: int = 0
    back_off_ms: int = BACK_OFF_FIRST_MS
    reading: Reading | None = None
    """The newest, None once it is stale."""
    reading_ms: int | None = None
    """When the newest one came, also after it became stale."""
    serial: str = ""
    new_serial: str = ""
    """Another serial number that the newest reading said, not believed before it is said twice."""
    trouble: str = ""
    """What is wrong and what to check, "" while readings come."""
    trouble_logged: bool = False
    does_not_open: bool = False
    answer_failed: LineError | None = None
    next_log_ms: int | None = None
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("lost", "silent", "open_failed"), 0))


class Poller:
    """All devices of a site."""

    def __init__(self, devices: Sequence[PolledDevice], log: logging.Logger) -> None:
        self._watches = {device.name: _Watch(device) for device in devices}
        if len(self._watches) != len(devices):
            raise ValueError("two devices have the same name")
        self._log = log
        self._schema: Schema | None = None

    def pump(self, now_ms: int) -> list[tuple[str, Event]]:
        """Open what is due, take what has arrived; returns (device name, event), oldest first for each device."""
        events: list[tuple[str, Event]] = []
        for name, watch in self._watches.items():
            self._turn(watch, now_ms)
            events += [(name, event) for event in watch.device.driver.events()]
        return events

    def sample(self, now_ms: int) -> list[Reading]:
        """The newest reading of each device that is not stale; implausible values are still in it."""
        for watch in self._watches.values():
            self._turn(watch, now_ms)
        return [watch.reading for watch in self._watches.values() if watch.reading is not None]

    def answer(self, device: str, event: Event, accepted: bool, reason: str = "") -> None:
        """Pass an answer to the device; one that is lost right now asks again when it is back, and is answered then."""
        watch = self._watches[device]
        try:
            watch.device.driver.answer(event, accepted, reason)
        except LineError as error:
            watch.answer_failed = error

    def schema(self) -> Schema:
        """The positions of rows, for readings sampled until now; another serial number makes another schema."""
        if self._schema is None:
            self._schema = Schema(
                tuple(
                    DeviceSchema(name, watch.device.driver.driver_name, watch.serial, watch.device.driver.metrics)
                    for name, watch in self._watches.items()
                )
            )
        return self._schema

    def filenos(self) -> list[int]:
        """What to wait on for the next bytes; lines without a file need a turn now and then."""
        files = [watch.device.transport.fileno() for watch in self._watches.values() if watch.is_open]
        return [file for file in files if file is not None]

    def status(self, now_ms: int) -> list[dict[str, object]]:
        """For a technician: each device's state, the age of its last reading, what to check, and counts."""
        return [
            {
                "name": name,
                "driver": watch.device.driver.driver_name,
                "serial": watch.serial,
                "state": _state(watch),
                "check": watch.trouble,
                "last_reading_age_s": None if watch.reading_ms is None else (now_ms - watch.reading_ms) // 1000,
                "next_try_s": None if watch.is_open else max(0, watch.next_try_ms - now_ms) // 1000,
                "counters": watch.device.driver.counters() | watch.counts,
            }
            for name, watch in self._watches.items()
        ]

    def close(self) -> None:
        """Give all lines back."""
        for watch in self._watches.values():
            watch.device.transport.close()
            watch.is_open = False

    def _turn(self, watch: _Watch, now_ms: int) -> None:
        try:
            if not watch.is_open:
                watch.reading = None
                if now_ms < watch.next_try_ms:
                    return
                self._open(watch, now_ms)
            reading = watch.device.driver.read(now_ms)
            if watch.answer_failed is not None:
                raise watch.answer_failed
        except LineError as error:
            self._lose(watch, now_ms, error)
            return
        if reading is None:
            self._wait(watch, now_ms)
        elif reading is not watch.reading:
            self._found(watch, reading, now_ms)

    def _open(self, watch: _Watch, now_ms: int) -> None:
        watch.does_not_open = True
        watch.device.transport.open()
        watch.is_open, watch.does_not_open = True, False
        watch.opened_ms = now_ms
        watch.device.driver.opened(now_ms)

    def _lose(self, watch: _Watch, now_ms: int, error: LineError) -> None:
        """The line is gone or does not open: again after a pause that doubles until the device is read once more."""
        watch.counts["lost" if watch.is_open else "open_failed"] += 1
        watch.answer_failed = None
        watch.device.transport.close()
        watch.is_open = False
        watch.reading = None
        watch.next_try_ms = now_ms + watch.back_off_ms
        watch.back_off_ms = min(watch.back_off_ms * 2, BACK_OFF_MAX_MS)
        self._report(watch, now_ms, str(error))

    def _wait(self, watch: _Watch, now_ms: int) -> None:
        """The line is there, but nothing complete came on it."""
        newest_ms = max(watch.opened_ms, watch.reading_ms or 0)
        watch.reading = None
        if now_ms - newest_ms <= watch.device.driver.stale_ms:
            return
        if not watch.trouble:
            watch.counts["silent"] += 1
        counters = ", ".join(f"{name} {count}" for name, count in watch.device.driver.counters().items())
        self._report(
            watch,
            now_ms,
            f"nothing was understood for {(now_ms - newest_ms) // 1000} s ({counters}): check the device's power, the "
            "wiring, and that driver and speed are the device's",
        )

    def _report(self, watch: _Watch, now_ms: int, trouble: str) -> None:
        watch.trouble = trouble
        if watch.trouble_logged or (watch.next_log_ms is not None and now_ms < watch.next_log_ms):
            return
        watch.trouble_logged = True
        watch.next_log_ms = now_ms + LOG_EVERY_MS
        self._log.warning("%s: lost: %s", watch.device.name, trouble)

    def _found(self, watch: _Watch, reading: Reading, now_ms: int) -> None:
        if watch.trouble_logged:
            self._log.info("%s: found again (%s)", watch.device.name, _counted(watch.counts))
        watch.trouble, watch.trouble_logged = "", False
        watch.back_off_ms = BACK_OFF_FIRST_MS
        watch.reading, watch.reading_ms = reading, now_ms
        if reading.serial and self._is_believed(watch, reading.serial):
            if watch.serial:
                self._log.warning(
                    "%s: serial number is now %s, was %s: another device on this line; its readings get a new schema",
                    watch.device.name,
                    reading.serial,
                    watch.serial,
                )
            watch.serial = reading.serial
            self._schema = None

    @staticmethod
    def _is_believed(watch: _Watch, serial: str) -> bool:
        """Whether the device is another one. An 8-bit checksum lets a disturbed block through once in 256."""
        if serial == watch.serial:
            watch.new_serial = ""
            return False
        if watch.serial and serial != watch.new_serial:
            watch.new_serial = serial
            return False
        watch.new_serial = ""
        return True


def _state(watch: _Watch) -> str:
    if not watch.is_open:
        return "backing off" if watch.does_not_open else "lost"
    return "silent" if watch.trouble else "ok" if watch.reading is not None else "waiting"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count} times" for name, count in counts.items() if count)
