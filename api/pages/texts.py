"""Every sentence of the pages, in French and English. One home: a translator reads one file. Knows no figure."""

from __future__ import annotations

LANGUAGES = ("fr", "en")

_FRENCH_SPACES = tuple((plain, plain.replace(" ", "\u00a0")) for plain in (" :", " ;", " ?", " !", " »", "« "))
"""A French sign is never parted from its word at the end of a line."""

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
    "updated": ("Page faite le {when}.", "Page made on {when}."),
    "loopback": (
        "Cette page n’est visible que sur cet ordinateur : il n’y a pas encore de mots de passe.",
        "This page can be seen on this computer only: there are no passwords yet.",
    ),
    # states: a word, a shape and a colour, never colour alone
    "state_ok": ("Tout va bien", "All is well"),
    "state_warn": ("À surveiller", "Keep an eye on it"),
    "state_bad": ("En panne", "Broken down"),
    "state_unknown": ("Pas de nouvelles", "No news"),
    "reason_ok": ("Tout fonctionne.", "Everything works."),
    "reason_night": ("Il fait nuit, le site tourne sur la batterie.", "It is night, the site runs on its battery."),
    "reason_silent": (
        "Aucune nouvelle depuis {span} : pas de réseau, ou borne éteinte.",
        "No news for {span}: no network, or the kiosk is off.",
    ),
    "reason_silent_low_battery": (
        "Aucune nouvelle depuis {span}, et la batterie était faible : la borne s’est sans doute éteinte.",
        "No news for {span}, and the battery was low: the kiosk has probably gone off.",
    ),
    "reason_never_seen": ("Ce site n’a encore rien envoyé.", "This site has not sent anything yet."),
    "reason_low_battery": (
        "Batterie faible. Arrêter d’abord la recharge des téléphones.",
        "Low battery. Stop charging phones first.",
    ),
    "reason_device_silent": (
        "L’appareil « {device} » ne répond plus depuis {span}. Vérifier son câble.",
        "The device “{device}” has not answered for {span}. Check its cable.",
    ),
    "reason_behind": (
        "La borne répond, mais ses mesures arrivent en retard ou ne sont pas encore datées.",
        "The kiosk answers, but its measurements come late or have no date yet.",
    ),
    "age_now": ("à l’instant", "just now"),
    "age_minutes": ("il\u00a0y\u00a0a\u00a0{n}\u00a0min", "{n}\u00a0min ago"),
    "age_hours": ("il\u00a0y\u00a0a\u00a0{n}\u00a0h", "{n}\u00a0h ago"),
    "age_days": ("il\u00a0y\u00a0a\u00a0{n}\u00a0jours", "{n}\u00a0days ago"),
    "span_minutes": ("{n}\u00a0min", "{n}\u00a0min"),
    "span_hours": ("{n}\u00a0h", "{n}\u00a0h"),
    "span_days": ("{n}\u00a0jours", "{n}\u00a0days"),
    "moment": ("{day} à {time}", "{day} at {time}"),
    "last_news": ("Dernières nouvelles {age}", "Last news {age}"),
    "never_heard": ("Aucune nouvelle jusqu’ici", "No news so far"),
    # money
    "income": ("Recette", "Income"),
    "today": ("Aujourd’hui", "Today"),
    "this_month": ("Ce mois", "This month"),
    "this_month_to": ("Ce mois, jusqu’au {day}", "This month, to {day}"),
    "last_month": ("Mois dernier", "Last month"),
    "sales_one": ("{n} vente", "{n} sale"),
    "sales_many": ("{n} ventes", "{n} sales"),
    "income_30": ("Recette par jour, 30 jours", "Income a day, 30 days"),
    "best_day": ("le plus : {amount}", "highest: {amount}"),
    "complete_upto": ("Comptes complets jusqu’au n° {seq}", "Accounts complete up to no. {seq}"),
    "no_records": ("Aucune écriture reçue", "No record received"),
    "still_there_one": (
        "{n} écriture ({amount}) est encore sur la borne.",
        "{n} record ({amount}) is still at the kiosk.",
    ),
    "still_there": (
        "{n} écritures ({amount}) sont encore sur la borne.",
        "{n} records ({amount}) are still at the kiosk.",
    ),
    "nothing_there": ("Rien n’attendait sur la borne le {when}.", "Nothing was waiting at the kiosk on {when}."),
    "undated_money": (
        "{n} écritures ({amount}) attendent leur date : la borne ne connaît pas encore l’heure.",
        "{n} records ({amount}) wait for their date: the kiosk does not know the time yet.",
    ),
    "lost_records": (
        "{n} écritures manquent pour toujours : perdues, ou illisibles et mises de côté.",
        "{n} records are missing for good: lost, or unreadable and set aside.",
    ),
    "forked": (
        "La carte de la borne a été copiée ou restaurée : deux suites de comptes existent. Appeler le technicien.",
        "The kiosk’s card was copied or restored: there are two sequences of records. Call the technician.",
    ),
    "proof_limit": (
        "La signature prouve ce que la borne a enregistré. Elle ne prouve pas que chaque recharge a été enregistrée.",
        "The signature proves what the kiosk recorded. It does not prove that every charge was recorded.",
    ),
    # battery and sun
    "battery": ("Batterie", "Battery"),
    "battery_24": ("Tension, dernières 24 heures", "Voltage, last 24 hours"),
    "battery_last": ("Dernière tension connue : {volts}, {age}.", "Last known voltage: {volts}, {age}."),
    "battery_unknown": ("Aucune mesure ces dernières 24 heures.", "No measurement in the last 24 hours."),
    "cutoff": ("coupure {volts}", "cut-off {volts}"),
    "day_low": ("Plus bas aujourd’hui : {volts} à {time}.", "Lowest today: {volts} at {time}."),
    "full_yes": ("Pleine charge atteinte aujourd’hui.", "Fully charged today."),
    "full_no": ("Pas encore pleine aujourd’hui.", "Not yet full today."),
    "sun": ("Soleil", "Sun"),
    "sun_30": ("Énergie solaire par jour, 30 jours", "Solar energy a day, 30 days"),
    "sun_now": ("{watts} en ce moment", "{watts} right now"),
    "sun_night": (
        "Il fait nuit. Dernier soleil mesuré à {time} : {watts}.",
        "It is night. Last sunlight measured at {time}: {watts}.",
    ),
    "sun_night_unseen": ("Il fait nuit.", "It is night."),
    "sun_unknown": ("On ne sait pas : pas de mesure récente.", "Not known: no recent measurement."),
    "energy_today": ("Aujourd’hui : {energy} produits, {load} consommés.", "Today: {energy} produced, {load} used."),
    "energy_unknown": ("Aujourd’hui : pas encore de mesure.", "Today: no measurement yet."),
    "measured": ("(mesuré {share} du temps)", "(measured {share} of the time)"),
    # uptimes
    "uptimes": ("Fonctionnement, 30 jours", "Working, 30 days"),
    "power": ("Courant disponible", "Power available"),
    "agent": ("Borne en marche", "Kiosk running"),
    "link": ("Réseau", "Network"),
    "strip": ("{name}, jour par jour", "{name}, day by day"),
    "unknown": ("inconnu", "not known"),
    "legend": ("Plein : connu. Clair : en partie. ○ : inconnu.", "Solid: known. Pale: in part. ○: not known."),
    # what is missing
    "missing": ("Ce qui manque, et pourquoi", "What is missing, and why"),
    "missing_none": ("Rien ne manque sur ces 30 jours.", "Nothing is missing in these 30 days."),
    "missing_nothing_yet": ("Aucun jour n’a encore été mesuré.", "No day has been measured yet."),
    "missing_more": ("… et {n} autres lignes dans le tableau CSV.", "… and {n} more lines in the CSV table."),
    "miss_no_news": ("pas de nouvelles, on ne sait pas encore", "no news, nobody knows yet"),
    "miss_no_readings": ("aucune mesure", "no measurement"),
    "miss_agent_off": ("borne éteinte", "kiosk off"),
    "miss_power_lost": ("borne éteinte, batterie vide", "kiosk off, battery empty"),
    "miss_at_kiosk": ("mesures encore sur la borne", "measurements still at the kiosk"),
    "miss_device_silent": ("« {subject} » n’a pas répondu", "“{subject}” did not answer"),
    "miss_undated_boot": ("mises en marche sans date", "starts without a date"),
    "miss_dropped_rows": ("mesures effacées faute de place", "measurements dropped for want of space"),
    "miss_flagged_values": ("valeurs impossibles écartées, {subject}", "impossible values set aside, {subject}"),
    "miss_not_heard": ("pas de réseau", "no network"),
    "miss_no_yield": ("jour sans énergie du panneau", "daylight without energy from the panel"),
    "miss_integrated": ("énergie calculée à partir de la puissance", "energy summed from power"),
    "miss_estimated": (
        "énergie répartie par estimation, faute de mesures",
        "energy shared out by estimate, for want of measurements",
    ),
    "miss_controller_history": (
        "d’après l’historique du régulateur ; son minuit est le sien",
        "from the charge controller’s own history; its midnight is its own",
    ),
    "miss_history_disagrees": (
        "historique du régulateur en désaccord avec son compteur, non utilisé",
        "the controller’s history contradicts its counter, not used",
    ),
    "miss_devices_disagree": (
        "deux appareils ne lisent pas la même tension de batterie",
        "two devices do not read the same battery voltage",
    ),
    "miss_counter_reset": ("compteur remis à zéro, reprise comptée", "counter was reset, counted on"),
    "miss_counter_rollover": ("compteur arrivé au bout, reprise comptée", "counter rolled over, counted on"),
    "miss_counter_stuck": ("compteur bloqué, puissance additionnée", "counter stuck, power summed up"),
    "miss_counter_jump": ("saut du compteur non compté", "counter jumped, not counted"),
    "miss_boots_overlap": ("deux mises en marche datées au même moment", "two starts dated at the same time"),
    # tables and links
    "figures_csv": ("Chiffres par jour (CSV)", "Figures by day (CSV)"),
    "figures_json": ("Chiffres par jour (JSON)", "Figures by day (JSON)"),
    "ledger_json": ("Écritures de caisse (JSON)", "Ledger records (JSON)"),
    # errors
    "error_400": ("Cette demande n’est pas possible.", "That cannot be asked for."),
    "error_503": (
        "La base ne répond pas. Réessayer dans une minute.",
        "The database does not answer. Try again in a minute.",
    ),
    "error_404": (
        "Cette page n’existe pas. Le nom du site est peut-être mal écrit.",
        "There is no such page. The site may be misspelt.",
    ),
    "error_500": (
        "Le serveur a un problème. Réessayer dans quelques minutes.",
        "The server has a problem. Try again in a few minutes.",
    ),
    "back": ("Retour aux sites", "Back to the sites"),
}


def text(language: str, key: str, **facts: object) -> str:
    """The sentence for a key; KeyError for a key that has none, which tests look for."""
    sentence = TEXTS[key][LANGUAGES.index(language)]
    if language == "fr":
        for plain, bound in _FRENCH_SPACES:
            sentence = sentence.replace(plain, bound)
    return sentence.format(**facts)
