"""Commissions the demo's kiosks as a technician would: keys born at each, files exchanged, a configuration written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from edge_agent import commission
from edge_agent.config import Config
from edge_agent.config import load as load_config
from firmware_sim.scenarios import Scenario
from ingest.keys import open_keys
from kayasol.ca import Authority
from kayasol.demo.places import Places, Village, replace_file, scenario_of
from kayasol.settings import ServerSettings
from kayasol.sites import NewSite, commission_request, parse_request
from kiosk.errors import ConfigError
from office import parameters
from store.engine import Store
from store.migrate import upgrade
from store.sites import Place, acts_of

SITE_KINDS = {"school": "school", "health-centre": "health"}
SERVICE_NAMES = {"phone": "Téléphone", "lamp": "Lampe", "battery": "Batterie"}

LOW_BATTERY_V = 0.4
"""So near above the cut-off the agent stores each row at once."""

AGENT_TOML = """\
# Written by `kayasol`: a kiosk whose devices are simulated on pseudo-terminals.
[site]
code = "{code}"
name = "{name}"
currency = "XOF"

[agent]
state = "{state}"
sample_s = 60
chunk_rows = 15
rtc = {rtc}
low_battery_v = {low_battery_v}

[broker]
host = "{broker_host}"
port = {broker_port}
cadence_s = {cadence_s}
keepalive_s = 30
sales_at_once = {sales_at_once}
{security}

[[device]]
name = "mppt"
driver = "victron-vedirect"
port = "{mppt}"

[[device]]
name = "board"
driver = "charging-board"
port = "{board}"
"""

PLAIN = "plain_loopback = true"
TLS = '''ca = "ca.pem"
certificate = "device.pem"
key = "device.key"'''
"""Files that `accept` wrote into the state folder."""

TARIFF_TOML = """
[[tariff]]
service = "{service}"
name = "{name}"
price = {price}
button = "{button}"
"""


def write_agent_toml(
    places: Places,
    scenario: Scenario,
    cadence_s: int,
    broker_port: int,
    *,
    tls_host: str = "",
    sales_at_once: bool = False,
) -> Config:
    """Write and load the agent's configuration; the broker's port may be another one at each start.

    `tls_host`: name of a broker that asks for certificates; empty: one without TLS on this computer.
    """
    code = scenario.code
    text = AGENT_TOML.format(
        code=code,
        name=scenario.name,
        state=places.state(code).absolute(),
        rtc=str(scenario.clock.runs_without_power).lower(),
        low_battery_v=round(scenario.plant.disconnect_v + LOW_BATTERY_V, 2),
        broker_host=tls_host or "127.0.0.1",
        broker_port=broker_port,
        security=TLS if tls_host else PLAIN,
        sales_at_once=str(sales_at_once).lower(),
        cadence_s=cadence_s,
        mppt=places.line(code, "mppt").absolute(),
        board=places.line(code, "board").absolute(),
    )
    for index, service in enumerate(scenario.services):
        name = SERVICE_NAMES.get(service.code, service.code)
        text += TARIFF_TOML.format(
            service=service.code, name=name, price=service.price_minor, button=chr(ord("A") + index)
        )
    replace_file(places.agent_toml(code), text)
    return load_config(places.agent_toml(code))


def commission_village(
    places: Places, settings: ServerSettings, issued_ms: int, codes: Sequence[str] = Village().codes
) -> list[str]:
    """Keys, acts and certificates of the kiosks that have none, the server's database and keys; returns their codes.

    `issued_ms`: UTC of the acts. Raises ConfigError where a kiosk belongs to another server.
    """
    added = []
    upgrade(settings.database)
    store = Store.open(settings.database)
    authority = Authority(settings.folder / "ca", datetime.fromtimestamp(issued_ms / 1000, UTC))
    keys = open_keys(settings.folder)
    try:
        for code in codes:
            scenario, state = scenario_of(code), places.state(code)
            if (state / commission.ACT).exists():
                _require_known(store, code, state)
                continue
            # A start that was broken off has left keys, and perhaps a site that waits for its answer.
            begun = (state / commission.LEDGER_KEY).exists()
            request = commission.request_again(state) if begun else commission.begin(state, code, os.urandom)
            place = Place(scenario.plant.lat_deg, scenario.plant.lon_deg)
            site = NewSite(scenario.name, scenario.commune, SITE_KINDS[scenario.kind], "XOF", place)
            answer = commission_request(store, authority, keys, parse_request(request), site, issued_ms)
            commission.accept(state, answer)
            _tell_cutoff(store, scenario)
            added.append(code)
    finally:
        store.close()
    return added


def _require_known(store: Store, code: str, state: Path) -> None:
    with store.read() as connection:
        known = acts_of(connection, code)
    if (state / commission.ACT).read_bytes() not in known:
        raise ConfigError(f"{state} belongs to another server: give this server's simulated kiosks a folder of its own")


def _tell_cutoff(store: Store, scenario: Scenario) -> None:
    """Where the controller cuts the load off is a setting of the controller: figures must be told."""
    with store.write() as connection:
        told = parameters.load(connection, scenario.code)
        cutoff_mv = round(scenario.plant.disconnect_v * 1000)
        parameters.save(connection, scenario.code, replace(told, cutoff_mv=cutoff_mv))
