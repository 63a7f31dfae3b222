"""What the kernel says of processes: who descends from whom, and who still lives."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_STATE, _PARENT, _STARTED = 0, 1, 19
"""Fields of /proc/<pid>/stat after the name in brackets."""


@dataclass(frozen=True)
class Process:
    """One process; a later one may bear its number, but has not begun with it."""

    pid: int
    parent: int
    started: str
    words: str
    """Its command line."""

    @property
    def lives(self) -> bool:
        """Whether it still runs; one that has ended and that nobody has asked for does not."""
        fields = _fields(self.pid)
        return fields is not None and fields[_STARTED] == self.started and fields[_STATE] != "Z"


def descendants(ancestor: int) -> list[Process]:
    """Children, their children, and so on."""
    known = {found.pid: found for each in Path("/proc").glob("[0-9]*") if (found := _look(int(each.name)))}
    family = {ancestor}
    while more := {pid for pid, found in known.items() if found.parent in family} - family:
        family |= more
    return [known[pid] for pid in sorted(family - {ancestor}) if pid in known]


def _look(pid: int) -> Process | None:
    fields = _fields(pid)
    if fields is None:
        return None
    words = ""
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    return Process(pid, int(fields[_PARENT]), fields[_STARTED], words)


def _fields(pid: int) -> list[str] | None:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return None
