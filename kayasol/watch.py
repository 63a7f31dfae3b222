"""Tells a person and a health check what a process waits for: one log line a change, one small file a part.

Knows nothing of what is watched: a probe answers "" or what is missing, in words that say what to do.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from kiosk.errors import ConfigError

BEAT_S = 2.0
STALE_S = 30.0
"""A file older than this belongs to a process that hangs or has ended."""

Probe = Callable[[], str]

log = logging.getLogger("kayasol")


class Watch:
    """Looks at everything that one part needs, again and again."""

    def __init__(self, file: Path, probes: Mapping[str, Probe]) -> None:
        self._file = file
        self._probes = dict(probes)
        self._missing: dict[str, str] = {}

    def look(self) -> dict[str, str]:
        """Ask each probe once, say what has changed, write the file; what is missing."""
        missing = {name: told for name, probe in self._probes.items() if (told := probe())}
        for name, told in missing.items():
            if name not in self._missing:
                log.warning("waiting: %s", told)
        for name in self._missing:
            if name not in missing:
                log.info("%s: answers again", name)
        self._missing = missing
        self._write(missing)
        return missing

    def run(self, stop: threading.Event) -> None:
        """Look until `stop`, then take the file away."""
        try:
            while not stop.wait(BEAT_S):
                self.look()
        finally:
            self._file.unlink(missing_ok=True)

    def _write(self, missing: Mapping[str, str]) -> None:
        draft = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(missing), encoding="utf-8")
            draft.replace(self._file)
        except OSError as error:
            # A full disk must not stop money; the health check sees an old file and says so.
            log.warning("%s cannot be written: %s", self._file, error.strerror)


def ill(folder: Path, part: str, now_s: Callable[[], float] = time.time) -> list[str]:
    """What is wrong with a part by the files that it wrote; empty: nothing. `now_s` is UTC seconds."""
    files = sorted(folder.glob(f"{part}*.json"))
    if not files:
        return [f"{part} does not run: no {part}.json in {folder}"]
    faults: list[str] = []
    for file in files:
        try:
            age_s = now_s() - file.stat().st_mtime
            missing = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            faults.append(f"{file}: {error}")
            continue
        if age_s > STALE_S:
            faults.append(f"{file.stem} has not moved for {age_s:.0f} s: look at its log, then start it again")
        faults += [f"{file.stem} waits: {told}" for told in missing.values()]
    return faults


def require_part(part: str, parts: tuple[str, ...]) -> None:
    """Raise ConfigError for a part that is none."""
    if part not in parts:
        raise ConfigError(f"'{part}' is no part of the server; choose one of {', '.join(parts)}")
