"""The machine's clocks as the agent asks them, and what the machine says of itself. Judges nothing."""

from __future__ import annotations

import ctypes
import hashlib
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_STA_UNSYNC = 0x0040
_TIME_ERROR = 5
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_BOARD_SERIAL = Path("/proc/device-tree/serial-number")
_CARDS = "/sys/block/mmcblk*/device/cid"
_THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
_FACT_MAX_BYTES = 4096


class SystemClock:
    """CLOCK_BOOTTIME, which counts through suspend, and the system's belief about UTC."""

    def monotonic_ms(self) -> int:
        """Milliseconds since the machine started."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def wall_utc_ms(self) -> int:
        """The system's UTC in milliseconds; years off where nothing has set it."""
        return time.time_ns() // 1_000_000


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as it is read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def kernel_sync_error_ms() -> int | None:
    """The largest error of a clock that a time service keeps synchronised, in milliseconds; None if none does."""
    with suppress(OSError, AttributeError):
        timex = _Timex()
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
        if state in range(_TIME_ERROR) and not timex.status & _STA_UNSYNC:
            return max(1, int(timex.maxerror) // 1000)
    return None


@dataclass(frozen=True)
class Machine:
    """What the machine is, as far as it tells; "" is unknown. Injected, so that a test can swap a card."""

    boot_id: str = ""
    """The operating system's own boot id: equal in two lives of the agent if the machine did not restart."""
    card: str = ""
    """SHA-256 of the memory card's serial number."""
    board: str = ""
    """SHA-256 of the computer's serial number."""
    state: Path | None = field(default=None)
    """Whose disk's free space is measured; None measures nothing."""

    @classmethod
    def of_this_computer(cls, state: Path) -> Machine:
        """Read from the kernel."""
        cards = sorted(Path("/").glob(_CARDS.removeprefix("/")))
        return cls(
            boot_id=_fact(_BOOT_ID),
            card=_digest(_fact(cards[0])) if cards else "",
            board=_digest(_fact(_BOARD_SERIAL)),
            state=state,
        )

    def free_disk_mb(self) -> int | None:
        """Megabytes free on the state folder's disk."""
        if self.state is None:
            return None
        with suppress(OSError):
            return shutil.disk_usage(self.state).free // 1_000_000
        return None

    def temperature_dc(self) -> int | None:
        """The processor's temperature in tenths of a degree Celsius."""
        if self.state is None:
            return None
        with suppress(ValueError):
            return int(_fact(_THERMAL)) // 100
        return None


def _fact(path: Path) -> str:
    with suppress(OSError), path.open("rb") as file:
        return file.read(_FACT_MAX_BYTES).decode("ascii", "replace").strip().strip("\0")
    return ""


def _digest(fact: str) -> str:
    return hashlib.sha256(fact.encode()).hexdigest() if fact else ""
