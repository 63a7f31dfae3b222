"""What pages ask about sites, put together from stored figures, the ledger's sums and the sites' own words.

Frozen answers; the pages choose words and drawings. Computes no energy and judges no record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from figures import sun, witness
from figures.day import DayFigures
from figures.facts import Parameters
from figures.spans import permille
from figures.uptime import Availability
from kiosk.time import DAY_MS, day_of, day_start_ms
from office import parameters
from office.money import Completeness, Money, completeness, money
from office.silence import is_silent, silence_allowed_ms
from store import days, sites, status
from store.engine import Store
from store.readings.base import Latest, ReadingsStore
from store.sites import Site

RECENT_DAYS = 30
_GRACE_MS = 1_800_000
"""A device may be silent for so long while others speak, before it is called silent."""
_BEHIND_MS = 7_200_000


class State(StrEnum):
    """How a site stands, worst first; the first one that is true is shown."""

    NEVER_SEEN = "never_seen"
    """Registered, and nothing ever came."""
    SILENT_LOW_BATTERY = "silent_low_battery"
    """Not heard for more than two of its own intervals, and the last voltage was near the cut-off."""
    SILENT = "silent"
    """Not heard for more than two of its own intervals."""
    POWER_OFF = "power_off"
    """Heard, and the load output is off: lamps and shelf have no power."""
    LOW_BATTERY = "low_battery"
    """Heard, and the battery is near the cut-off."""
    DEVICE_SILENT = "device_silent"
    """Heard, and one device has said nothing for half an hour while another has."""
    BEHIND = "behind"
    """Heard, but the newest reading is more than two hours old: a backlog is coming in, or the boot has no clock."""
    NIGHT = "night"
    """All is well; the sun is down, so there is no yield."""
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Standing:
    """A state with its reason."""

    state: State
    since_ms: int | None
    """UTC of what the state rests on: the last arrival, the silent device's last reading, the newest voltage."""
    subject: str = ""
    """The device meant."""


@dataclass(frozen=True, slots=True)
class BatteryNow:
    """The battery as it was when it was read last."""

    device: str
    """The one that is believed among those that still speak."""
    utc_ms: int
    low: bool
    """Near the cut-off, or below it."""
    off: bool
    """A load output is switched off."""


@dataclass(frozen=True, slots=True)
class Value:
    """The newest value of one metric."""

    device: str
    metric: str
    decimals: int
    value: int
    utc_ms: int


@dataclass(frozen=True, slots=True)
class Uptimes:
    """The three uptimes in thousandths; None where nothing is known."""

    power_permille: int | None
    agent_permille: int | None
    link_permille: int | None
    days: int
    """How many days they are of."""


@dataclass(frozen=True, slots=True)
class SiteCard:
    """One line of the list of sites."""

    code: str
    name: str
    commune: str
    site_kind: str
    standing: Standing
    last_heard_ms: int | None
    money: Money
    completeness: Completeness
    today: DayFigures | None
    last_daylight: DayFigures | None
    """The newest day of which enough daylight was seen to speak of the sun: today from an hour after sunrise."""
    uptimes: Uptimes
    """Of the last 30 days before today."""


@dataclass(frozen=True, slots=True)
class SitePage:
    """One site with its recent days."""

    card: SiteCard
    days: tuple[DayFigures, ...]
    """The computed ones of the last 30 days and today, oldest first; a day that is not there was never computed."""
    latest: tuple[Value, ...]
    battery: BatteryNow | None


class Overview:
    """Answers as of the moment it is asked."""

    def __init__(self, store: Store, readings: ReadingsStore, clock: Callable[[], int]) -> None:
        """`clock` gives UTC milliseconds."""
        self._store = store
        self._readings = readings
        self._clock = clock

    def sites(self) -> tuple[SiteCard, ...]:
        """Every site, by code."""
        now_ms = self._clock()
        with self._store.read() as connection:
            return tuple(self._page(connection, site, now_ms).card for site in sites.all_sites(connection))

    def site(self, code: str) -> SitePage | None:
        """One site, None if it is not registered."""
        now_ms = self._clock()
        with self._store.read() as connection:
            site = sites.get(connection, code)
            return None if site is None else self._page(connection, site, now_ms)

    def _page(self, connection: Connection, site: Site, now_ms: int) -> SitePage:
        today = day_of(now_ms)
        heard = status.get(connection, site.code)
        latest = self._readings.latest(site.code)
        told = parameters.in_force(connection, site.code)
        first = day_of(day_start_ms(today) - RECENT_DAYS * DAY_MS)
        figures = recent_figures(connection, site.code, first, today)
        card = SiteCard(
            code=site.code,
            name=site.name,
            commune=site.commune,
            site_kind=site.site_kind,
            standing=standing(heard, latest, told, now_ms),
            last_heard_ms=heard.arrival_ms if heard else None,
            money=money(connection, site.code, site.cur, today),
            completeness=completeness(connection, heard),
            today=figures[-1] if figures and figures[-1].day == today else None,
            last_daylight=last_daylight(figures),
            uptimes=uptimes([each for each in figures if each.day != today]),
        )
        return SitePage(card, figures, _values(latest), battery_now(latest, told))


def recent_figures(connection: Connection, site: str, first: str, last: str) -> tuple[DayFigures, ...]:
    """The computed days from `first` to `last`, oldest first; those of another version are about to be computed again
    and left out."""
    found: list[DayFigures] = []
    for stored in days.between(connection, site, first, last):
        try:
            found.append(DayFigures.from_json(stored.figures))
        except ValueError:
            continue
    return tuple(found)


def last_daylight(figures: Sequence[DayFigures]) -> DayFigures | None:
    """The newest day that tells of the sun: an hour of it is over and readings cover some of it."""
    for each in reversed(figures):
        if each.until_ms >= each.daylight.sunrise_ms + 3_600_000 and each.daylight.coverage_permille:
            return each
    return None


def uptimes(figures: Sequence[DayFigures]) -> Uptimes:
    """Over several days, weighted by the time of which something is known."""
    heard, slots = (sum(getattr(each.link, name) for each in figures) for name in ("heard", "slots"))
    return Uptimes(
        power_permille=_share([each.power for each in figures]),
        agent_permille=_share([each.agent for each in figures]),
        link_permille=permille(heard, slots),
        days=len(figures),
    )


def standing(
    heard: status.SiteStatus | None, latest: Mapping[tuple[str, str], Latest], told: Parameters, now_ms: int
) -> Standing:
    """How a site stands now."""
    if heard is None or heard.arrival_ms is None:
        return Standing(State.NEVER_SEEN, None)
    battery = battery_now(latest, told)
    spent = battery is not None and (battery.low or battery.off)
    if is_silent(heard, now_ms):
        return Standing(State.SILENT_LOW_BATTERY if spent else State.SILENT, heard.arrival_ms)
    newest = {device: max(each.utc_ms for (name, _), each in latest.items() if name == device) for device, _ in latest}
    if not newest or now_ms - max(newest.values()) > max(_BEHIND_MS, silence_allowed_ms(heard)):
        return Standing(State.BEHIND, max(newest.values(), default=None))
    if battery is not None and spent:
        return Standing(State.POWER_OFF if battery.off else State.LOW_BATTERY, battery.utc_ms)
    device, last_ms = min(newest.items(), key=lambda item: (item[1], item[0]))
    if max(newest.values()) - last_ms > _GRACE_MS:
        return Standing(State.DEVICE_SILENT, last_ms, device)
    dark = sun.sine_altitude(now_ms, told.lat_deg, told.lon_deg) < 0
    return Standing(State.NIGHT if dark else State.OK, heard.arrival_ms)


def battery_now(latest: Mapping[tuple[str, str], Latest], told: Parameters) -> BatteryNow | None:
    """The battery by the device that is believed; None where no device tells a voltage."""
    volts = {device: each for (device, metric), each in latest.items() if metric == witness.VOLTAGE}
    newest_ms = max((each.utc_ms for each in volts.values()), default=0)
    metrics = {
        name: {metric for device, metric in latest if device == name}
        for name, each in volts.items()
        if newest_ms - each.utc_ms <= _GRACE_MS
    }
    chosen = witness.believed(metrics, told.battery_device)
    if chosen is None:
        return None
    voltage, low_mv = volts[chosen], told.cutoff_mv + told.warn_margin_mv
    switches = [latest[name, "load_on"] for name in metrics if (name, "load_on") in latest]
    return BatteryNow(
        device=chosen,
        utc_ms=voltage.utc_ms,
        low=voltage.value * 1000 <= low_mv * 10**voltage.decimals,
        off=any(switch.value == 0 for switch in switches),
    )


def _share(each_day: Sequence[Availability]) -> int | None:
    up_ms = sum(each.up_ms for each in each_day)
    return permille(up_ms, up_ms + sum(each.down_ms for each in each_day))


def _values(latest: Mapping[tuple[str, str], Latest]) -> tuple[Value, ...]:
    return tuple(
        Value(device, metric, each.decimals, each.value, each.utc_ms)
        for (device, metric), each in sorted(latest.items())
    )
