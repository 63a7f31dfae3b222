"""The technician's page of one site: findings, long charts, coverage, starts, link, devices. Facts in, drawings out."""

from __future__ import annotations

from dataclasses import dataclass

from api.pages import advice, formats, states, static_files
from api.pages.advice import Finding
from api.pages.render import site_link, technique_link
from api.pages.site_page import news
from api.pages.states import StateWords
from api.pages.technique_charts import Chart, StageStrip, Strip, charts, coverage, link_strip, stages
from api.pages.technique_facts import SPANS, TechniqueFacts
from api.pages.texts import named, text
from kiosk.metric import CATALOGUE, Kind
from kiosk.reading import OWN_DEVICES
from store.boots import Boot

_MEGABYTE = 1_000_000
ZOOM_WORDS = ("whole", "hint", "wait", "failed", "time", "low", "mean", "high")


@dataclass(frozen=True, slots=True)
class Choice:
    """One length of time to choose."""

    label: str
    link: str
    """"" for the one that is shown."""


@dataclass(frozen=True, slots=True)
class Start:
    """One life of the kiosk's agent."""

    number: str
    began: str
    lasted: str
    clock: str


@dataclass(frozen=True, slots=True)
class Metric:
    """The newest value of one metric."""

    name: str
    value: str
    age: str


@dataclass(frozen=True, slots=True)
class Device:
    """One device with what it said last."""

    name: str
    driver: str
    seen: str
    flagged: str
    metrics: list[Metric]


@dataclass(frozen=True, slots=True)
class Technique:
    """What the template puts in place."""

    place: str
    news: str
    state: StateWords
    findings: list[Finding]
    choices: list[Choice]
    settings: str
    charts: list[Chart]
    stages: StageStrip | None
    coverage: list[Strip]
    link: Strip
    link_words: list[str]
    starts: list[Start]
    starts_more: str
    devices: list[Device]
    visit: str


def draw(language: str, facts: TechniqueFacts) -> Technique:
    """The page in a language."""
    card = facts.page.card
    told = facts.told
    cutoff = formats.quantity(language, told.cutoff_mv / 1000, "V", 1)
    low = formats.quantity(language, (told.cutoff_mv + told.warn_margin_mv) / 1000, "V", 1)
    return Technique(
        place=f"{text(language, f'kind_{card.site_kind}')}, {card.commune}",
        news=news(language, card.last_heard_ms, facts.now_ms),
        state=states.in_words(language, card.standing, facts.now_ms),
        findings=advice.findings(language, facts.page),
        choices=_choices(language, facts),
        settings=text(language, "settings", cutoff=cutoff, low=low),
        charts=charts(language, facts),
        stages=stages(language, facts),
        coverage=coverage(language, facts),
        link=link_strip(language, facts),
        link_words=_link_words(language, facts),
        starts=[_start(language, each) for each in facts.boots],
        starts_more=text(language, "starts_more", n=facts.boots_more) if facts.boots_more else "",
        devices=_devices(language, facts),
        visit=site_link(language, card.code),
    )


def zoom(language: str, facts: TechniqueFacts) -> dict[str, str]:
    """What the script must be told: addresses, the span, and its words."""
    words = {name: text(language, f"zoom_{name}") for name in ZOOM_WORDS}
    return {
        "series": f"/api/v1/sites/{facts.page.card.code}/series",
        "start": str(facts.start_ms),
        "end": str(min(facts.end_ms, facts.now_ms)),
        "uplot-js": static_files.address_of("uplot-1.6.32.min.js"),
        "uplot-css": static_files.address_of("uplot-1.6.32.min.css"),
        "zoom": text(language, "zoom"),
        **words,
    }


def _choices(language: str, facts: TechniqueFacts) -> list[Choice]:
    here = technique_link(language, facts.page.card.code)
    return [
        Choice(text(language, "span_days", n=days), "" if days == facts.days else f"{here}?days={days}")
        for days in SPANS
    ]


def _link_words(language: str, facts: TechniqueFacts) -> list[str]:
    heard = facts.heard
    if heard is None or heard.arrival_ms is None:
        return [text(language, "never_heard")]
    words = [
        text(
            language, "octets", size=formats.quantity(language, facts.octets / _MEGABYTE, text(language, "unit_MB"), 1)
        )
    ]
    if heard.cadence_s:
        words.append(text(language, "cadence", span=formats.span(language, heard.cadence_s * 1000)))
    if heard.rows_waiting:
        words.append(text(language, "rows_waiting", n=formats.number(language, heard.rows_waiting)))
    if heard.rows_dropped:
        words.append(text(language, "rows_dropped", n=formats.number(language, heard.rows_dropped)))
    return words


def _start(language: str, boot: Boot) -> Start:
    lasted = formats.span(language, boot.last_mono_ms - boot.first_mono_ms)
    if boot.start_ms is None or boot.fix is None:
        return Start(str(boot.boot_number), text(language, "no_date"), lasted, text(language, "clock_none"))
    began = formats.moment(language, boot.start_ms)
    return Start(str(boot.boot_number), began, lasted, named(language, "clock", boot.fix.source))


def _devices(language: str, facts: TechniqueFacts) -> list[Device]:
    by_device: dict[str, list[Metric]] = {}
    newest: dict[str, int] = {}
    for value in facts.page.latest:
        shown = _value(language, value.metric, value.value, value.decimals)
        age = formats.age(language, facts.now_ms - value.utc_ms)
        by_device.setdefault(value.device, []).append(Metric(named(language, "metric", value.metric), shown, age))
        newest[value.device] = max(newest.get(value.device, 0), value.utc_ms)
    return [
        Device(
            name=device,
            driver=_driver(language, facts, device),
            seen=text(language, "seen", age=formats.age(language, facts.now_ms - newest[device])),
            flagged=_flagged(language, facts, device),
            metrics=metrics,
        )
        for device, metrics in by_device.items()
    ]


def _driver(language: str, facts: TechniqueFacts, device: str) -> str:
    known = facts.drivers.get(device)
    if device in OWN_DEVICES:
        return text(language, "driver_own")
    if known is None:
        return text(language, "driver_unknown")
    if not known.serial:
        return text(language, "driver", driver=known.driver)
    return text(language, "driver_serial", driver=known.driver, serial=known.serial)


def _flagged(language: str, facts: TechniqueFacts, device: str) -> str:
    count = facts.flagged.get(device, 0)
    return text(language, "flagged", n=formats.number(language, count)) if count else ""


def _value(language: str, metric: str, value: int, decimals: int) -> str:
    known = CATALOGUE.get(metric)
    shown = formats.number(language, value / 10**decimals, decimals)
    if metric == "charger_state":
        return named(language, "stage", shown)
    if known is None or known.kind is Kind.STATE or known.unit in ("", "1"):
        return shown
    return f"{shown}{formats.NO_BREAK}{named(language, 'unit', known.unit)}"
