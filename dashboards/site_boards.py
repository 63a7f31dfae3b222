"""The boards of places and things: all sites, one site, one device. What they draw, in the order in which one looks."""

from __future__ import annotations

from dashboards import query
from dashboards.panel import BARS, GRID, SERIES, STAT, UNITS, Panel, Step, row
from dashboards.parts import BY_DAY, CUTOFF, CUTOFF_ABOUT, SHARE, days, figures_named, health, metrics
from dashboards.words import UNIT_ROWS, Words, word_of
from kiosk.figure import FIGURES
from kiosk.metric import CATALOGUE


def sites(language: str) -> list[Panel]:
    """All sites."""
    energies, uptimes = ("solar_energy_wh", "load_energy_wh"), ("power_permille", "agent_permille", "link_permille")
    names = ("income_net_minor", *energies, *uptimes, "battery_min_mv", "coverage_permille")
    units = {word_of(name, language): FIGURES[name].unit for name in names}
    page = Words("Ouvrir la page du site", "Open the site's page").to(language)
    url = ("${kayasol_url}/sites/" if language == "fr" else "${kayasol_url}/en/sites/") + "${__value.raw}"
    ages = (query.health_of_all(*health(language, "arrival_age_s")),)
    waiting = (query.health_of_all(*health(language, "rows_waiting")),)
    return [
        Panel(
            Words("Les journées de tous les sites", "The days of all sites"),
            GRID,
            (query.figures_of_all(figures_named(language, *names), table=True),),
            width=24,
            height=10,
            about=Words(
                "Une ligne par site et par journée. Case vide : on ne sait pas.",
                "One line a site and day. Empty: not known.",
            ),
            per_column=units,
            link=("site", page, url),
        ),
        _by_site(Words("Recette nette par site", "Net income by site"), "income_net_minor", language),
        _by_site(Words("Énergie solaire par site", "Solar energy by site"), "solar_energy_wh", language),
        _by_site(
            Words("Batterie au plus bas de la journée", "Battery: lowest of the day"),
            "battery_min_mv",
            language,
            *CUTOFF,
            about=CUTOFF_ABOUT,
        ),
        _by_site(Words("Courant disponible", "Power available"), "power_permille", language),
        _by_site(Words("Borne en marche", "Agent running"), "agent_permille", language),
        _by_site(Words("Réseau", "Link"), "link_permille", language),
        Panel(Words("Temps écoulé depuis les dernières nouvelles", "Time since the last arrival"), SERIES, ages, "s"),
        Panel(
            Words("Minutes de mesures en attente sur les bornes", "Waiting at the kiosks (minutes)"),
            SERIES,
            waiting,
            "1",
        ),
    ]


def site(language: str) -> list[Panel]:
    """One site at a glance."""
    return [
        _stat("income_net_minor", language, about=Words("Dernier jour calculé.", "Last computed day.")),
        _stat("solar_energy_wh", language),
        _stat("battery_min_mv", language, *CUTOFF, about=CUTOFF_ABOUT),
        _stat("power_permille", language, *SHARE),
        _stat("agent_permille", language, *SHARE),
        _stat("link_permille", language, *SHARE),
        Panel(
            Words("Énergie par jour", "Energy by day"),
            BARS,
            days(language, "solar_energy_wh", "load_energy_wh", "shelf_energy_wh"),
            "wh",
            about=BY_DAY,
        ),
        Panel(
            Words("Recette nette par jour", "Net income by day"),
            BARS,
            days(language, "income_net_minor"),
            "minor",
            about=BY_DAY,
            decimals=0,
        ),
        _shares(language, "power_permille", "agent_permille", "link_permille"),
        _missing(language),
        Panel(
            Words("Puissances", "Powers"), SERIES, metrics(language, "pv_power_w", "load_power_w", "shelf_power_w"), "W"
        ),
        Panel(
            Words("Tension de la batterie", "Battery voltage"),
            SERIES,
            metrics(language, "battery_voltage_v"),
            "V",
            about=CUTOFF_ABOUT,
            steps=CUTOFF,
        ),
    ]


def device(_language: str) -> list[Panel]:
    """All metrics of a device, a row a unit: a metric that is new in the catalogue is here by itself."""
    made: list[Panel] = []
    for unit, names in metrics_by_unit().items():
        title = UNIT_ROWS.get(unit, Words(unit, unit))
        made.append(row(title))
        for start in range(0, len(names), _LINES_MAX):
            part = names[start : start + _LINES_MAX]
            queries = (query.readings_of_device([query.metric(name, name) for name in part]),)
            which = f" {start // _LINES_MAX + 1}" if len(names) > _LINES_MAX else ""
            numbered = Words(title.fr + which, title.en + which)
            made.append(Panel(numbered, SERIES, queries, unit if unit in UNITS else ""))
    return made


_LINES_MAX = 8
"""So many lines can still be told apart in one panel."""


def metrics_by_unit() -> dict[str, list[str]]:
    """Every metric of the catalogue, by unit, in the catalogue's order."""
    found: dict[str, list[str]] = {}
    for name, known in CATALOGUE.items():
        found.setdefault(known.unit, []).append(name)
    return found


def _stat(name: str, language: str, *steps: Step, about: Words | None = None) -> Panel:
    words = Words(word_of(name, "fr"), word_of(name, "en"))
    money = 0 if FIGURES[name].unit == "minor" else None
    queries = days(language, name)
    return Panel(words, STAT, queries, FIGURES[name].unit, 4, 4, about, steps, decimals=money)


def _by_site(title: Words, name: str, language: str, *steps: Step, about: Words = BY_DAY) -> Panel:
    """One figure of every site, a colour a site."""
    queries = (query.figures_of_all(figures_named(language, name)),)
    unit = FIGURES[name].unit
    high = 100 if unit == "permille" else None
    return Panel(
        title, BARS, queries, unit, about=about, steps=steps, decimals=0 if unit == "minor" else None, high=high
    )


def _shares(language: str, *names: str) -> Panel:
    return Panel(
        Words("Courant, borne, réseau", "Power, agent, link"),
        BARS,
        days(language, *names),
        "permille",
        about=Words(
            "Trois choses qui tombent en panne séparément : on n’en fait jamais un seul chiffre.",
            "Three things that fail apart: never one number.",
        ),
        low=0,
        high=100,
    )


def _missing(language: str) -> Panel:
    names = [name for name in FIGURES if name.startswith("missing_") and name.endswith("_ms")]
    return Panel(
        Words("Ce qui manque, et pourquoi", "What is missing, and why"),
        BARS,
        days(language, *names),
        "ms",
        about=Words(
            "Ce qui manque à chaque journée, en durée, par cause.", "How much of each day is missing, by cause."
        ),
    )
