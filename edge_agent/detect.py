"""`kayasol-edge detect`: what is on a serial port. Listens first, then asks by reads only; knows no device's framing.

A port on which something speaks by itself is never written to: not to a charger, and not between a master and its
devices.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TextIO

from edge_agent.clock import SystemClock
from edge_agent.probes import FAST_BAUD, PROBES, SLOW_BAUD, VEDIRECT_BAUD, Finding, Probe, heard
from edge_agent.transports.base import LineError, Transport
from edge_agent.transports.serial_line import SerialLine

LISTEN_MS = {VEDIRECT_BAUD: 3_500, FAST_BAUD: 11_000, SLOW_BAUD: 3_000}
"""By speed, in this order: a Victron device speaks each second and would be noise at the other speeds, the charging
board every ten."""
PATIENCE_MS = 500
"""For each answer; a BMS takes some 100 ms, a controller less."""
SLICE_MS = 50
NOISE_BYTES = 16
"""An open RS-485 pair may bring a few bytes; more than that is somebody speaking: three requests of a master are 24."""
KEPT_MAX = 65_536

FOUND, NOTHING_FOUND, NOT_OPENED = 0, 1, 2
"""Exit codes of the command."""

_NAMES = {"charging-board": "shelf", "victron-bmv": "battery", "jbd": "battery", "daly": "battery"}
"""Suggested device names; meters are "meter", all others "mppt"."""


class Pace(Protocol):
    """Time as a detection needs it."""

    def monotonic_ms(self) -> int:
        """Milliseconds that only grow."""

    def wait_ms(self, duration_ms: int) -> None:
        """Let so much time pass."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is to say of a port."""

    port: str
    found: tuple[Finding, ...]
    remarks: tuple[str, ...]
    """For a person: what was odd, and what to check."""


class _Port:
    """One port, opened at one speed after the other."""

    def __init__(self, port: str, open_line: Callable[[str, int], Transport], pace: Pace) -> None:
        self.found: list[Finding] = []
        self.remarks: list[str] = []
        self._name, self._open_line, self._pace = port, open_line, pace
        self._garbled: list[str] = []
        """Questions that something answered, but nothing sound."""
        self._echoes = False

    def listen(self) -> bool:
        """Whether somebody speaks here: then nothing may be written."""
        noise: list[str] = []
        for baud, duration_ms in LISTEN_MS.items():
            line = self._opened(baud)
            try:
                raw = self._collect(line, duration_ms, lambda _raw: False)
            finally:
                line.close()
            self.found += heard(baud, raw)
            if self.found:
                self._say_who_speaks()
                return True
            if len(raw) > NOISE_BYTES:
                noise.append(f"{len(raw)} bytes at {baud}")
        if noise:
            self.remarks.append(
                f"something speaks ({', '.join(noise)} baud), and none of it is understood: another speed or another "
                "device, a bad contact, RS-485 A and B exchanged, or two devices speaking at once. Nothing was asked"
            )
        return bool(noise)

    def ask(self) -> None:
        """Put every question, also after a device was found: there may be two."""
        for baud in dict.fromkeys(probe.baud for probe in PROBES):
            line = self._opened(baud)
            try:
                for probe in PROBES:
                    if probe.baud == baud and not self._is_known(probe):
                        self._put(probe, line)
            finally:
                line.close()
        self._drop_unknown()
        self._remark_on_asking()

    def _put(self, probe: Probe, line: Transport) -> None:
        got = b""
        for _try in range(probe.tries):
            line.read()  # a late answer to the question before
            line.write(probe.request)
            raw = self._collect(line, PATIENCE_MS, lambda raw: probe.judge(raw) is not None)
            finding = probe.judge(raw)
            if finding is not None:
                self.found.append(finding)
                return
            if probe.request in raw:
                self._echoes = True
                raw = raw.replace(probe.request, b"")
            got += raw
        if got:
            self._garbled.append(probe.name)

    def _collect(self, line: Transport, duration_ms: int, enough: Callable[[bytes], bool]) -> bytes:
        raw = b""
        end_ms = self._pace.monotonic_ms() + duration_ms
        while not enough(raw) and self._pace.monotonic_ms() < end_ms:
            self._pace.wait_ms(SLICE_MS)
            raw = (raw + line.read())[-KEPT_MAX:]
        return raw

    def _opened(self, baud: int) -> Transport:
        line = self._open_line(self._name, baud)
        line.open()
        return line

    def _is_known(self, probe: Probe) -> bool:
        return any(each.driver in probe.drivers and each.address == probe.address for each in self.found)

    def _drop_unknown(self) -> None:
        """A device that refused one question and was recognised by another is one device."""
        known = {(each.baud, each.address) for each in self.found if each.driver}
        self.found = list(dict.fromkeys(e for e in self.found if e.driver or (e.baud, e.address) not in known))

    def _say_who_speaks(self) -> None:
        if any(each.is_asked for each in self.found):
            self.remarks.append(
                "another program or controller asks here already: take it off the line, or leave the port to it. "
                "Nothing was asked"
            )

    def _remark_on_asking(self) -> None:
        if len(self.found) > 1:
            self.remarks.append(
                f"{len(self.found)} devices answer on this port: Modbus devices may share it, each with its own "
                "address; a BMS needs a port of its own"
            )
        if self._garbled:
            self.remarks.append(
                f"something answered, but nothing sound (asked for: {', '.join(self._garbled)}): two devices with the "
                "same address, noise, or a device of another kind"
            )
        if self._echoes:
            self.remarks.append("the line gives back what is written to it; the drivers can live with that")
        if not self.found and not self._garbled:
            self.remarks.append(
                "silence: check the device's power, that TX goes to RX (RS-485: A to A), and that it is the right "
                "port; a sleeping BMS wakes when current flows"
            )


def detect(port: str, open_line: Callable[[str, int], Transport], pace: Pace) -> Findings:
    """Listen at each speed, then, if nobody speaks, ask. Takes some 25 s. Raises LineError if the port cannot be used.

    `open_line` makes a line for (port, baud) that is not open yet.
    """
    at = _Port(port, open_line, pace)
    if not at.listen():
        at.ask()
    return Findings(port, tuple(at.found), tuple(at.remarks))


class _RealPace:
    """The machine's own time."""

    def monotonic_ms(self) -> int:
        return SystemClock().monotonic_ms()

    def wait_ms(self, duration_ms: int) -> None:
        time.sleep(duration_ms / 1000)


def run(
    arguments: Sequence[str],
    stdout: TextIO,
    open_line: Callable[[str, int], Transport] = SerialLine,
    pace: Pace | None = None,
) -> int:
    """Detect on each port named, and say it; returns the exit code, the worst of them."""
    code = FOUND
    for port in arguments:
        try:
            findings = detect(port, open_line, pace or _RealPace())
        except LineError as error:
            stdout.write(f"{port}: {error}; is the agent stopped?\n")
            code = max(code, NOT_OPENED)
            continue
        stdout.write(report(findings))
        stdout.flush()
        if not findings.found:
            code = max(code, NOTHING_FOUND)
    return code


def report(findings: Findings) -> str:
    """What a technician reads: each device, what to write into the configuration, and what to check."""
    lines = [] if findings.found else [f"{findings.port}: no device recognised"]
    for each in findings.found:
        lines.append(f"{findings.port}: {each.driver or 'no driver'} at {each.baud} baud: {each.what}")
        if each.driver:
            name = "meter" if each.driver.startswith("pzem") else _NAMES.get(each.driver, "mppt")
            keys = {"name": f'"{name}"', "driver": f'"{each.driver}"', "port": f'"{findings.port}"'}
            keys |= {"address": str(each.address)} if each.address != 1 else {}
            lines += ["    [[device]]", *(f"    {key} = {value}" for key, value in keys.items())]
    lines += [f"{findings.port}: {remark}" for remark in findings.remarks]
    return "".join(f"{line}\n" for line in lines)
