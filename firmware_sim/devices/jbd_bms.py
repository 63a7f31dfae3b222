"""A JBD battery management on its UART; answers reads, refuses writes, and sleeps when nobody speaks to it."""

from __future__ import annotations

from collections.abc import Callable

from firmware_sim.devices.around import AroundPack
from firmware_sim.devices.battery_pack import CELLS, BatteryPack

_SLEEP_AFTER_MS = 60_000
_OK, _REFUSED = 0x00, 0x80
_KELVIN_TENTHS = 2731


class JbdBms:
    """One BMS. `sleeps`: after a minute without a question the next one only wakes it."""

    model = b"JBD-SP04S028-L4S-150A-B"
    made = (2023, 5, 17)

    def __init__(self, *, sleeps: bool = False, sensors_announced: int = 2, sensors: int = 2) -> None:
        self.pack = BatteryPack()
        self._sleeps = sleeps
        self._announced, self._sensors = sensors_announced, sensors
        self._silence_ms = 0
        self._received = b""

    def run(self, duration_ms: int, around: AroundPack) -> bytes:
        """Senses; says nothing unasked."""
        self.pack.run(duration_ms, around)
        self._silence_ms += duration_ms
        return b""

    def receive(self, received: bytes) -> bytes:
        """Answers each whole request; anything else is passed over."""
        asleep = self._sleeps and self._silence_ms > _SLEEP_AFTER_MS
        self._silence_ms = 0
        self._received = (self._received + received)[-512:]
        if asleep:
            self._received = b""
            return b""
        answers = b""
        while True:
            start = self._received.find(0xDD)
            if start < 0 or len(self._received) < start + 7:
                return answers
            length = self._received[start + 3]
            request = self._received[start : start + 7 + length]
            if len(request) < 7 + length:
                return answers
            if request[-1] == 0x77 and _check(request[2:-3]) == request[-3:-1]:
                answers += self._answer(request)
                self._received = self._received[start + len(request) :]
            else:
                self._received = self._received[start + 1 :]

    def _answer(self, request: bytes) -> bytes:
        direction, register = request[1], request[2]
        registers: dict[int, Callable[[], bytes]] = {
            0x03: self._basic,
            0x04: lambda: b"".join(millivolts.to_bytes(2, "big") for millivolts in self.pack.cells_mv()),
            0x05: lambda: self.model,
            0xAA: self._error_counts,
        }
        if direction != 0xA5 or register not in registers:
            return _frame(register, _REFUSED, b"")
        return _frame(register, _OK, registers[register]())

    def _basic(self) -> bytes:
        pack = self.pack
        year, month, day = self.made
        numbers = [
            pack.pack_mv // 10,
            round(pack.current_ma / 10) & 0xFFFF,
            pack.remaining_mah // 10,
            pack.capacity_mah // 10,
            pack.cycles,
            (year - 2000) << 9 | month << 5 | day,
            0,
            0,
            (0 if pack.charge_on else 0b01) | (0 if pack.discharge_on else 0b10),
        ]
        head = b"".join(number.to_bytes(2, "big") for number in numbers)
        switches = pack.charge_on | pack.discharge_on << 1
        head += bytes((0x21, round(pack.soc * 100), switches, CELLS, self._announced))
        kelvins = [round(pack.celsius * 10) + _KELVIN_TENTHS + 3 * sensor for sensor in range(self._sensors)]
        return head + b"".join(kelvin.to_bytes(2, "big") for kelvin in kelvins)

    def _error_counts(self) -> bytes:
        counts = [0, 0, 0, self.pack.overvoltages, self.pack.undervoltages, 0, 0, 0, 0, 0, 0, 0]
        return b"".join(count.to_bytes(2, "big") for count in counts)


def _frame(register: int, status: int, content: bytes) -> bytes:
    counted = bytes((status, len(content))) + content
    return bytes((0xDD, register)) + counted + _check(counted) + b"\x77"


def _check(counted: bytes) -> bytes:
    total = 0x10000
    for byte in counted:
        total -= byte
    return (total & 0xFFFF).to_bytes(2, "big")
