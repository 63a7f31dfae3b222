"""The boards of subjects: battery, sun, income, link, and the server's own intake."""

from __future__ import annotations

from dashboards import query
from dashboards.panel import BARS, SERIES, STAT, Panel
from dashboards.parts import BY_DAY, CUTOFF, CUTOFF_ABOUT, days, health, metrics
from dashboards.query import Column
from dashboards.words import ITEM_WORDS, Words

_STATES = {
    0: Words("Arrêt", "Off"),
    2: Words("Défaut", "Fault"),
    3: Words("Charge principale", "Bulk"),
    4: Words("Absorption", "Absorption"),
    5: Words("Maintien", "Float"),
    7: Words("Égalisation", "Equalise"),
}


def battery(language: str) -> list[Panel]:
    """The battery: nights first, because a tired battery shows there."""
    stages = ("battery_bulk_s", "battery_absorption_s", "battery_float_s", "battery_equalise_s")
    nights = ("battery_at_18_mv", "battery_at_22_mv", "battery_at_06_mv")
    lows = ("battery_min_mv", "battery_rested_min_mv")
    return [
        Panel(
            Words("Tension la plus basse de chaque jour", "The lowest voltage of each day"),
            BARS,
            days(language, *lows),
            "mv",
            about=CUTOFF_ABOUT,
            steps=CUTOFF,
        ),
        Panel(
            Words("La nuit : tension à 18 h, 22 h et 6 h", "The night: at 18:00, 22:00 and 06:00"),
            BARS,
            days(language, *nights),
            "mv",
            about=CUTOFF_ABOUT,
            steps=CUTOFF,
        ),
        Panel(Words("Tension", "Voltage"), SERIES, metrics(language, "battery_voltage_v"), "V", 24, steps=CUTOFF),
        Panel(
            Words("Courant (+ : charge)", "Current (+: charging)"), SERIES, metrics(language, "battery_current_a"), "A"
        ),
        Panel(
            Words("Température", "Temperature"),
            SERIES,
            metrics(language, "battery_temperature_c", "charger_temperature_c"),
            "°C",
        ),
        Panel(
            Words("Durée de chaque étape de charge", "Time in each stage of charging"),
            BARS,
            days(language, *stages),
            "s",
            stacked=True,
        ),
        Panel(Words("Pleine charge", "Battery full"), BARS, days(language, "battery_full_flag"), "flag", low=0, high=1),
        Panel(
            Words("Étape de charge", "Charging stage"),
            SERIES,
            metrics(language, "charger_state"),
            states=_STATES,
        ),
        Panel(
            Words("Part connue de la journée", "Share of the day measured"),
            BARS,
            days(language, "battery_coverage_permille", "coverage_permille"),
            "permille",
            low=0,
            high=100,
        ),
    ]


def sun(language: str) -> list[Panel]:
    """What the sun gave and what became of it."""
    return [
        Panel(
            Words("Énergie solaire par jour, mesurée de deux façons", "Solar energy by day, measured in two ways"),
            BARS,
            days(language, "solar_energy_wh", "solar_integral_wh"),
            "wh",
            about=Words(
                "Le compteur du régulateur et l’intégrale de la puissance mesurée : les deux doivent concorder.",
                "The controller's counter and the integral of measured power: they should agree.",
            ),
        ),
        Panel(Words("Incertitude", "Uncertainty"), BARS, days(language, "solar_uncertainty_wh"), "wh"),
        Panel(Words("Puissance des panneaux", "Panel power"), SERIES, metrics(language, "pv_power_w"), "W"),
        Panel(Words("Tension des panneaux", "Panel voltage"), SERIES, metrics(language, "pv_voltage_v"), "V"),
        Panel(
            Words("Où va l’énergie", "Where the energy goes"),
            BARS,
            days(language, "load_energy_wh", "shelf_energy_wh"),
            "wh",
            about=BY_DAY,
        ),
        Panel(
            Words("Lumière du jour et énergies : part connue", "Daylight and energies: share measured"),
            BARS,
            days(language, "daylight_coverage_permille", "solar_coverage_permille", "load_coverage_permille"),
            "permille",
            low=0,
            high=100,
        ),
    ]


def income(language: str) -> list[Panel]:
    """Money as the kiosk recorded it."""
    amount = Column("amount_minor", Words("Montant", "Amount").to(language))
    count = Column("sales", Words("Ventes", "Sales").to(language))
    taken_back = ("income_voided_minor", "income_refunded_minor", "income_adjusted_minor")
    how_often = ("income_sales", "income_voids", "income_refunds")
    about = Words("Ce que le kiosque a enregistré et signé.", "What the kiosk recorded and signed.")
    net = days(language, "income_net_minor", "income_sales_minor")
    return [
        Panel(Words("Recette par jour", "Income by day"), BARS, net, "minor", 24, about=about, decimals=0),
        Panel(
            Words("Ventes par service", "Sales by service"),
            BARS,
            (query.income_by("service", amount),),
            "minor",
            items=ITEM_WORDS,
            stacked=True,
            decimals=0,
        ),
        Panel(
            Words("Nombre de ventes par service", "Number of sales by service"),
            BARS,
            (query.income_by("service", count),),
            "1",
            items=ITEM_WORDS,
            stacked=True,
        ),
        Panel(
            Words("Ventes par moyen de paiement", "Sales by means of payment"),
            BARS,
            (query.income_by("pay", amount),),
            "minor",
            items=ITEM_WORDS,
            stacked=True,
            decimals=0,
        ),
        Panel(
            Words("Annulé, remboursé, corrigé", "Voided, refunded, adjusted"),
            BARS,
            days(language, *taken_back),
            "minor",
            about=Words(
                "Compté le jour où c’est fait : une journée clôturée n’est plus modifiée.",
                "Counted on the day on which it was done: a closed day is not edited.",
            ),
            decimals=0,
        ),
        Panel(Words("Nombre d’opérations", "How often"), BARS, days(language, *how_often), "1"),
    ]


def link(language: str) -> list[Panel]:
    """The network: what came, what waits, what it cost."""
    ages = (query.health_of_site(health(language, "arrival_age_s", "acknowledgement_age_s", "oldest_age_s")),)
    waiting = (query.health_of_site(health(language, "rows_waiting", "rows_dropped")),)
    blocks = (query.health_of_site(health(language, "blocks_without_schema", "blocks_without_date")),)
    octets = (query.health_of_site(health(language, "received_today_bytes")),)
    return [
        Panel(
            Words("Réseau : part des rendez-vous tenus", "Link: share of slots heard"),
            BARS,
            days(language, "link_permille"),
            "permille",
            low=0,
            high=100,
            about=Words(
                "Part des rendez-vous du site où quelque chose est arrivé. Un retard rattrapé plus tard ne compte pas.",
                "Share of the site's own slots in which something arrived. A backlog that comes later repairs nothing.",
            ),
        ),
        Panel(
            Words("Rendez-vous tenus et attendus", "Slots heard and expected"),
            BARS,
            days(language, "link_heard", "link_slots"),
            "1",
        ),
        Panel(Words("Temps écoulé", "Time since"), SERIES, ages, "s"),
        Panel(
            Words("En attente sur la borne (minutes de mesures)", "Waiting at the kiosk (site-minutes)"),
            SERIES,
            waiting,
            "1",
        ),
        Panel(
            Words("Temps de réponse du réseau", "Network response time"),
            SERIES,
            metrics(language, "link_latency_ms"),
            "ms",
        ),
        Panel(
            Words("Messages sans réponse", "Messages without answer"),
            SERIES,
            metrics(language, "link_loss_percent"),
            "%",
        ),
        Panel(
            Words("Octets de la borne depuis son démarrage", "The agent's bytes since its start"),
            SERIES,
            metrics(language, "link_sent_bytes", "link_received_bytes"),
            "B",
        ),
        Panel(Words("Reçu par le serveur depuis minuit", "Received by the server since midnight"), SERIES, octets, "B"),
        Panel(Words("Blocs arrivés, mis en attente", "Blocks that came and wait"), SERIES, blocks, "1"),
    ]


def ingest(language: str) -> list[Panel]:
    """How the server itself does."""
    refused = ("frame_refused", "topic_refused", "device_unknown", "section_damaged", "block_refused", "values_refused")
    alarms = ("security_events", "record_disputed", "message_crashed")

    def drawn(title: Words, *names: str) -> Panel:
        about = Words("Depuis la création de la base de données.", "Since the database was made.")
        return Panel(title, SERIES, (query.health_of_server(health(language, *names)),), "1", about=about)

    ages = (query.health_of_all(*health(language, "acknowledgement_age_s")),)
    backlog = (query.health_of_all(*health(language, "oldest_age_s")),)
    return [
        drawn(Words("Reçu", "Received"), "frames", "rows", "records", "acknowledgements"),
        drawn(Words("Refusé", "Refused"), *refused),
        drawn(Words("Alertes", "Alarms"), *alarms),
        drawn(Words("Mis en attente", "Parked"), "block_parked", "record_parked"),
        drawn(
            Words("En attente d’une personne ou d’un calcul", "What waits for a person or for the office"),
            "dead_letters",
            "dirty_days",
        ),
        Panel(
            Words("Temps écoulé depuis le dernier accusé de réception", "Time since the last acknowledgement"),
            SERIES,
            ages,
            "s",
        ),
        Panel(
            Words("Retard : âge de la plus ancienne mesure", "Backlog: age of the oldest reading"), SERIES, backlog, "s"
        ),
        Panel(
            Words("Tous les compteurs", "All counters"),
            STAT,
            (query.all_counters(),),
            "1",
            24,
            14,
            Words("Noms de docs/api.md, /metrics ; un nouveau compteur apparaît tout seul.", "Names of /metrics."),
            renamed=("^last_(.*)$", "$1"),
        ),
    ]
