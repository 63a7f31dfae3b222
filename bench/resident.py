"""What a process takes as the kernel counts it: resident memory by mapping, processor time; names no process."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_RANGE = re.compile(r"^[0-9a-f]+-[0-9a-f]+ ")
_SIZE = re.compile(r"^(\w+): +(\d+) kB$")
_USER_TICKS, _SYSTEM_TICKS = 11, 12
"""Fields of /proc/<pid>/stat after the name in brackets."""
KINDS: tuple[tuple[str, str], ...] = (
    ("python interpreter", r"/python3[\d.]*$|libpython"),
    ("OpenSSL of Python's ssl", r"libssl|libcrypto|_ssl\.|_hashlib\."),
    ("cryptography, its own OpenSSL in it", r"/cryptography/|_cffi_backend"),
    ("SQLite", r"sqlite"),
    ("C library and loader", r"/libc[.-]|/libm[.-]|/ld-|/libpthread|/libdl"),
    ("locale, time zones", r"/locale/|zoneinfo|gconv"),
    ("other libraries", r"\.so"),
    ("heap (malloc)", r"^\[heap\]$"),
    ("stacks", r"^\[stack"),
    ("shared memory of the WAL", r"-shm$"),
)


@dataclass(frozen=True, slots=True)
class Memory:
    """In KiB of resident pages."""

    rss: int
    pss: int
    """Pages that several processes share are divided among them."""
    private: int
    """Dirty and this process's own: what would be free without it."""
    peak: int
    """Highest RSS of its life."""


def memory_of(pid: int) -> Memory:
    """From /proc/<pid>/smaps_rollup and status."""
    sizes = _sizes(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"))
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return Memory(sizes["Rss"], sizes["Pss"], sizes["Private_Dirty"], int(peak.group(1)) if peak else 0)


def mappings_of(pid: int) -> Counter[str]:
    """KiB of RSS by kind of mapping."""
    found: Counter[str] = Counter()
    kind = ""
    for line in Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8").splitlines():
        if _RANGE.match(line):
            kind = _kind(line.split(maxsplit=5)[5] if len(line.split(maxsplit=5)) > 5 else "")
        elif (size := _SIZE.match(line)) and size.group(1) == "Rss":
            found[kind] += int(size.group(2))
    return +found


def processor_s(pid: int) -> float:
    """User and system time of all its threads since its start."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / os.sysconf("SC_CLK_TCK")


def _kind(name: str) -> str:
    if not name:
        return "Python's objects and other private memory"
    return next((kind for kind, pattern in KINDS if re.search(pattern, name)), "other")


def _sizes(text: str) -> Mapping[str, int]:
    return {found.group(1): int(found.group(2)) for line in text.splitlines() if (found := _SIZE.match(line))}
