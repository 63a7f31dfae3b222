"""What people read on the boards, French first. A metric or figure without words of its own is shown by its name."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """A text in both languages."""

    fr: str
    en: str

    def to(self, language: str) -> str:
        """In `fr` or `en`; a French sign is never parted from its word at the end of a line."""
        return self.fr.replace(" :", "\u00a0:").replace(" ;", "\u00a0;") if language == "fr" else self.en


FIGURE_WORDS: dict[str, Words] = {
    "solar_energy_wh": Words("Énergie solaire", "Solar energy"),
    "solar_integral_wh": Words("Intégrale de la puissance", "Integral of power"),
    "solar_uncertainty_wh": Words("Incertitude", "Uncertainty"),
    "solar_coverage_permille": Words("Part connue, énergie solaire", "Coverage, solar energy"),
    "load_energy_wh": Words("Énergie consommée", "Energy used"),
    "load_coverage_permille": Words("Part connue, consommation", "Coverage, energy used"),
    "shelf_energy_wh": Words("Énergie de l’étagère", "Shelf energy"),
    "power_permille": Words("Courant disponible", "Power available"),
    "agent_permille": Words("Borne en marche", "Agent running"),
    "link_permille": Words("Réseau", "Link"),
    "link_heard": Words("Rendez-vous tenus", "Slots in which the kiosk was heard"),
    "link_slots": Words("Rendez-vous attendus", "Slots expected"),
    "power_up_ms": Words("Avec courant", "With power"),
    "power_down_ms": Words("Sans courant", "Without power"),
    "power_unknown_ms": Words("On ne sait pas", "Not known"),
    "battery_min_mv": Words("Batterie au plus bas", "Battery: lowest"),
    "battery_rested_min_mv": Words("Batterie au plus bas, au repos", "Battery: lowest at rest"),
    "battery_at_06_mv": Words("À 6 h", "At 06:00"),
    "battery_at_18_mv": Words("À 18 h", "At 18:00"),
    "battery_at_22_mv": Words("À 22 h", "At 22:00"),
    "battery_bulk_s": Words("Charge principale (bulk)", "Bulk"),
    "battery_absorption_s": Words("Absorption", "Absorption"),
    "battery_float_s": Words("Maintien (float)", "Float"),
    "battery_equalise_s": Words("Égalisation", "Equalise"),
    "battery_full_flag": Words("Pleine charge ce jour-là (1 = oui)", "Battery full that day (1 = yes)"),
    "battery_coverage_permille": Words("Part connue, batterie", "Coverage, battery"),
    "daylight_coverage_permille": Words("Part connue, du lever au coucher du soleil", "Share of daylight measured"),
    "coverage_permille": Words("Part connue de la journée", "Share of the day measured"),
    "income_net_minor": Words("Recette nette", "Net income"),
    "income_sales_minor": Words("Ventes", "Sales"),
    "income_sales": Words("Nombre de ventes", "Number of sales"),
    "income_voids": Words("Nombre d’annulations", "Number of voids"),
    "income_refunds": Words("Nombre de remboursements", "Number of refunds"),
    "income_voided_minor": Words("Annulations", "Voids"),
    "income_refunded_minor": Words("Remboursements", "Refunds"),
    "income_adjusted_minor": Words("Corrections", "Adjustments"),
    "missing_no_readings_ms": Words("Aucune mesure", "No reading at all"),
    "missing_agent_off_ms": Words("Borne éteinte", "Agent off"),
    "missing_power_lost_ms": Words("dont batterie vide", "of it, battery empty"),
    "missing_at_kiosk_ms": Words("Encore sur la borne", "Still at the kiosk"),
    "missing_dropped_rows_ms": Words("Effacé faute de place", "Given up for want of space"),
    "missing_device_silent_ms": Words("Appareil muet", "A device is silent"),
    "missing_undated_boot": Words("Démarrages sans date", "Starts without a date"),
    "missing_flagged_values": Words("Valeurs écartées", "Values set aside"),
}

METRIC_WORDS: dict[str, Words] = {
    "battery_voltage_v": Words("Tension de la batterie", "Battery voltage"),
    "battery_current_a": Words("Courant de la batterie (+ : charge)", "Battery current (+: charging)"),
    "battery_temperature_c": Words("Température de la batterie", "Battery temperature"),
    "pv_power_w": Words("Puissance des panneaux", "Panel power"),
    "pv_voltage_v": Words("Tension des panneaux", "Panel voltage"),
    "load_power_w": Words("Puissance consommée", "Load power"),
    "shelf_power_w": Words("Puissance de l’étagère", "Charging shelf power"),
    "charger_temperature_c": Words("Température du régulateur", "Controller temperature"),
    "charger_state": Words("Étape de charge", "Charging stage"),
    "link_latency_ms": Words("Temps de réponse du réseau", "Network response time"),
    "link_loss_percent": Words("Messages sans réponse", "Messages without answer"),
    "link_sent_bytes": Words("Octets envoyés depuis le démarrage", "Bytes sent since the start"),
    "link_received_bytes": Words("Octets reçus depuis le démarrage", "Bytes received since the start"),
}

SERVER_WORDS: dict[str, Words] = {
    "frames": Words("Trames lues", "Frames read"),
    "rows": Words("Nouvelles minutes de mesures", "New site-minutes"),
    "records": Words("Écritures de caisse", "Ledger records"),
    "acknowledgements": Words("Accusés de réception", "Acknowledgements"),
    "frame_refused": Words("Trames refusées", "Frames refused"),
    "topic_refused": Words("Sujets MQTT refusés", "Topics refused"),
    "device_unknown": Words("Appareils inconnus", "Unknown devices"),
    "section_damaged": Words("Sections endommagées", "Damaged sections"),
    "block_refused": Words("Blocs refusés", "Blocks refused"),
    "values_refused": Words("Valeurs refusées", "Values refused"),
    "message_crashed": Words("Messages qui ont fait échouer le programme", "Messages that crashed the program"),
    "security_events": Words("Alertes de sécurité", "Security events"),
    "record_disputed": Words("Écritures contestées", "Disputed records"),
    "block_parked": Words("Blocs mis en attente", "Blocks parked"),
    "record_parked": Words("Écritures mises en attente", "Records parked"),
    "dead_letters": Words("Messages illisibles à examiner", "Dead letters to look at"),
    "dirty_days": Words("Journées à recalculer", "Days to compute"),
}

SITE_WORDS: dict[str, Words] = {
    "arrival_age_s": Words("Temps écoulé depuis les dernières nouvelles", "Time since the last arrival"),
    "acknowledgement_age_s": Words(
        "Temps écoulé depuis le dernier accusé de réception", "Time since the last acknowledgement"
    ),
    "rows_waiting": Words("Minutes de mesures en attente sur la borne", "Site-minutes waiting at the kiosk"),
    "oldest_age_s": Words("Âge de la plus ancienne mesure en attente", "Age of the oldest that waits"),
    "rows_dropped": Words("Minutes de mesures effacées faute de place", "Site-minutes given up for want of space"),
    "received_today_bytes": Words("Reçu aujourd’hui", "Received today"),
    "blocks_without_schema": Words("Blocs sans description", "Blocks without a schema"),
    "blocks_without_date": Words("Blocs sans date", "Blocks without a date"),
}

ITEM_WORDS: dict[str, Words] = {
    "phone": Words("Téléphones", "Phones"),
    "lamp": Words("Lampes", "Lamps"),
    "battery": Words("Batteries", "Batteries"),
    "cash": Words("Espèces", "Cash"),
    "mobile": Words("Paiement mobile", "Mobile money"),
    "credit": Words("À crédit", "On credit"),
    "free": Words("Gratuit", "Free"),
    "none": Words("Sans paiement", "None"),
}
"""Services and means of payment; a service that a site chose itself keeps its own spelling."""

UNIT_ROWS: dict[str, Words] = {
    "V": Words("Tensions", "Voltages"),
    "A": Words("Courants", "Currents"),
    "°C": Words("Températures", "Temperatures"),
    "W": Words("Puissances", "Powers"),
    "%": Words("Pourcentages", "Percentages"),
    "Wh": Words("Énergies", "Energies"),
    "Ah": Words("Charges", "Charges"),
    "B": Words("Octets", "Bytes"),
    "MB": Words("Espace disque", "Disk space"),
    "Hz": Words("Fréquences", "Frequencies"),
    "s": Words("Durées", "Durations"),
    "ms": Words("Délais", "Delays"),
    "1": Words("Nombres", "Counts"),
    "": Words("États et codes", "States and codes"),
}


def word_of(name: str, language: str) -> str:
    """What a figure, metric or field of health is called; its own name where nobody has translated it yet."""
    for table in (FIGURE_WORDS, METRIC_WORDS, SERVER_WORDS, SITE_WORDS):
        if name in table:
            return table[name].to(language)
    return name
