"""Sentences of one site's page, French and English side by side. Knows no figure."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    # money
    "income": ("Recette", "Income"),
    "today": ("Aujourd’hui", "Today"),
    "this_month": ("Ce mois-ci", "This month"),
    "this_month_to": ("Ce mois-ci, jusqu’au {day}", "This month, to {day}"),
    "last_month": ("Mois dernier", "Last month"),
    "last_month_same": ("dont {amount} à la même date", "{amount} of it by the same date"),
    "sales_none": ("aucune vente", "no sale"),
    "sales_one": ("{n} vente", "{n} sale"),
    "sales_many": ("{n} ventes", "{n} sales"),
    "known_to": ("Ventes connues jusqu’au {when}.", "Sales known up to {when}."),
    "compared": (
        "Ce mois-ci comparé au mois dernier ; le trait marque le mois dernier à la même date",
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
    "nothing_there": (
        "Le {when}, la borne avait envoyé toutes ses écritures.",
        "On {when} the kiosk had sent all its records.",
    ),
    "undated_money": (
        "Écritures qui attendent leur date : {n} ({amount}). La borne ne connaît pas encore l’heure.",
        "Records that wait for their date: {n} ({amount}). The kiosk does not know the time yet.",
    ),
    "lost_records": (
        "Écritures qui manquent définitivement : {n} (perdues, ou illisibles et mises de côté).",
        "Records missing for good: {n} (lost, or unreadable and set aside).",
    ),
    "forked": (
        (
            "La carte de la borne a été copiée ou restaurée : il y a deux versions du livre de caisse."
            " Appeler le technicien."
        ),
        "The kiosk’s card was copied or restored: there are two versions of the cash ledger. Call the technician.",
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
    "by_service": ("Ce mois-ci, par service, en {currency}", "This month, by service, in {currency}"),
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
    "tonight_risk": ("Le courant risque d’être coupé", "The power may go off"),
    "tonight_off": ("Le courant est coupé", "The power is off"),
    "tonight_unknown": ("On ne sait pas", "Not known"),
    "why_ok": (
        (
            "La recharge des téléphones peut continuer. Pendant les {n} dernières nuits mesurées, la batterie n’est pas"
            " descendue sous {low} ; la coupure se fait à {cutoff}."
        ),
        (
            "Phones can go on charging. In the last {n} measured nights the battery did not fall below {low}; the power"
            " goes off at {cutoff}."
        ),
    ),
    "why_ok_one": (
        (
            "La recharge des téléphones peut continuer. Pendant la seule nuit mesurée, la batterie n’est pas descendue"
            " sous {low} ; la coupure se fait à {cutoff}."
        ),
        (
            "Phones can go on charging. In the only measured night the battery did not fall below {low}; the power goes"
            " off at {cutoff}."
        ),
    ),
    "why_careful": (
        (
            "La nuit du {day}, la batterie est descendue à {low} ; la coupure se fait à {cutoff}. Ne plus recharger"
            " de téléphones après le coucher du soleil."
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
        "La batterie n’est plus qu’à {volts} ; la coupure se fait à {cutoff}. Arrêter la recharge des téléphones.",
        "The battery has only {volts} left; the power goes off at {cutoff}. Stop charging phones.",
    ),
    "why_off": (
        (
            "Le régulateur a coupé la sortie pour protéger la batterie. Le courant reviendra quand le soleil l’aura"
            " rechargée."
        ),
        (
            "The controller has switched the output off to protect the battery. The power will come back once the sun"
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
        (
            "C’est une estimation d’après {n} nuits mesurées : un jour sans soleil ou davantage de recharges peuvent"
            " tout changer."
        ),
        "This is an estimate, from {n} measured nights: a day without sun or more charging changes it.",
    ),
    "estimated_by_one": (
        "C’est une estimation d’après une seule nuit mesurée : la suivante peut être différente.",
        "This is an estimate from only one measured night: the next may differ.",
    ),
    "battery_now": ("Batterie : {volts}, {age}", "Battery: {volts}, {age}"),
    "battery_last": ("Dernière tension connue : {volts}, {age}.", "Last known voltage: {volts}, {age}."),
    "night_chart": ("Tension de la batterie, nuit du {day}", "Battery voltage, night of {day}"),
    "nights_week": (
        "Sept nuits : tension du coucher au lever du soleil",
        "Seven nights: voltage from sunset to sunrise",
    ),
    "night_low": (
        "Sous chaque nuit : sa tension la plus basse, en volts.",
        "Below each night: its lowest voltage, in volts.",
    ),
    "battery_unknown": ("Aucune mesure cette nuit-là.", "No measurement in that night."),
    "cutoff": ("coupure {volts}", "cut-off {volts}"),
    "day_low": ("Tension la plus basse aujourd’hui : {volts} à {time}.", "Lowest voltage today: {volts} at {time}."),
    "full_yes": ("Pleine charge atteinte aujourd’hui.", "Fully charged today."),
    "full_no": ("Pas encore de pleine charge aujourd’hui.", "Not yet full today."),
    # the sun
    "sun": ("Soleil", "Sun"),
    "sun_7": ("Sept jours de soleil, de 6 h à 18 h", "Seven days of sun, from 6 to 18 h"),
    "sun_below": ("Sous chaque jour : son énergie, en kWh.", "Below each day: its energy, in kWh."),
    "sun_30": ("Énergie solaire par jour, 30 jours", "Solar energy a day, 30 days"),
    "best_day": ("maximum : {amount}", "highest: {amount}"),
    "sun_now": ("Panneaux : {watts}", "Panels: {watts}"),
    "sun_night": (
        "Il fait nuit. Dernière production mesurée à {time} : {watts}.",
        "It is night. Last output measured at {time}: {watts}.",
    ),
    "sun_night_unseen": ("Il fait nuit.", "It is night."),
    "sun_unknown": ("On ne sait pas : pas de mesure récente.", "Not known: no recent measurement."),
    "energy_today": (
        "Produit aujourd’hui : {energy} ; consommé : {load}.",
        "Produced today: {energy}; used: {load}.",
    ),
    "energy_unknown": ("Aujourd’hui : pas encore de mesure.", "Today: no measurement yet."),
    "energy_range": ("Production estimée : {range}, car {why}", "Production estimated: {range}, because {why}"),
    "estimate_integrated": ("elle est calculée d’après la puissance.", "it is summed from power."),
    "estimate_estimated": ("il manque des mesures autour de minuit.", "measurements around midnight are missing."),
    "estimate_other": ("le compteur avance par paliers.", "the counter counts in steps."),
    "measured": ("(mesuré {share} du temps)", "(measured {share} of the time)"),
    "legend": (
        "Foncé : connu. Clair : connu en partie. ○ : inconnu.",
        "Dark: known. Pale: known in part. ○: not known.",
    ),
    # uptimes
    "uptimes": ("Ce qui a marché, sur 30 jours", "What worked, 30 days"),
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
    "missing_more": ("Autres lignes, dans le tableau CSV : {n}.", "More lines, in the CSV table: {n}."),
    "on_day": ("Le {day}", "{day}"),
    "on_days": ("Du {first} au {last}", "{first} to {last}"),
    "miss_no_news": (
        "Pas de nouvelles de la borne : les chiffres arriveront peut-être plus tard.",
        "No news from the kiosk: the figures may come later.",
    ),
    "miss_no_readings": ("Aucune mesure n’est arrivée.", "No measurement came."),
    "miss_agent_off": ("La borne est restée éteinte pendant {amount}.", "The kiosk was off for {amount}."),
    "miss_power_lost": (
        "Batterie vide : la borne s’est éteinte pendant {amount}.",
        "Battery empty: the kiosk was off for {amount}.",
    ),
    "miss_at_kiosk": (
        "Des mesures sont encore sur la borne (durée : {amount}) ; elles arriveront avec le réseau.",
        "Measurements are still at the kiosk ({amount}): they will come with the network.",
    ),
    "miss_device_silent": (
        "L’appareil « {subject} » n’a pas répondu pendant {amount}.",
        "The device “{subject}” did not answer for {amount}.",
    ),
    "miss_undated_boot": (
        "La borne a démarré sans connaître l’heure ({amount} fois) : les mesures attendent leur date.",
        "The kiosk started without knowing the time ({amount} times): these measurements wait for their date.",
    ),
    "miss_dropped_rows": (
        "La borne manquait de place : elle a effacé ses plus anciennes mesures (durée : {amount}).",
        "The kiosk was short of space: it dropped its oldest measurements ({amount}).",
    ),
    "miss_flagged_values": (
        "Des valeurs impossibles ont été mises de côté ({subject}, {amount} fois).",
        "Impossible values were set aside ({subject}, {amount} times).",
    ),
    "miss_not_heard": ("Pas de réseau pendant {amount}.", "No network for {amount}."),
    "miss_no_yield": (
        "Il faisait jour, mais les panneaux n’ont rien produit : vérifier leur câble et leur fusible.",
        "It was day, but the panels gave nothing: check their cable and their fuse.",
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
        "Le compteur d’énergie est reparti de zéro ; le calcul en a tenu compte.",
        "The energy counter began again at zero; this was allowed for.",
    ),
    "miss_counter_rollover": (
        "Le compteur d’énergie est arrivé au bout et reparti de zéro ; le calcul en a tenu compte.",
        "The energy counter came to its end and began again; this was allowed for.",
    ),
    "miss_counter_stuck": (
        "Le compteur d’énergie est resté bloqué ; l’énergie est calculée d’après la puissance.",
        "The energy counter was stuck; energy is summed from power.",
    ),
    "miss_counter_jump": (
        "Le compteur d’énergie a fait un saut ; ce saut n’est pas compté.",
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
        "Deux appareils ne mesurent pas la même tension de batterie : vérifier leurs câbles.",
        "Two devices do not measure the same battery voltage: check their cables.",
    ),
    "miss_history_disagrees": (
        "La mémoire du régulateur contredit son compteur ; elle n’a pas été utilisée.",
        "The controller’s memory contradicts its counter; it was not used.",
    ),
    # tables and links
    "figures_csv": ("Chiffres par jour, tableau CSV", "Figures by day, CSV table"),
    "figures_json": ("Chiffres par jour, JSON", "Figures by day, JSON"),
    "ledger_json": ("Écritures de caisse, JSON", "Ledger records, JSON"),
}
