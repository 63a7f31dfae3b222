"""Sentences of every page and of the list of sites, French and English side by side. Knows no figure."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    # every page
    "product": ("Kayasol", "Kayasol"),
    "other_language": ("English", "Français"),
    "all_sites": ("Tous les sites", "All sites"),
    "updated": ("Page établie le {when}.", "Page made on {when}."),
    "loopback": (
        "Cette page n’est visible que sur cet ordinateur : il n’y a pas encore de mots de passe.",
        "This page can be seen on this computer only: there are no passwords yet.",
    ),
    "address": ("Adresse de cette page :", "Address of this page:"),
    # the list of sites
    "sites_title": ("Les kiosques solaires", "The solar kiosks"),
    "sites_lead": ("Le courant, la recette et le réseau de chaque site.", "Power, income and network of each site."),
    "no_sites": (
        "Aucun site n’est encore inscrit. Sur le serveur : kayasol site add",
        "No site is registered yet. On the server: kayasol site add",
    ),
    "map_title": ("Carte des sites, par commune", "Map of the sites, by commune"),
    "north": ("N", "N"),
    "kind_school": ("École", "School"),
    "kind_health": ("Centre de santé", "Health centre"),
    "kind_other": ("Site", "Site"),
    "for_technician": ("Pour le technicien", "For the technician"),
    "income_14": ("Recette par jour, 14 jours", "Income a day, 14 days"),
    # states: a word, a shape and a colour, never colour alone
    "state_ok": ("Tout va bien", "All is well"),
    "state_warn": ("À surveiller", "Keep an eye on it"),
    "state_bad": ("En panne", "Broken down"),
    "state_unknown": ("Pas de nouvelles", "No news"),
    "reason_ok": ("Tout fonctionne.", "Everything works."),
    "reason_night": (
        "Il fait nuit : le site fonctionne sur la batterie.",
        "It is night, the site runs on its battery.",
    ),
    "reason_silent": (
        "Aucune nouvelle depuis {span} : pas de réseau, ou borne éteinte.",
        "No news for {span}: no network, or the kiosk is off.",
    ),
    "reason_silent_low_battery": (
        "Aucune nouvelle depuis {span}, et la batterie était faible : la borne s’est sans doute éteinte.",
        "No news for {span}, and the battery was low: the kiosk has probably gone off.",
    ),
    "reason_never_seen": ("Ce site n’a encore rien envoyé.", "This site has not sent anything yet."),
    "reason_power_off": (
        "Plus de courant : le régulateur a coupé la sortie.",
        "The power is off: the controller has switched the output off.",
    ),
    "reason_low_battery": ("La batterie est faible.", "The battery is low."),
    "reason_device_silent": (
        "L’appareil « {device} » ne répond plus depuis {span}.",
        "The device “{device}” has not answered for {span}.",
    ),
    "reason_behind": (
        "La borne répond, mais ses mesures arrivent en retard ou ne sont pas encore datées.",
        "The kiosk answers, but its measurements come late or have no date yet.",
    ),
    # what to do about a state
    "do_silent": (
        "Appeler le gérant ou la gérante : la borne est-elle allumée ? Reste-t-il du crédit ?",
        "Call the attendant: is the kiosk on, is there credit?",
    ),
    "do_silent_low_battery": (
        "Appeler le gérant ou la gérante : ne plus recharger de téléphones, laisser le soleil recharger la batterie.",
        "Call the attendant: charge no more phones, let the sun fill the battery.",
    ),
    "do_never_seen": (
        "Terminer l’installation : la borne doit se connecter une première fois.",
        "Finish the installation: the kiosk has to connect once.",
    ),
    "do_power_off": (
        "Ne rien brancher et attendre le soleil ; si le courant n’est pas revenu à midi, appeler le technicien.",
        "Plug nothing in and wait for the sun; if the power is not back by noon, call the technician.",
    ),
    "do_low_battery": (
        "Arrêter la recharge des téléphones ; garder la batterie pour la lumière.",
        "Stop charging phones; keep the battery for the light.",
    ),
    "do_device_silent": ("Vérifier son câble et son fusible.", "Check its cable and its fuse."),
    "do_behind": (
        "Attendre une heure ; si rien ne change, redémarrer la borne.",
        "Wait an hour; if nothing changes, restart the kiosk.",
    ),
    # ages and spans
    "age_now": ("à l’instant", "just now"),
    "age_minutes": ("il\u00a0y\u00a0a\u00a0{n}\u00a0min", "{n}\u00a0min ago"),
    "age_hours": ("il\u00a0y\u00a0a\u00a0{n}\u00a0h", "{n}\u00a0h ago"),
    "age_days": ("il\u00a0y\u00a0a\u00a0{n}\u00a0jours", "{n}\u00a0days ago"),
    "span_minutes": ("{n}\u00a0min", "{n}\u00a0min"),
    "span_hours": ("{n}\u00a0h", "{n}\u00a0h"),
    "span_days": ("{n}\u00a0jours", "{n}\u00a0days"),
    "moment": ("{day} à {time}", "{day} at {time}"),
    "from_to": ("de {low} à {high}", "{low} to {high}"),
    "last_news": ("Dernières nouvelles {age}", "Last news {age}"),
    "never_heard": ("Aucune nouvelle jusqu’ici", "No news so far"),
    "unknown": ("inconnu", "not known"),
    "unknown_sign": ("?", "?"),
    # errors
    "error_400": ("L’adresse demandée n’est pas correcte.", "The address asked for is not correct."),
    "error_503": (
        "La base de données ne répond pas. Réessayez dans une minute.",
        "The database does not answer. Try again in a minute.",
    ),
    "error_404": (
        "Cette page n’existe pas. Le nom du site est peut-être mal écrit.",
        "There is no such page. The site may be misspelt.",
    ),
    "error_500": (
        "Le serveur a rencontré un problème. Réessayez dans quelques minutes.",
        "The server has a problem. Try again in a few minutes.",
    ),
    "back": ("Retour aux sites", "Back to the sites"),
}
