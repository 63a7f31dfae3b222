"""What figures must be told about a site: JSON in a setting, checked, and its commune's place. Knows no figure."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection

from figures.facts import Parameters
from kiosk.errors import ConfigError
from store import settings, sites

_LOG = logging.getLogger(__name__)

LAT_MAX_DEG, LON_MAX_DEG = 45, 60


def load(connection: Connection, site: str) -> Parameters:
    """The site's parameters: what was told, else the place of its commune, else the default.

    ConfigError names the setting and the remedy.
    """
    known = sites.get(connection, site)
    place = known.place if known else None
    told: dict[str, Any] = {} if place is None else {"lat_deg": place.latitude, "lon_deg": place.longitude}
    text = settings.get(connection, _name(site))
    if text is not None:
        told |= _parse(site, text)
    return _checked(site, Parameters(**told))


def in_force(connection: Connection, site: str) -> Parameters:
    """The same, but a setting that a person must correct stops neither this site's figures nor any other's."""
    try:
        return load(connection, site)
    except ConfigError as error:
        _LOG.error("figures of %s use the default parameters: %s", site, error)
        return Parameters()


def save(connection: Connection, site: str, parameters: Parameters) -> None:
    """Keep a site's parameters. Its computed days stay as they are until they are marked dirty."""
    settings.put(connection, _name(site), json.dumps(asdict(parameters), sort_keys=True))


def _name(site: str) -> str:
    return f"figures.{site}"


def _parse(site: str, text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"setting {_name(site)} is not JSON ({error}): write it anew") from error
    known = {field.name: type(field.default) for field in fields(Parameters)}
    if not isinstance(told, dict):
        raise ConfigError(f"setting {_name(site)} must be a JSON object of {' '.join(sorted(known))}")
    for name, value in told.items():
        if name not in known:
            raise ConfigError(f"setting {_name(site)}: {name!r} is not one of {' '.join(sorted(known))}")
        fits = (int, float) if known[name] is float else (known[name],)
        if type(value) not in fits:
            raise ConfigError(f"setting {_name(site)}: {name} must be of type {known[name].__name__}, not {value!r}")
    return told


def _checked(site: str, parameters: Parameters) -> Parameters:
    if abs(parameters.lat_deg) > LAT_MAX_DEG or abs(parameters.lon_deg) > LON_MAX_DEG:
        raise ConfigError(
            f"setting {_name(site)}: lat_deg within ±{LAT_MAX_DEG} and lon_deg within ±{LON_MAX_DEG}, east is positive:"
            " further away the sun does not rise and set inside one UTC day"
        )
    return parameters
