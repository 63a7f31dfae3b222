"""A Daly battery management on its UART: thirteen bytes in, thirteen bytes out, or several times thirteen."""

from __future__ import annotations

from firmware_sim.devices.around import AroundPack
from firmware_sim.devices.battery_pack import CELLS, BatteryPack

_LENGTH = 13
_BMS = 0x01
_ZERO_CURRENT = 30_000
_IDLE, _CHARGE, _DISCHARGE = 0, 1, 2
_IDLE_BELOW_MA = 300


class DalyBms:
    """One BMS. `charge_is_above_zero`: boards differ in whether charging raises the raw current or lowers it."""

    def __init__(self, *, charge_is_above_zero: bool = False, sensors: int = 1) -> None:
        self.pack = BatteryPack()
        self._sign = 1 if charge_is_above_zero else -1
        self._sensors = sensors
        self._life = 0
        self._received = b""

    def run(self, duration_ms: int, around: AroundPack) -> bytes:
        """Senses; says nothing unasked."""
        self.pack.run(duration_ms, around)
        self._life = (self._life + 1) % 256
        return b""

    def receive(self, received: bytes) -> bytes:
        """Answers each request with a right sum; anything else is passed over."""
        self._received = (self._received + received)[-256:]
        answers = b""
        while len(self._received) >= _LENGTH:
            request = self._received[:_LENGTH]
            if request[0] == 0xA5 and request[1] in (0x40, 0x80) and sum(request[:12]) % 256 == request[12]:
                answers += b"".join(_frame(request[2], content) for content in self._contents(request[2]))
                self._received = self._received[_LENGTH:]
            else:
                self._received = self._received[1:]
        return answers

    def _contents(self, command: int) -> list[bytes]:
        """The eight bytes of each frame of the answer; none for what this BMS does not know."""
        pack = self.pack
        cells = pack.cells_mv()
        match command:
            case 0x90:
                raw_current = _ZERO_CURRENT + self._sign * round(pack.current_ma / 100)
                return [_words(pack.pack_mv // 100, 0, raw_current, round(pack.soc * 1000))]
            case 0x91:
                high, low = max(cells), min(cells)
                highest, lowest = bytes((cells.index(high) + 1,)), bytes((cells.index(low) + 1, 0, 0))
                return [_words(high) + highest + _words(low) + lowest]
            case 0x92:
                warmest = round(pack.celsius) + 40
                return [bytes((warmest + self._sensors - 1, self._sensors, warmest, 1, 0, 0, 0, 0))]
            case 0x93:
                head = bytes((self._state(), pack.charge_on, pack.discharge_on, self._life))
                return [head + pack.remaining_mah.to_bytes(4, "big")]
            case 0x94:
                return [bytes((CELLS, self._sensors, 0, 0, 0)) + _words(pack.cycles) + b"\x00"]
            case 0x95:
                padded = [*cells, *[0] * (-CELLS % 3)]
                return [
                    bytes((number + 1,)) + _words(*padded[number * 3 : number * 3 + 3]) + b"\x00"
                    for number in range(len(padded) // 3)
                ]
            case 0x96:
                degrees = [round(pack.celsius) + 40 + sensor for sensor in range(self._sensors)]
                return [
                    bytes((number // 7 + 1, *degrees[number : number + 7])).ljust(8, b"\x00")
                    for number in range(0, self._sensors, 7)
                ]
            case 0x98:
                return [bytes(8)]
            case _:
                return []

    def _state(self) -> int:
        if abs(self.pack.current_ma) < _IDLE_BELOW_MA:
            return _IDLE
        return _CHARGE if self.pack.current_ma > 0 else _DISCHARGE


def _words(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(2, "big") for number in numbers)


def _frame(command: int, content: bytes) -> bytes:
    raw = bytes((0xA5, _BMS, command, len(content))) + content
    return raw + bytes((sum(raw) % 256,))
