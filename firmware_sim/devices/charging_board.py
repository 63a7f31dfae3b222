"""The charging board of docs/charging-board.md: buttons, ports, meter, resending; knows no tariff and no UTC."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from firmware_sim.devices.board_frames import LineCutter, build_line
from firmware_sim.devices.board_queue import CAPACITY, BoardQueue, Waiting
from firmware_sim.seeds import generator
from firmware_sim.states import State, flag, integer, items, part, text

FIRMWARE = "1.0.0"
RESEND_EVERY_MS = 2_000
METER_EVERY_MS = 10_000
LAMP_MS = 3_000
DEBOUNCE_MS = 1_000
_MW_MS_PER_WH = 3_600_000_000
_MW_MS_PER_MWH = 3_600_000


@dataclass(slots=True)
class Session:
    """One port in use."""

    number: int
    power_mw: int
    since_ms: int


class ChargingBoard:
    """One board. All `at_ms` come from one clock that never goes back; the board itself only uses differences."""

    def __init__(self, board_id: str, ports: int, buttons: int, seed: int, *, unattended: bool = False) -> None:
        self.board_id = board_id
        self.boot_id = ""
        self.powered = False
        self.presses_not_taken = 0
        self.sessions_total = 0
        self.ignored = 0
        """Frames with a right CRC that mean nothing to the board."""
        self.queue = BoardQueue()
        self._ports, self._buttons, self._seed = ports, buttons, seed
        self._unattended = unattended
        """Nobody will ever acknowledge (the line is not connected): what was sent counts as acknowledged."""
        self._boots = 0
        self._energy_mw_ms = 0
        self._energy_to_ms = 0
        self._restart(0)

    def _restart(self, at_ms: int) -> None:
        self._up_ms = self._meter_ms = self._energy_to_ms = at_ms
        self._seq = self._press_number = self._session_number = 0
        self._hello_due = False
        self._sessions: dict[int, Session] = {}
        self._pressed_ms: dict[int, int] = {}
        self._yellow: dict[int, int] = {}
        self._flash: dict[int, tuple[str, int]] = {}
        self._cutter = LineCutter()

    def power_up(self, at_ms: int) -> None:
        """A new boot id; numbers and seq start again."""
        self._restart(at_ms)
        self._boots += 1
        self.boot_id = generator(self._seed, "boot", self.board_id, self._boots).randbytes(8).hex()
        self.powered = self._hello_due = True

    def power_down(self, at_ms: int) -> None:
        """Sessions end with what was saved; the queue keeps the names."""
        for port in list(self._sessions):
            self.plug_out(at_ms, port)
        self._count_energy(at_ms)
        self.queue.power_lost()
        self.powered = False

    def press(self, at_ms: int, button: int) -> bool:
        """Whether a new press was taken; button 0 is `A`."""
        if not self.powered or at_ms - self._pressed_ms.get(button, -DEBOUNCE_MS) < DEBOUNCE_MS:
            return False
        self._pressed_ms[button] = at_ms
        if self.queue.full_of_presses:
            self.presses_not_taken += 1
            return False
        self._press_number += 1
        letter = chr(ord("A") + button)
        self.queue.add(Waiting("PRESS", self.boot_id, self._press_number, [letter], at_ms))
        self._yellow[self._press_number] = button
        if len(self._yellow) > CAPACITY:  # an agent that acknowledges but never says DONE must not fill the memory
            del self._yellow[next(iter(self._yellow))]
        return True

    def plug_in(self, at_ms: int, port: int, power_mw: int) -> None:
        """Something draws `power_mw` from a port (1 is the first) from now on."""
        self._count_energy(at_ms)
        self._session_number += 1
        self.sessions_total += 1
        self._sessions[port] = Session(self._session_number, power_mw, at_ms)
        self.queue.add(Waiting("OPEN", self.boot_id, self._session_number, [port], at_ms))

    def plug_out(self, at_ms: int, port: int) -> None:
        self._count_energy(at_ms)
        session = self._sessions.pop(port)
        duration_ms = at_ms - session.since_ms
        energy_mwh = (session.power_mw * duration_ms + _MW_MS_PER_MWH // 2) // _MW_MS_PER_MWH
        fields: list[str | int] = [port, duration_ms // 1000, energy_mwh]
        self.queue.add(Waiting("CLOSE", self.boot_id, session.number, fields, at_ms))

    def lamp(self, button: int, at_ms: int) -> str:
        """`red`: no press can be taken; `green`, `blinking red`: the last answer; `yellow`: waiting for one; `off`."""
        if self.queue.full_of_presses and button in self._pressed_ms:
            return "red"
        colour, since_ms = self._flash.get(button, ("off", at_ms - LAMP_MS))
        if at_ms - since_ms < LAMP_MS:
            return colour
        return "yellow" if button in self._yellow.values() else "off"

    def run(self, at_ms: int) -> bytes:
        """What the board sends up to now: HELLO after a power-up, what waits and is due, METER when due."""
        if not self.powered:
            return b""
        lines = [self._hello(at_ms)] if self._hello_due else []
        due = (f for f in self.queue if f.seq is None or at_ms - f.sent_ms >= RESEND_EVERY_MS)
        lines.extend(self._send(frame, at_ms) for frame in due)
        if at_ms - self._meter_ms >= METER_EVERY_MS:
            self._meter_ms = at_ms - (at_ms - self._up_ms) % METER_EVERY_MS
            lines.append(self._meter(at_ms))
        if self._unattended:
            for frame in list(self.queue):
                self._acknowledge(frame.kind, frame.boot_id, frame.number)
        return b"".join(lines)

    def receive(self, at_ms: int, received: bytes) -> bytes:
        """Takes the agent's frames; returns the answer to `HELLO?`."""
        if not self.powered:
            return b""
        answers = b""
        for line in self._cutter.feed(received):
            match line[1:]:
                case ["HELLO?", *_]:
                    answers += self._hello(at_ms)
                case ["ACK", _, ("PRESS" | "OPEN" | "CLOSE") as kind, boot_id, number, *_] if number.isdecimal():
                    self.queue.remove(kind, boot_id, int(number))
                case ["DONE", boot_id, number, *_] if number.isdecimal():
                    self._answered(boot_id, int(number), "green", at_ms)
                case ["REFUSED", boot_id, number, _, *_] if number.isdecimal():
                    self._answered(boot_id, int(number), "blinking red", at_ms)
                case _:
                    self.ignored += 1
        return answers

    @property
    def bad_lines(self) -> int:
        """Broken lines since this power-up."""
        return self._cutter.bad_lines

    def energy_total_mw_ms(self, at_ms: int) -> int:
        """Delivered by the whole shelf, lifetime."""
        self._count_energy(at_ms)
        return self._energy_mw_ms

    def _count_energy(self, at_ms: int) -> None:
        power_mw = sum(session.power_mw for session in self._sessions.values())
        self._energy_mw_ms += power_mw * (at_ms - self._energy_to_ms)
        self._energy_to_ms = at_ms

    def _answered(self, boot_id: str, number: int, colour: str, at_ms: int) -> None:
        self._acknowledge("PRESS", boot_id, number)
        # A press of an earlier power-up lights no lamp: the customer has gone.
        if boot_id == self.boot_id and number in self._yellow:
            self._flash[self._yellow.pop(number)] = (colour, at_ms)

    def _acknowledge(self, kind: str, boot_id: str, number: int) -> None:
        self.queue.remove(kind, boot_id, number)

    def _next_seq(self) -> int:
        seq = self._seq
        self._seq = (seq + 1) & 0xFFFF
        return seq

    def _hello(self, at_ms: int) -> bytes:
        self._hello_due = False
        identity = (self.board_id, self.boot_id, FIRMWARE, self._ports, self._buttons)
        return build_line(self._next_seq(), "HELLO", *identity, at_ms - self._up_ms, len(self.queue))

    def _send(self, frame: Waiting, at_ms: int) -> bytes:
        if frame.seq is None:
            frame.seq = self._next_seq()
        frame.sent_ms = at_ms
        age_ms = -1 if frame.happened_ms is None else at_ms - frame.happened_ms
        return build_line(frame.seq, frame.kind, frame.boot_id, frame.number, *frame.fields, age_ms)

    def _meter(self, at_ms: int) -> bytes:
        energy_wh = self.energy_total_mw_ms(at_ms) // _MW_MS_PER_WH
        power_mw = sum(session.power_mw for session in self._sessions.values())
        in_use = sum(1 << (port - 1) for port in self._sessions)
        counts = (self.sessions_total, self.presses_not_taken, self.queue.frames_dropped, len(self.queue))
        return build_line(self._next_seq(), "METER", self.boot_id, energy_wh, power_mw, f"{in_use:x}", *counts)

    _COUNTERS = (
        "presses_not_taken", "sessions_total", "ignored", "_boots", "_energy_mw_ms", "_energy_to_ms",
        "_up_ms", "_meter_ms", "_seq", "_press_number", "_session_number",
    )  # fmt: skip

    def to_state(self) -> State:
        return {
            "boot_id": self.boot_id,
            "powered": self.powered,
            "hello_due": self._hello_due,
            "queue": self.queue.to_state(),
            "sessions": [[port, asdict(session)] for port, session in self._sessions.items()],
            "pressed_ms": list(self._pressed_ms.items()),
            "yellow": list(self._yellow.items()),
            "flash": [[button, *flash] for button, flash in self._flash.items()],
            "counters": {name: getattr(self, name) for name in self._COUNTERS},
        }

    def load_state(self, state: State) -> None:
        self.boot_id = text(state, "boot_id")
        self.powered = flag(state, "powered")
        self._hello_due = flag(state, "hello_due")
        self.queue.load_state(part(state, "queue"))
        self._sessions = {port: Session(**session) for port, session in items(state, "sessions")}
        self._pressed_ms = dict(items(state, "pressed_ms"))
        self._yellow = dict(items(state, "yellow"))
        self._flash = {button: (colour, since_ms) for button, colour, since_ms in items(state, "flash")}
        counters = part(state, "counters")
        for name in self._COUNTERS:
            setattr(self, name, integer(counters, name))
