"""A solar charge controller that talks VE.Direct text and HEX; knows its senses, but no plant and no UTC."""

from __future__ import annotations

import struct
from collections.abc import Callable

from firmware_sim.devices.mppt_history import MW_MS_PER_10_WH, Day, History, Sense
from firmware_sim.devices.vedirect_hex import (
    FRAME_ERROR,
    Answer,
    Command,
    Flags,
    HexCutter,
    Message,
    build_message,
    register_payload,
)
from firmware_sim.devices.vedirect_text import build_block
from firmware_sim.seeds import generator
from firmware_sim.states import State, integer, items, part

PRODUCT_ID = 0xA05F
FIRMWARE = 161
TEXT_PAUSE_MS = 3_000
"""A valid HEX request silences the text for this long."""
BLOCK_EVERY_MS = 1_000
_ASYNC_HISTORY_EVERY_MS = 3_600_000
_NIGHT = Sense(12_500, 0, 10, 0, 0, 0, load_on=True, stage=0, limited=False)
_NO_INPUT = 0x00000001  # bit of OR, the reason for being off
_HISTORY_TOTAL, _HISTORY_DAY, _HISTORY_DAYS = 0x104F, 0x1050, 31
_STATE_REGISTER = 0x0201


class VictronMppt:
    """One controller. It lives on the battery, so it keeps running when the load output is off."""

    def __init__(self, serial_number: str, seed: int, current_limit_a: int = 20) -> None:
        self.serial_number = serial_number
        self.current_limit_a = current_limit_a
        self.history = History()
        self.sense = _NIGHT
        self._seed = seed
        self._cutter = HexCutter()
        self._asyncs: list[bytes] = []
        self._since_block_ms = 0
        self._since_history_ms = 0
        self._text_pause_ms = 0
        self._blocks = 0

    def run(self, duration_ms: int, sense: Sense) -> bytes:
        """Measures for a while; returns what it printed: at most one block, even when the step is a minute."""
        if sense.stage != self.sense.stage:
            self._announce(_STATE_REGISTER, struct.pack("<B", sense.stage))
        self.sense = sense
        self._since_history_ms += duration_ms
        if self.history.run(sense, duration_ms) or self._since_history_ms >= _ASYNC_HISTORY_EVERY_MS:
            self._since_history_ms = 0
            self._announce(_HISTORY_DAY, self.history.days[0].record())
            self._announce(_HISTORY_TOTAL, self.history.total_record())
        self._text_pause_ms = max(0, self._text_pause_ms - duration_ms)
        self._since_block_ms += duration_ms
        if self._since_block_ms < BLOCK_EVERY_MS or self._text_pause_ms:
            return b""
        self._since_block_ms = 0
        self._blocks += 1
        return self._cut_in(build_block(self.fields()))

    def receive(self, received: bytes) -> bytes:
        """Answers HEX requests."""
        answers = []
        for message in self._cutter.feed(received):
            if message.valid:
                self._text_pause_ms = TEXT_PAUSE_MS
            answers.append(self._answer(message) if message.valid else FRAME_ERROR)
        return b"".join(answers)

    def fields(self) -> list[tuple[str, str]]:
        """The text fields in the order in which this controller prints them."""
        sense, today = self.sense, self.history.days[0]
        yesterday = self.history.days[1] if len(self.history.days) > 1 else Day(0)
        tracker = 0 if sense.stage == 0 else 1 if sense.limited else 2
        return [
            ("PID", f"0x{PRODUCT_ID:04X}"),
            ("FW", str(FIRMWARE)),
            ("SER#", self.serial_number),
            ("V", str(sense.battery_mv // 10 * 10)),
            ("I", str(_nearest_100(sense.battery_ma))),
            ("VPV", str(sense.panel_mv // 10 * 10)),
            ("PPV", str((sense.panel_mw + 500) // 1000)),
            ("CS", str(sense.stage)),
            ("MPPT", str(tracker)),
            ("OR", f"0x{_NO_INPUT if sense.stage == 0 else 0:08X}"),
            ("ERR", "0"),
            ("LOAD", "ON" if sense.load_on else "OFF"),
            ("IL", str(_nearest_100(sense.load_ma))),
            ("H19", str(self.history.user_mw_ms // MW_MS_PER_10_WH)),
            ("H20", str(today.panel_mw_ms // MW_MS_PER_10_WH)),
            ("H21", str(today.panel_mw_max // 1000)),
            ("H22", str(yesterday.panel_mw_ms // MW_MS_PER_10_WH)),
            ("H23", str(yesterday.panel_mw_max // 1000)),
            ("HSDS", str(today.number)),
        ]

    def _announce(self, register: int, value: bytes) -> None:
        self._asyncs.append(build_message(Answer.ASYNC, register_payload(register, Flags.OK, value)))
        del self._asyncs[:-8]

    def _cut_in(self, block: bytes) -> bytes:
        """Puts waiting spontaneous messages anywhere before or inside the block, but never between the last TAB and the
        checksum byte: there a colon would be the checksum."""
        if not self._asyncs:
            return block
        at = generator(self._seed, "async", self._blocks).randrange(len(block) - 1)
        messages = b"".join(self._asyncs)
        self._asyncs.clear()
        return block[:at] + messages + block[at:]

    def _answer(self, message: Message) -> bytes:
        match message.command:
            case Command.PING:
                return build_message(Answer.PING, _firmware_version())
            case Command.APP_VERSION:
                return build_message(Answer.DONE, _firmware_version())
            case Command.PRODUCT_ID:
                return build_message(Answer.DONE, struct.pack("<H", PRODUCT_ID))
            case Command.RESTART:
                return b""
            case Command.GET | Command.SET if len(message.payload) >= 3:
                return self._answer_register(message.command, struct.unpack_from("<H", message.payload)[0])
            case Command.GET | Command.SET:
                return FRAME_ERROR
            case _:
                return build_message(Answer.UNKNOWN, bytes((message.command,)))

    def _answer_register(self, command: int, register: int) -> bytes:
        value = self._register(register)
        if value is None:
            return build_message(command, register_payload(register, Flags.UNKNOWN_ID))
        if command == Command.SET:  # nothing of a simulated controller can be set
            return build_message(command, register_payload(register, Flags.NOT_SUPPORTED, value))
        return build_message(command, register_payload(register, Flags.OK, value))

    def _register(self, register: int) -> bytes | None:
        if register in _REGISTERS:
            layout, find = _REGISTERS[register]
            return struct.pack(layout, find(self))
        if register == _HISTORY_TOTAL:
            return self.history.total_record()
        day = register - _HISTORY_DAY
        if 0 <= day < len(self.history.days):
            return self.history.days[day].record()
        if 0 <= day < _HISTORY_DAYS:  # a day that never was
            return b"\xff" * 34
        return None

    def to_state(self) -> State:
        return {
            "history": self.history.to_state(),
            "sense": list(self.sense),
            "asyncs": [message.decode("ascii") for message in self._asyncs],
            "since_block_ms": self._since_block_ms,
            "since_history_ms": self._since_history_ms,
            "text_pause_ms": self._text_pause_ms,
            "blocks": self._blocks,
        }

    def load_state(self, state: State) -> None:
        self.history.load_state(part(state, "history"))
        self.sense = Sense(*items(state, "sense"))
        self._asyncs = [message.encode("ascii") for message in items(state, "asyncs")]
        self._since_block_ms = integer(state, "since_block_ms")
        self._since_history_ms = integer(state, "since_history_ms")
        self._text_pause_ms = integer(state, "text_pause_ms")
        self._blocks = integer(state, "blocks")


def _nearest_100(milliamperes: int) -> int:
    return (milliamperes + 50) // 100 * 100


def _firmware_version() -> bytes:
    """1.61 is 0x4161: the digits as they are read, with the vendor's mark for a release."""
    return struct.pack("<H", 0x4000 | int(str(FIRMWARE), 16))


# Registers that answer one number: (struct format, how to find it in the device). Units by the vendor's tables.
_REGISTERS: dict[int, tuple[str, Callable[[VictronMppt], int]]] = {
    0x0200: ("<B", lambda _: 1),  # mode: charger on
    _STATE_REGISTER: ("<B", lambda mppt: mppt.sense.stage),
    0xEDBB: ("<H", lambda mppt: mppt.sense.panel_mv // 10),
    0xEDBC: ("<I", lambda mppt: mppt.sense.panel_mw // 10),
    0xEDD5: ("<H", lambda mppt: mppt.sense.battery_mv // 10),
    0xEDD7: ("<H", lambda mppt: max(0, mppt.sense.battery_ma + mppt.sense.load_ma) // 100),
    0xEDDB: ("<h", lambda _: 3_500),
    0xEDAD: ("<H", lambda mppt: mppt.sense.load_ma // 100),
    0xEDA8: ("<B", lambda mppt: int(mppt.sense.load_on)),
    0xEDD3: ("<H", lambda mppt: mppt.history.days[0].panel_mw_ms // MW_MS_PER_10_WH),
    0xEDDC: ("<I", lambda mppt: mppt.history.user_mw_ms // MW_MS_PER_10_WH),
    0xEDDD: ("<I", lambda mppt: mppt.history.system_mw_ms // MW_MS_PER_10_WH),
    0xEDF0: ("<H", lambda mppt: mppt.current_limit_a * 10),
}
