"""Clouds, dust and air temperature of the Kaya region by month; a pure function of seed and instant, knows no panel."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import NamedTuple

from firmware_sim.seeds import generator

_MS_PER_DAY = 86_400_000
_NODE_MS = 300_000
_NODES = _MS_PER_DAY // _NODE_MS + 1

# By month, January first. Temperatures are usual monthly minimum and maximum of Kaya in deg C.
_COLDEST_C = (16.0, 19.0, 23.0, 27.0, 27.0, 25.0, 24.0, 23.0, 23.0, 23.0, 20.0, 17.0)
_HOTTEST_C = (33.0, 36.0, 39.0, 40.0, 39.0, 36.0, 33.0, 32.0, 33.0, 37.0, 36.0, 33.0)
_CLOUDINESS = (0.10, 0.12, 0.20, 0.28, 0.32, 0.38, 0.48, 0.55, 0.42, 0.22, 0.10, 0.10)
_LINKE = (5.4, 5.5, 5.9, 6.2, 6.2, 6.4, 6.6, 6.4, 6.6, 6.0, 5.4, 4.6)
_HARMATTAN_MONTHS = frozenset({11, 12, 1, 2, 3})
_RAINY_MONTHS = frozenset({6, 7, 8, 9})
_WASH_EVERY_DAYS = 30
_SOILING_PER_DAY = 0.004


class Sky(NamedTuple):
    """What the weather does at one instant."""

    beam_share: float
    """Share of the clear-sky beam that comes through, 0..1."""
    diffuse_share: float
    """Factor on the clear-sky diffuse light; above 1 under thin cloud."""
    linke_turbidity: float
    air_c: float
    clean_share: float
    """Share of the light that the dust on the glass lets through, 0..1."""


class _DayPlan(NamedTuple):
    linke: float
    coldest_c: float
    hottest_c: float
    clean_share: float
    cloud: tuple[float, ...]
    """Cloud cover 0..1 every five minutes from midnight to midnight."""


class Weather:
    """Each day is drawn on its own from the seed, so any instant can be asked for at once."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._day = -1
        self._plan: _DayPlan | None = None

    def at(self, utc_ms: int) -> Sky:
        day, ms = divmod(utc_ms, _MS_PER_DAY)
        if self._plan is None or day != self._day:
            self._plan, self._day = self._draw(day), day
        plan = self._plan
        node, rest = divmod(ms, _NODE_MS)
        left = plan.cloud[node]
        cover = left + (plan.cloud[node + 1] - left) * rest / _NODE_MS
        # Coldest near six, hottest near fifteen hours: a cosine centred on 15 h is close enough.
        warmth = 0.5 + 0.5 * math.cos((ms / 3_600_000.0 - 15.0) * math.pi / 12.0)
        return Sky(
            beam_share=(1.0 - cover) ** 1.5,
            diffuse_share=1.0 + 0.5 * cover - 1.1 * cover * cover,
            linke_turbidity=plan.linke,
            air_c=plan.coldest_c + (plan.hottest_c - plan.coldest_c) * warmth,
            clean_share=plan.clean_share,
        )

    def _draw(self, day: int) -> _DayPlan:
        draw = generator(self._seed, "weather", day)
        month = datetime.fromtimestamp(day * 86_400, UTC).month
        linke = _LINKE[month - 1] + draw.uniform(-0.4, 0.4)
        # Dust comes in spells of some days, so a spell is drawn for a block of four.
        if month in _HARMATTAN_MONTHS and generator(self._seed, "dust", day // 4).random() < 0.25:
            linke += draw.uniform(2.0, 4.0)
        shift_c = draw.gauss(0.0, 1.2)
        rainy = month in _RAINY_MONTHS
        since_wash_days = (day + self._seed) % _WASH_EVERY_DAYS
        clean = 0.99 if rainy else 1.0 - _SOILING_PER_DAY * since_wash_days
        return _DayPlan(
            linke,
            _COLDEST_C[month - 1] + shift_c,
            _HOTTEST_C[month - 1] + shift_c,
            clean,
            self._draw_clouds(day, _CLOUDINESS[month - 1]),
        )

    def _draw_clouds(self, day: int, cloudiness: float) -> tuple[float, ...]:
        draw = generator(self._seed, "clouds", day)
        mean = min(0.95, draw.expovariate(1.0 / cloudiness))
        cover, nodes = mean, []
        for _ in range(_NODES):
            cover += 0.12 * (mean - cover) + draw.gauss(0.0, 0.35 * mean)
            nodes.append(min(0.97, max(0.0, cover)))
        return tuple(nodes)
