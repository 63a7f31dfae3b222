"""Sentences of the technician's pages, French and English side by side. Knows no figure."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "technique": ("technique", "technical"),
    "tour_title": ("La tournée du technicien", "The technician’s tour"),
    "tour": ("La tournée", "The tour"),
    "tour_lead": (
        "D’abord les sites qui ont besoin d’une visite, avec la raison et ce qu’il faut faire.",
        "The sites that need a visit first, with the reason and what to do.",
    ),
    "to_do": ("À faire", "To do"),
    "nothing_to_do": ("Rien de particulier ces sept derniers jours.", "Nothing in particular in the last seven days."),
    "settings": (
        "Réglages du site : coupure à {cutoff}, batterie faible en dessous de {low}.",
        "Settings of the site: cut-off at {cutoff}, battery called low under {low}.",
    ),
    "back_to_site": ("La page du site", "The site’s page"),
    # findings: what is seen, and what to do
    "find_power_down": (
        "Jours avec une coupure de courant : {n} sur {of} (durée totale : {span}).",
        "Days with a power cut: {n} of {of} ({span} in all).",
    ),
    "fix_power_down": (
        "Mesurer la batterie au repos, resserrer les cosses, comparer l’énergie consommée à l’énergie solaire.",
        "Measure the battery at rest, tighten its terminals, compare energy used with solar energy.",
    ),
    "find_not_full": (
        "Jours sans pleine charge : {n} sur {of}.",
        "Days without a full charge: {n} of {of}.",
    ),
    "fix_not_full": (
        "Nettoyer les panneaux, chercher une ombre, vérifier les tensions réglées sur le régulateur.",
        "Clean the panels, look for shade, check the voltages set on the controller.",
    ),
    "find_no_yield": (
        "Le {day}, les panneaux n’ont rien produit en plein jour.",
        "The panels gave nothing in daylight on {day}.",
    ),
    "fix_no_yield": (
        "Vérifier le fusible, les connecteurs et le câble des panneaux.",
        "Check the panels’ fuse, connectors and cable.",
    ),
    "find_counter": (
        "Le compteur d’énergie du régulateur s’est bloqué ou a fait un saut.",
        "The controller’s energy counter was stuck or jumped.",
    ),
    "fix_counter": (
        "Noter les chiffres affichés par le régulateur et les comparer à ceux de cette page.",
        "Note what the controller displays and compare it with this page.",
    ),
    "find_device_silent": (
        "« {device} » n’a pas répondu pendant {span}.",
        "“{device}” did not answer for {span}.",
    ),
    "fix_device_silent": (
        "Rebrancher ou changer son câble de données.",
        "Plug its data cable in again, or replace it.",
    ),
    "find_flagged": (
        "Valeurs impossibles de « {device} » ({metric}) : {n}.",
        "Impossible values from “{device}” ({metric}): {n}.",
    ),
    "fix_flagged": (
        "Éloigner le câble de données des câbles de puissance, vérifier la masse.",
        "Keep the data cable away from the power cables, check the ground.",
    ),
    "find_link": ("Réseau présent {share} du temps seulement.", "Network there only {share} of the time."),
    "fix_link": ("Vérifier l’antenne, le crédit et la carte SIM.", "Check antenna, credit and SIM card."),
    "find_no_clock": (
        "La borne démarre parfois sans connaître l’heure.",
        "The kiosk sometimes starts without knowing the time.",
    ),
    "fix_no_clock": (
        "Changer la pile de son horloge ; si elle n’a pas d’horloge, en poser une.",
        "Replace the battery of its clock, or add a clock.",
    ),
    "find_no_space": (
        "La borne a effacé des mesures faute de place.",
        "The kiosk dropped measurements for want of space.",
    ),
    "fix_no_space": ("Mettre une carte mémoire plus grande.", "Put in a larger memory card."),
    "find_forked": (
        "La carte de la borne a été copiée ou restaurée : il y a deux versions du livre de caisse.",
        "The kiosk’s card was copied or restored: there are two versions of the cash ledger.",
    ),
    "fix_forked": (
        "Ne rien effacer ; garder les deux cartes et prévenir l’association.",
        "Erase nothing; keep both cards and tell the association.",
    ),
    "find_lost": ("Écritures de caisse manquantes : {n}.", "Ledger records missing: {n}."),
    "fix_lost": (
        "Ne rien effacer ; garder la carte de la borne et prévenir l’association.",
        "Erase nothing; keep the kiosk’s card and tell the association.",
    ),
    # charts
    "quoted": ("« {name} »", "“{name}”"),
    "no_charts": ("Aucune mesure sur cette période.", "No measurement in this time."),
    "chart": ("{name}, appareil « {device} »", "{name}, device “{device}”"),
    "low_high_last": ("de {low} à {high}, dernière valeur : {last}", "from {low} to {high}, last value {last}"),
    "zoom": ("Agrandir", "Enlarge"),
    "zoom_whole": ("Toute la période", "The whole time"),
    "zoom_hint": (
        "Glisser le doigt sur le graphique pour agrandir ; toucher deux fois pour revenir.",
        "Drag over the chart to zoom in; tap or click twice to go back.",
    ),
    "zoom_wait": ("Chargement…", "Loading…"),
    "zoom_failed": (
        "Les mesures ne sont pas arrivées. Réessayez quand le réseau sera revenu.",
        "The measurements did not come. Try again when the network is there.",
    ),
    "zoom_time": ("Heure", "Time"),
    "zoom_low": ("Plus bas", "Lowest"),
    "zoom_mean": ("Moyenne", "Mean"),
    "zoom_high": ("Plus haut", "Highest"),
    "stages": ("Charge de la batterie, jour par jour", "Charging, day by day"),
    "stages_full": (
        "Jours avec une pleine charge : {n} sur {of} connus.",
        "Days with a full charge: {n} of {of} known.",
    ),
    "stage_0": ("arrêt", "off"),
    "stage_2": ("défaut", "fault"),
    "stage_3": ("charge principale", "bulk"),
    "stage_4": ("absorption", "absorption"),
    "stage_5": ("maintien", "float"),
    "stage_7": ("égalisation", "equalisation"),
    # coverage, link, starts
    "coverage": ("Mesures reçues, par appareil et par jour", "Measurements received, by device and day"),
    "octets": ("Reçu sur cette période : {size}.", "Received in this time: {size}."),
    "cadence": ("La borne envoie ses chiffres toutes les {span}.", "The kiosk sends its figures every {span}."),
    "rows_waiting": ("Mesures en attente sur la borne : {n}.", "Measurements waiting at the kiosk: {n}."),
    "rows_dropped": (
        "Mesures effacées faute de place depuis le début : {n}.",
        "Measurements dropped for want of space since the beginning: {n}.",
    ),
    "starts": ("Démarrages de la borne", "Starts of the kiosk"),
    "starts_more": ("Démarrages plus anciens : {n}.", "Earlier starts: {n}."),
    "number": ("N°", "No."),
    "began": ("Début", "Began"),
    "lasted": ("Durée", "Lasted"),
    "clock": ("Source de l’heure", "Time from"),
    "no_date": ("date inconnue", "date not known"),
    "clock_none": ("aucune", "nobody"),
    "clock_saved": ("dernier arrêt", "its last stop"),
    "clock_typed": ("saisie à la main", "a person"),
    "clock_phone": ("téléphone", "a phone"),
    "clock_modem": ("modem", "the modem"),
    "clock_server": ("serveur", "the server"),
    "clock_rtc": ("horloge à pile", "its own clock"),
    "clock_gnss": ("GPS", "GPS"),
    "clock_ntp": ("Internet", "the Internet"),
    # devices
    "driver": ("Pilote {driver}.", "Driver {driver}."),
    "driver_serial": ("Pilote {driver}, numéro de série {serial}.", "Driver {driver}, serial number {serial}."),
    "driver_own": ("La borne elle-même.", "The kiosk itself."),
    "driver_unknown": ("Pilote inconnu.", "Driver not known."),
    "seen": ("Dernière mesure {age}.", "Last measurement {age}."),
    "flagged": ("Valeurs impossibles mises de côté : {n}.", "Impossible values set aside: {n}."),
}
