"""A kiosk's whole life beside its own books: what the office made of each day, what was true, and every power cut."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from figures.day import DayFigures
from kiosk.time import DAY_MS, day_of
from store import boots, days
from tests.end_to_end.village import Bridge, Server, found_village, new_life

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SLOT_MS = 900_000
SEED = 1


@dataclass(frozen=True)
class LivedDay:
    """One civil day, judged and true."""

    figures: DayFigures
    truth: Mapping[str, Any]
    """firmware_sim.truth: Wh, whole minutes, francs."""
    cuts: int
    """How often the Pi's power went."""
    reachable: Mapping[int, int]
    """Minutes with power and network by quarter hour, as UTC ms of its start."""


@dataclass(frozen=True)
class LivedSite:
    """One site."""

    code: str
    whole: tuple[LivedDay, ...]
    """The days that were lived from midnight to midnight."""
    last: LivedDay
    """The day that goes on."""
    sources: tuple[str, ...]
    """By what each life of the agent is dated, in order."""


@dataclass
class _Chronicle:
    """What is seen of a kiosk minute by minute, by nobody who is judged."""

    cuts: Counter[str] = field(default_factory=Counter)
    reachable: Counter[int] = field(default_factory=Counter)
    powered: bool = True

    def minute(self, now_ms: int, *, powered: bool, network: bool) -> None:
        began_ms = now_ms - MINUTE_MS
        self.cuts[day_of(began_ms)] += self.powered and not powered
        self.powered = powered
        self.reachable[began_ms - began_ms % SLOT_MS] += powered and network

    def of(self, day: str) -> dict[int, int]:
        return {slot: minutes for slot, minutes in self.reachable.items() if day_of(slot) == day}


def live(code: str, root: Path, start_ms: int, days_lived: int) -> LivedSite:
    """Live that many days and an hour, and on until there is power; then hand over what waits, and have it judged."""
    logging.disable(logging.WARNING)
    places = found_village(root, start_ms)
    now = [start_ms]
    server = Server(places, lambda: now[0])
    bridge = Bridge(server)
    life = new_life(places, code, start_ms, SEED, bridge)
    chronicle = _Chronicle()
    end_ms = start_ms + days_lived * DAY_MS + HOUR_MS
    while now[0] < end_ms or life.agent is None:
        # What arrives within a minute arrives at its end.
        now[0] += MINUTE_MS
        life.run(now[0], lambda _: None)
        chronicle.minute(now[0], powered=life.kiosk.powered, network=life.kiosk.network_up)
    bridge.settle(life.agent, up=True)
    if not life.kiosk.network_up:
        chronicle.reachable[now[0] - now[0] % SLOT_MS] += SLOT_MS // MINUTE_MS
    server.finish_days()
    life.stop()
    truth = json.loads(life.kiosk.truth.to_json())
    with server.store.read() as connection:
        stored = days.between(connection, code, day_of(start_ms), day_of(now[0]))
        known = sorted(boots.of_site(connection, code), key=lambda each: each.boot_number)
    server.store.close()
    figures = [DayFigures.from_json(each.figures) for each in stored]
    lived = [LivedDay(f, truth[f.day], chronicle.cuts[f.day], chronicle.of(f.day)) for f in figures]
    sources = tuple("none" if each.fix is None else each.fix.source for each in known)
    return LivedSite(code, tuple(lived[:days_lived]), lived[days_lived], sources)
