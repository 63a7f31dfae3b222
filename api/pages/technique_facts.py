"""Everything that the technician's page of one site draws, read at once. Words and drawings are technique_page's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from api.deps import Rooms
from figures.day import DayFigures
from figures.facts import Parameters
from kiosk.reading import OWN_DEVICES
from kiosk.time import DAY_MS, day_of, day_start_ms
from kiosk.wire.schema import DeviceSchema
from office import parameters
from office.overview import SitePage, recent_figures
from store import blocks, boots, status
from store.boots import Boot
from store.readings.base import Bucket, Channel
from store.status import SiteStatus

Span = Literal[7, 30, 90]
SPANS: tuple[Span, ...] = (7, 30, 90)
_HOUR_MS = 3_600_000
STEPS_MS: Mapping[Span, int] = {7: _HOUR_MS, 30: 4 * _HOUR_MS, 90: 12 * _HOUR_MS}
"""About 180 points a chart: what a drawing 320 units wide can show."""

METRICS = (
    "battery_voltage_v",
    "battery_current_a",
    "pv_power_w",
    "load_power_w",
    "shelf_power_w",
    "battery_temperature_c",
    "charger_temperature_c",
    "agent_temperature_c",
    "link_latency_ms",
    "link_loss_percent",
)
"""Those drawn over time, in the page's order."""
BOOTS_MAX = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of one device over the span."""

    channel: Channel
    buckets: tuple[Bucket, ...]
    """By steps from the span's start; those without values are absent."""


@dataclass(frozen=True, slots=True)
class TechniqueFacts:
    """A site as of `now_ms`, over so many civil days, today last."""

    now_ms: int
    days: Span
    start_ms: int
    page: SitePage
    figures: Mapping[str, DayFigures]
    """Computed days of the span."""
    told: Parameters
    heard: SiteStatus | None
    lines: tuple[Line, ...]
    hours: Mapping[str, frozenset[int]]
    """Device -> starts of the hours in which it said something, UTC ms."""
    boots: tuple[Boot, ...]
    """Those that touch the span and those without a date, newest first."""
    boots_more: int
    octets: int
    """Received in the span."""
    drivers: Mapping[str, DeviceSchema]
    """Device -> what the kiosk's newest life said of it; empty where it has sent no block yet."""
    flagged: Mapping[str, int]
    """Device -> values of the span that were not believed."""

    @property
    def step_ms(self) -> int:
        """Of the lines."""
        return STEPS_MS[self.days]

    @property
    def end_ms(self) -> int:
        """The end of today."""
        return self.start_ms + self.days * DAY_MS


def gather(rooms: Rooms, code: str, days: Span) -> TechniqueFacts | None:
    """One site, None where it is not registered."""
    now_ms = rooms.clock()
    page = rooms.overview.site(code)
    if page is None:
        return None
    today = day_of(now_ms)
    start_ms = day_start_ms(today) - (days - 1) * DAY_MS
    end_ms = start_ms + days * DAY_MS
    channels = rooms.readings.devices(code)
    with rooms.store.read() as connection:
        lives = _boots(connection, code, start_ms, end_ms)
        heard = status.get(connection, code)
        flagged: dict[str, int] = {}
        for value in blocks.flagged(connection, code, start_ms, end_ms):
            flagged[value.device] = flagged.get(value.device, 0) + 1
        return TechniqueFacts(
            now_ms=now_ms,
            days=days,
            start_ms=start_ms,
            page=page,
            figures={each.day: each for each in recent_figures(connection, code, day_of(start_ms), today)},
            told=parameters.in_force(connection, code),
            heard=heard,
            lines=_lines(rooms, code, channels, (start_ms, end_ms), STEPS_MS[days]),
            hours=_hours(rooms, code, channels, (start_ms, end_ms)),
            boots=tuple(lives[:BOOTS_MAX]),
            boots_more=max(0, len(lives) - BOOTS_MAX),
            octets=status.octets_received(connection, code, start_ms, end_ms),
            drivers=_drivers(connection, code, heard),
            flagged=flagged,
        )


def _lines(
    rooms: Rooms, code: str, channels: Sequence[Channel], span: tuple[int, int], step_ms: int
) -> tuple[Line, ...]:
    wanted = sorted(
        (each for each in channels if each.metric in METRICS),
        key=lambda each: (METRICS.index(each.metric), each.device),
    )
    return tuple(
        Line(each, tuple(rooms.readings.buckets(code, each.device, each.metric, *span, interval_ms=step_ms)))
        for each in wanted
    )


def _hours(rooms: Rooms, code: str, channels: Sequence[Channel], span: tuple[int, int]) -> dict[str, frozenset[int]]:
    """One metric speaks for its device: a row has all of them or none."""
    first: dict[str, Channel] = {}
    for channel in channels:
        if channel.device not in OWN_DEVICES:
            first.setdefault(channel.device, channel)
    return {
        device: frozenset(
            bucket.start_ms
            for bucket in rooms.readings.buckets(code, device, channel.metric, *span, interval_ms=_HOUR_MS)
        )
        for device, channel in first.items()
    }


def _boots(connection: Connection, code: str, start_ms: int, end_ms: int) -> list[Boot]:
    dated = boots.between(connection, code, start_ms, end_ms)
    undated = [each for each in boots.of_site(connection, code) if each.offset_ms is None]
    return sorted([*dated, *undated], key=lambda each: each.boot_number, reverse=True)


def _drivers(connection: Connection, code: str, heard: SiteStatus | None) -> dict[str, DeviceSchema]:
    """By the first block of the newest life heard: the columns of a life are fixed before its first row."""
    if heard is None or heard.boot is None:
        return {}
    sent = blocks.of_boot(connection, code, heard.boot, (blocks.WRITTEN, blocks.UNDATED), limit=1)
    schema = blocks.get_schema(connection, code, sent[0].schema_hash) if sent else None
    return {} if schema is None else {each.name: each for each in schema.devices}
