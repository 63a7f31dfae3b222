"""`kayasol readings rebuild`: fills a store that was lost or exchanged from the archive; gives the exit code."""

from __future__ import annotations

import sys

from kayasol.parts import utc_ms
from kayasol.readings_store import open_readings
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from office.redating import Redating
from store import sites
from store.engine import Store
from store.errors import StoreError

DONE, BROKEN_OFF = 0, 2
"""Exit codes."""


def rebuild(settings: ServerSettings, only: str = "") -> int:
    """Write the readings of every site, or of one, from the archived blocks into the store that the settings name.

    What is there of their boots is removed first. Raises ConfigError for a site that is not registered.
    """
    store = Store.open(settings.database)
    try:
        with store.read() as connection:
            codes = [site.code for site in sites.all_sites(connection)]
        if only and only not in codes:
            raise ConfigError(f"no site `{only}` is registered; `kayasol site list` names them")
        with open_readings(settings, store) as opened:
            redating = Redating(store, opened.readings, utc_ms)
            for code in [only] if only else codes:
                print(f"{code}: {redating.begin_anew(code)} boots to be written from the archive", flush=True)
            while redating.run_once():
                pass
    except StoreError as error:
        print(
            f"kayasol: broken off, nothing is lost: {error}. A running server writes the rest by itself",
            file=sys.stderr,
        )
        return BROKEN_OFF
    finally:
        store.close()
    print("The readings are as the archive says; a running server computes the days' figures anew.")
    return DONE
