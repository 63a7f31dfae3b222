"""What an operator has told about a site for its figures: JSON in a setting, checked. Knows no figure."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, fields

from sqlalchemy import Connection

from figures.facts import Parameters
from kiosk.errors import ConfigError
from store import settings

_LOG = logging.getLogger(__name__)

LAT_MAX_DEG, LON_MAX_DEG = 45, 60


def load(connection: Connection, site: str) -> Parameters:
    """The site's parameters; what was never told has the default. ConfigError names the setting and the remedy."""
    text = settings.get(connection, _name(site))
    return Parameters() if text is None else _parse(site, text)


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


def _parse(site: str, text: str) -> Parameters:
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
    parameters = Parameters(**told)
    if abs(parameters.lat_deg) > LAT_MAX_DEG or abs(parameters.lon_deg) > LON_MAX_DEG:
        raise ConfigError(
            f"setting {_name(site)}: lat_deg within ±{LAT_MAX_DEG} and lon_deg within ±{LON_MAX_DEG}, east is positive:"
            " further away the sun does not rise and set inside one UTC day"
        )
    return parameters
