"""Every sentence of the pages, in French and English. One home, so that a translator reads one file. Knows no figure."""

from __future__ import annotations

LANGUAGES = ("fr", "en")

TEXTS: dict[str, tuple[str, str]] = {
    # the whole
    "product": ("Kayasol", "Kayasol"),
    "sites_title": ("Les kiosques solaires", "The solar kiosks"),
    "sites_lead": ("Énergie, recettes et réseau de chaque site", "Energy, income and network of each site"),
    "other_language": ("English", "Français"),
    "all_sites": ("Tous les sites", "All sites"),
    "no_sites": (
        "Aucun site n’est encore inscrit. Sur le serveur : kayasol site add",
        "No site is registered yet. On the server: kayasol site add",
    ),
    "map_title": ("Carte des sites, par commune", "Map of the sites, by commune"),
    "north": ("N", "N"),
    "kind_school": ("École", "School"),
    "kind_health": ("Centre de santé", "Health centre"),
    "kind_other": ("Site", "Site"),
    "updated": ("Page faite le {when}", "Page made on {when}"),
    "loopback": (
        "Cette page n’est visible que sur cet ordinateur : il n’y a pas encore de mots de passe.",
        "This page can be seen on this computer only: there are no passwords yet.",
    ),
    # states: a word, never colour alone
    "state_ok": ("Tout va bien", "All is well"),
    "state_warn": ("À regarder", "To look at"),
    "state_bad": ("En panne", "Broken down"),
    "state_unknown": ("Pas de nouvelles", "No news"),
    "reason_ok": ("Tout fonctionne.", "Everything works."),
    "reason_night": ("Il fait nuit, la batterie alimente le site.", "It is night, the battery carries the site."),
    "reason_silent": (
        "Aucune nouvelle depuis {age}. Réseau coupé, ou borne éteinte.",
        "No news for {age}. The network is down, or the kiosk is off.",
    ),
    "reason_never_seen": ("Ce site n’a encore rien envoyé.", "This site has not sent anything yet."),
    "reason_low_battery": (
        "Batterie faible : {volts}. Couper d’abord la recharge des téléphones.",
        "Low battery: {volts}. Stop charging phones first.",
    ),
    "reason_power_out": ("Le courant est coupé : batterie vide.", "Power is off: the battery is empty."),
    "reason_device_silent": (
        "L’appareil « {device} » ne répond pas. Vérifier son câble.",
        "The device “{device}” does not answer. Check its cable.",
    ),
    "reason_charger_error": ("Le régulateur signale une erreur.", "The charge controller reports an error."),
    "reason_undated": (
        "L’heure de la borne n’est pas encore connue : des mesures attendent d’être datées.",
        "The kiosk’s time is not known yet: measurements wait for their date.",
    ),
    "reason_disputed": (
        "Des écritures de caisse sont illisibles et mises de côté.",
        "Some ledger records cannot be read and were set aside.",
    ),
    "age_now": ("à l’instant", "just now"),
    "age_minutes": ("il y a {n} min", "{n} min ago"),
    "age_hours": ("il y a {n} h", "{n} h ago"),
    "age_days": ("il y a {n} j", "{n} days ago"),
    "span_minutes": ("{n} min", "{n} min"),
    "span_hours": ("{n} h", "{n} h"),
    "span_days": ("{n} jours", "{n} days"),
    "last_news": ("Dernières nouvelles {age}", "Last news {age}"),
    # money
    "income": ("Recette", "Income"),
    "today": ("Aujourd’hui", "Today"),
    "this_month": ("Ce mois", "This month"),
    "last_month": ("Mois dernier", "Last month"),
    "sales_one": ("{n} vente", "{n} sale"),
    "sales_many": ("{n} ventes", "{n} sales"),
    "income_30": ("Recette par jour, 30 jours", "Income a day, 30 days"),
    "best_day": ("le plus : {amount}", "highest: {amount}"),
    "complete_upto": ("Comptes complets jusqu’au n° {seq}", "Accounts complete up to no. {seq}"),
    "no_records": ("Aucune écriture reçue", "No record received"),
    "still_there": ("{n} écritures ({amount}) encore sur la borne", "{n} records ({amount}) still at the kiosk"),
    "nothing_there": ("Rien n’attend sur la borne, à sa dernière nouvelle.", "Nothing waits at the kiosk, as of its last news."),
    "corrections": ("dont corrections : {amount}", "of which corrections: {amount}"),
    "proof_limit": (
        "La signature prouve ce que la borne a enregistré. Elle ne prouve pas que chaque recharge a été enregistrée.",
        "The signature proves what the kiosk recorded. It does not prove that every charge was recorded.",
    ),
    "service_phone": ("Téléphone", "Phone"),
    "service_lamp": ("Lampe", "Lamp"),
    "service_battery": ("Batterie", "Battery"),
    # battery and sun
    "battery": ("Batterie", "Battery"),
    "battery_24": ("Tension, dernières 24 h", "Voltage, last 24 h"),
    "night_low": ("Plus bas : {volts}", "Lowest: {volts}"),
    "full_yes": ("Pleine charge atteinte ce jour", "Fully charged today"),
    "full_no": ("Pas encore pleine ce jour", "Not yet full today"),
    "sun": ("Soleil", "Sun"),
    "sun_30": ("Énergie solaire par jour, 30 jours", "Solar energy a day, 30 days"),
    "sun_now": ("{watts} en ce moment", "{watts} right now"),
    "sun_night": (
        "Il fait nuit. Dernier soleil à {time} : {watts}.",
        "It is night. Last sunlight at {time}: {watts}.",
    ),
    "sun_unknown": ("On ne sait pas : pas de mesure récente.", "Not known: no recent measurement."),
    "load": ("Consommation", "Consumption"),
    "energy_today": ("{energy} produits, {load} consommés", "{energy} produced, {load} used"),
    # uptimes
    "uptimes": ("Fonctionnement, 30 jours", "Working, 30 days"),
    "power": ("Courant disponible", "Power available"),
    "agent": ("Borne en marche", "Kiosk running"),
    "link": ("Réseau", "Network"),
    "unknown": ("inconnu", "not known"),
    "nothing_yet": ("Pas encore de mesure", "No measurement yet"),
    # what is missing
    "missing": ("Ce qui manque, et pourquoi", "What is missing, and why"),
    "missing_none": ("Rien ne manque sur ces 30 jours.", "Nothing is missing in these 30 days."),
    "miss_no_readings": ("aucune mesure", "no measurement"),
    "miss_partial": ("mesures : {share} du jour", "measurements: {share} of the day"),
    "miss_agent_off": ("borne éteinte", "kiosk off"),
    "miss_device_silent": ("un appareil n’a pas répondu", "a device did not answer"),
    "miss_undated_boot": ("heure encore inconnue", "time not known yet"),
    "miss_dropped_rows": ("mesures effacées faute de place", "measurements dropped for want of space"),
    "miss_estimated": ("énergie répartie par estimation", "energy shared out by estimate"),
    "miss_counter_reset": ("compteur remis à zéro, reprise comptée", "counter was reset, counted on"),
    "miss_counter_stuck": ("compteur bloqué, puissance additionnée", "counter stuck, power summed up"),
    "miss_integrated": ("énergie calculée à partir de la puissance", "energy summed from power"),
    "miss_flagged_values": ("valeurs impossibles écartées", "impossible values set aside"),
    "miss_link_down": ("pas de réseau", "no network"),
    # tables and links
    "day": ("Jour", "Day"),
    "figures_csv": ("Chiffres par jour (CSV)", "Figures by day (CSV)"),
    "figures_json": ("Chiffres par jour (JSON)", "Figures by day (JSON)"),
    "ledger_json": ("Écritures de caisse (JSON)", "Ledger records (JSON)"),
    # errors
    "error_404": ("Cette page n’existe pas. Le nom du site est peut-être mal écrit.", "There is no such page. The site may be misspelt."),
    "error_500": ("Le serveur a un problème. Réessayer dans quelques minutes.", "The server has a problem. Try again in a few minutes."),
    "back": ("Retour aux sites", "Back to the sites"),
}


def text(language: str, key: str, **facts: object) -> str:
    """The sentence for a key; an unknown key shows itself, so that a missing text is seen and not hidden."""
    pair = TEXTS.get(key)
    if pair is None:
        return key.partition("_")[2] or key
    return pair[LANGUAGES.index(language)].format(**facts)
