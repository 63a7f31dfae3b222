"""Sentences of one site's page, French and English side by side. Knows no figure."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    # money
    "income": ("Recette", "Income"),
    "today": ("Aujourd’hui", "Today"),
    "this_month": ("Ce mois", "This month"),
    "this_month_to": ("Ce mois, jusqu’au {day}", "This month, to {day}"),
    "last_month": ("Mois dernier", "Last month"),
    "last_month_same": ("dont {amount} à la même date", "{amount} of it by the same date"),
    "sales_none": ("aucune vente", "no sale"),
    "sales_one": ("{n} vente", "{n} sale"),
    "sales_many": ("{n} ventes", "{n} sales"),
    "known_to": ("Ventes connues jusqu’au {when}.", "Sales known up to {when}."),
    "compared": (
        "Ce mois face au mois dernier ; le trait montre le mois dernier à la même date",
        "This month against last month; the line shows last month by the same date",
    ),
    "complete_upto": ("Comptes complets jusqu’au n°\u00a0{seq}", "Accounts complete up to no.\u00a0{seq}"),
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
    # the month, day by day
    "calendar": ("Le mois, jour par jour", "The month, day by day"),
    "calendar_of": ("{month}, en {currency}", "{month}, in {currency}"),
    "calendar_zero": ("aucune vente", "no sale"),
    "calendar_unknown": ("pas encore connu", "not known yet"),
    "calendar_off": ("borne éteinte", "kiosk off"),
    "calendar_part": ("journée en cours, ou connue en partie", "day not over, or known in part"),
    "by_service": ("Ce mois, par service", "This month, by service"),
    "service_phone": ("Téléphones", "Phones"),
    "service_lamp": ("Lampes", "Lamps"),
    "service_battery": ("Batteries", "Batteries"),
    "taken_back": ("Annulé, remboursé ou corrigé", "Voided, refunded or corrected"),
    "total": ("Total", "Total"),
    # the battery
    "battery": ("Batterie", "Battery"),
    "this_evening": ("Ce soir", "Tonight"),
    "this_night": ("Cette nuit", "Tonight"),
    "tonight_ok": ("De la lumière toute la nuit", "Light all night"),
    "tonight_careful": ("Garder la batterie pour la lumière", "Keep the battery for the light"),
    "tonight_risk": ("Le courant risque de s’arrêter", "The power may go off"),
    "tonight_off": ("Le courant est coupé", "The power is off"),
    "tonight_unknown": ("On ne sait pas", "Not known"),
    "why_ok": (
        (
            "La recharge des téléphones peut continuer. Ces {n} dernières nuits, la batterie est restée au-dessus de"
            " {low} ; le courant s’arrête à {cutoff}."
        ),
        (
            "Phones can go on charging. In these last {n} nights the battery stayed above {low}; the power goes off at"
            " {cutoff}."
        ),
    ),
    "why_careful": (
        (
            "La nuit du {day}, la batterie est descendue à {low} ; le courant s’arrête à {cutoff}. Ne plus recharger de"
            " téléphones une fois le soleil couché."
        ),
        (
            "In the night of {day} the battery went down to {low}; the power goes off at {cutoff}. Charge no phones"
            " after sunset."
        ),
    ),
    "why_risk": (
        (
            "La nuit du {day}, la batterie est tombée sous {cutoff} vers {time}. Ne pas recharger de téléphones ce soir"
            " et n’allumer que les lampes utiles."
        ),
        (
            "In the night of {day} the battery fell below {cutoff} at about {time}. Charge no phones tonight and light"
            " only the lamps that are needed."
        ),
    ),
    "why_low": (
        "La batterie n’a plus que {volts} ; le courant s’arrête à {cutoff}. Arrêter la recharge des téléphones.",
        "The battery has only {volts} left; the power goes off at {cutoff}. Stop charging phones.",
    ),
    "why_off": (
        "Le régulateur a coupé la sortie pour protéger la batterie. Il la rallumera quand le soleil l’aura rechargée.",
        (
            "The controller has switched the output off to protect the battery. It will switch it on again once the sun"
            " has charged it."
        ),
    ),
    "why_unknown": (
        "Il n’y a pas de mesure récente de la batterie.",
        "There is no recent measurement of the battery.",
    ),
    "why_no_nights": (
        "Aucune nuit n’a encore été mesurée en entier.",
        "No whole night has been measured yet.",
    ),
    "estimated_by": (
        "C’est une estimation, d’après {n} nuits mesurées : un jour sans soleil ou plus de recharges changent tout.",
        "This is an estimate, from {n} measured nights: a day without sun or more charging changes it.",
    ),
    "battery_now": ("Batterie : {volts}, {age}", "Battery: {volts}, {age}"),
    "battery_last": ("Dernière tension connue : {volts}, {age}.", "Last known voltage: {volts}, {age}."),
    "night_chart": ("Tension de la batterie, nuit du {day}", "Battery voltage, night of {day}"),
    "nights_week": (
        "Sept nuits : tension du coucher au lever du soleil",
        "Seven nights: voltage from sunset to sunrise",
    ),
    "night_low": ("En bas : le plus bas de la nuit, en volts.", "Below: the lowest of the night, in volts."),
    "battery_unknown": ("Aucune mesure cette nuit-là.", "No measurement in that night."),
    "cutoff": ("coupure {volts}", "cut-off {volts}"),
    "day_low": ("Plus bas aujourd’hui : {volts} à {time}.", "Lowest today: {volts} at {time}."),
    "full_yes": ("Pleine charge atteinte aujourd’hui.", "Fully charged today."),
    "full_no": ("Pas encore pleine aujourd’hui.", "Not yet full today."),
    # the sun
    "sun": ("Soleil", "Sun"),
    "sun_7": ("Sept jours de soleil, de 6 h à 18 h", "Seven days of sun, from 6 to 18 h"),
    "sun_below": ("En bas : l’énergie du jour, en kWh.", "Below: the day’s energy, in kWh."),
    "sun_30": ("Énergie solaire par jour, 30 jours", "Solar energy a day, 30 days"),
    "best_day": ("le plus : {amount}", "highest: {amount}"),
    "sun_now": ("{watts} en ce moment", "{watts} right now"),
    "sun_night": (
        "Il fait nuit. Dernier soleil mesuré à {time} : {watts}.",
        "It is night. Last sunlight measured at {time}: {watts}.",
    ),
    "sun_night_unseen": ("Il fait nuit.", "It is night."),
    "sun_unknown": ("On ne sait pas : pas de mesure récente.", "Not known: no recent measurement."),
    "energy_today": ("Aujourd’hui : {energy} produits, {load} consommés.", "Today: {energy} produced, {load} used."),
    "energy_unknown": ("Aujourd’hui : pas encore de mesure.", "Today: no measurement yet."),
    "energy_range": ("Production estimée, {range} : {why}", "Production estimated, {range}: {why}"),
    "estimate_integrated": ("calculée d’après la puissance.", "summed from power."),
    "estimate_estimated": ("il manque des mesures autour de minuit.", "measurements around midnight are missing."),
    "estimate_other": ("le compteur n’est pas plus précis.", "the counter is no finer."),
    "measured": ("(mesuré {share} du temps)", "(measured {share} of the time)"),
    "legend": ("Plein : connu. Clair : en partie. ○ : inconnu.", "Solid: known. Pale: in part. ○: not known."),
    # uptimes
    "uptimes": ("Ce qui a marché, 30 jours", "What worked, 30 days"),
    "power": ("Courant", "Power"),
    "uptime_power": ("les lampes et la recharge avaient du courant", "lamps and shelf had power"),
    "agent": ("Borne", "Kiosk"),
    "uptime_agent": ("la borne était allumée", "the kiosk was on"),
    "link": ("Réseau", "Network"),
    "uptime_link": ("la borne a pu envoyer ses chiffres", "the kiosk could send its figures"),
    "strip": ("{name}, jour par jour", "{name}, day by day"),
    # what is missing
    "missing": ("Ce qui manque, et pourquoi", "What is missing, and why"),
    "missing_none": ("Rien ne manque sur ces 30 jours.", "Nothing is missing in these 30 days."),
    "missing_nothing_yet": ("Aucun jour n’a encore été mesuré.", "No day has been measured yet."),
    "missing_more": ("… et {n} autres lignes dans le tableau CSV.", "… and {n} more lines in the CSV table."),
    "on_day": ("Le {day}", "{day}"),
    "on_days": ("Du {first} au {last}", "{first} to {last}"),
    "miss_no_news": (
        "Pas de nouvelles de la borne : les chiffres arriveront peut-être plus tard.",
        "No news from the kiosk: the figures may come later.",
    ),
    "miss_no_readings": ("Aucune mesure n’est arrivée.", "No measurement came."),
    "miss_agent_off": ("La borne était éteinte pendant {amount}.", "The kiosk was off for {amount}."),
    "miss_power_lost": (
        "Batterie vide : la borne s’est éteinte pendant {amount}.",
        "Battery empty: the kiosk was off for {amount}.",
    ),
    "miss_at_kiosk": (
        "Des mesures sont encore sur la borne ({amount}) : elles arriveront avec le réseau.",
        "Measurements are still at the kiosk ({amount}): they will come with the network.",
    ),
    "miss_device_silent": (
        "L’appareil « {subject} » n’a pas répondu pendant {amount}.",
        "The device “{subject}” did not answer for {amount}.",
    ),
    "miss_undated_boot": (
        "La borne a démarré sans connaître l’heure ({amount} fois) : ces mesures attendent leur date.",
        "The kiosk started without knowing the time ({amount} times): these measurements wait for their date.",
    ),
    "miss_dropped_rows": (
        "La borne manquait de place : elle a effacé ses plus anciennes mesures ({amount}).",
        "The kiosk was short of space: it dropped its oldest measurements ({amount}).",
    ),
    "miss_flagged_values": (
        "Des valeurs impossibles ont été mises de côté ({subject}, {amount} fois).",
        "Impossible values were set aside ({subject}, {amount} times).",
    ),
    "miss_not_heard": ("Pas de réseau pendant {amount}.", "No network for {amount}."),
    "miss_no_yield": (
        "Il faisait jour, mais le panneau n’a rien donné : vérifier son câble et son fusible.",
        "It was day, but the panel gave nothing: check its cable and its fuse.",
    ),
    "miss_integrated": (
        "L’énergie est calculée d’après la puissance : l’appareil n’a pas de compteur.",
        "Energy is summed from power: the device has no counter.",
    ),
    "miss_estimated": (
        "L’énergie est en partie estimée : il manque des mesures autour de minuit.",
        "Part of the energy is an estimate: measurements around midnight are missing.",
    ),
    "miss_counter_reset": (
        "Le compteur d’énergie est reparti de zéro ; on a continué à compter.",
        "The energy counter began again at zero; counting went on.",
    ),
    "miss_counter_rollover": (
        "Le compteur d’énergie est arrivé au bout et a repris à zéro ; on a continué à compter.",
        "The energy counter came to its end and began again; counting went on.",
    ),
    "miss_counter_stuck": (
        "Le compteur d’énergie est resté bloqué ; l’énergie est calculée d’après la puissance.",
        "The energy counter was stuck; energy is summed from power.",
    ),
    "miss_counter_jump": (
        "Le compteur d’énergie a sauté d’un coup ; ce saut n’est pas compté.",
        "The energy counter jumped; the jump is not counted.",
    ),
    "miss_boots_overlap": (
        "Deux démarrages de la borne portent la même heure ; l’ordre des mesures n’est pas sûr.",
        "Two starts of the kiosk are dated at the same time; the order of measurements is not sure.",
    ),
    "miss_controller_history": (
        "La borne était éteinte ; l’énergie vient de la mémoire du régulateur.",
        "The kiosk was off; the energy comes from the controller’s memory.",
    ),
    "miss_devices_disagree": (
        "Deux appareils ne lisent pas la même tension de batterie : vérifier leurs câbles.",
        "Two devices do not read the same battery voltage: check their cables.",
    ),
    "miss_history_disagrees": (
        "La mémoire du régulateur contredit son compteur ; elle n’a pas servi.",
        "The controller’s memory contradicts its counter; it was not used.",
    ),
    # tables and links
    "figures_csv": ("Chiffres par jour, tableau CSV", "Figures by day, CSV table"),
    "figures_json": ("Chiffres par jour, JSON", "Figures by day, JSON"),
    "ledger_json": ("Écritures de caisse, JSON", "Ledger records, JSON"),
}
