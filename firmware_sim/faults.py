"""What goes wrong at a kiosk and when, as frozen facts; must not know how a device shows it."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_sim.seeds import generator


@dataclass(frozen=True, slots=True)
class Fault:
    """Holds for start <= now < end."""

    start_utc_ms: int
    end_utc_ms: int

    def holds(self, at_utc_ms: int) -> bool:
        return self.start_utc_ms <= at_utc_ms < self.end_utc_ms


@dataclass(frozen=True, slots=True)
class Silence(Fault):
    """A plug works loose: nothing passes on this device's line, in either direction. The device itself goes on."""

    device: str


@dataclass(frozen=True, slots=True)
class Garbage(Fault):
    """Noise on this device's line: bits flip and bytes appear, at this mean number of hits per 1000 bytes."""

    device: str
    hits_per_1000: float


@dataclass(frozen=True, slots=True)
class BadChecksum(Fault):
    """One byte of every transmission of this device is wrong."""

    device: str


@dataclass(frozen=True, slots=True)
class CounterReset(Fault):
    """Somebody clears the charge controller's history at the start: H19 drops to 0."""


@dataclass(frozen=True, slots=True)
class StuckDayCounter(Fault):
    """The charge controller's day counters neither count nor roll over."""


@dataclass(frozen=True, slots=True)
class WrongClock(Fault):
    """The Pi's clock is off by this much (+ = it is ahead)."""

    offset_ms: int


@dataclass(frozen=True, slots=True)
class PowerCut(Fault):
    """The Pi, the board and the shelf are without power although the load output is on."""


@dataclass(frozen=True, slots=True)
class LinkOutage(Fault):
    """No network."""


@dataclass(frozen=True, slots=True)
class PanelDisconnected(Fault):
    """No sun reaches the charge controller."""


class FaultSchedule:
    """All faults of a run."""

    def __init__(self, faults: tuple[Fault, ...], seed: int) -> None:
        self.faults = faults
        self._seed = seed

    def any(self, kind: type[Fault], at_utc_ms: int) -> bool:
        return any(isinstance(fault, kind) and fault.holds(at_utc_ms) for fault in self.faults)

    def began(self, kind: type[Fault], after_utc_ms: int, until_utc_ms: int) -> bool:
        """Whether one of this kind began with after <= start < until."""
        return any(
            isinstance(fault, kind) and after_utc_ms <= fault.start_utc_ms < until_utc_ms for fault in self.faults
        )

    def clock_offset_ms(self, at_utc_ms: int) -> int:
        return sum(fault.offset_ms for fault in self.faults if isinstance(fault, WrongClock) and fault.holds(at_utc_ms))

    def silent(self, device: str, at_utc_ms: int) -> bool:
        return any(isinstance(f, Silence) and f.device == device and f.holds(at_utc_ms) for f in self.faults)

    def spoil(self, device: str, at_utc_ms: int, sent: bytes) -> bytes:
        """What arrives of `sent`; the same instant and bytes are always spoilt alike."""
        if not sent or self.silent(device, at_utc_ms):
            return b""
        for fault in self.faults:
            if isinstance(fault, Garbage) and fault.device == device and fault.holds(at_utc_ms):
                sent = self._add_noise(sent, at_utc_ms, fault.hits_per_1000)
            elif isinstance(fault, BadChecksum) and fault.device == device and fault.holds(at_utc_ms):
                middle = len(sent) // 2
                sent = sent[:middle] + bytes((sent[middle] ^ 0x01,)) + sent[middle + 1 :]
        return sent

    def _add_noise(self, sent: bytes, at_utc_ms: int, hits_per_1000: float) -> bytes:
        draw = generator(self._seed, "noise", at_utc_ms)
        noisy = bytearray()
        for byte in sent:
            hit = draw.random() * 1000.0 < hits_per_1000
            if hit and draw.random() < 0.5:
                noisy += draw.randbytes(draw.randrange(1, 6))
            noisy.append(byte ^ (1 << draw.randrange(8)) if hit else byte)
        return bytes(noisy)
