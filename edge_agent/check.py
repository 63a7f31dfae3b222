"""`kayasol-edge check`: files, keys, certificates, lines, the broker's name, each with what to do. Changes nothing."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_agent import certificates, commission, ports
from edge_agent.config import Config, Device
from edge_agent.mqtt_link import tls_context
from edge_agent.transports.base import LineError
from kiosk.errors import ConfigError

FREE_LEAST_MB = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    what: str
    remedy: str = ""


def look(config: Config) -> list[Finding]:
    """Everything that a start needs, in the order in which a person would fix it."""
    findings = [_state(config.agent.state), _identity(config), _secrets(config.agent.state), _certificate(config)]
    findings += [_line(device) for device in {device.port: device for device in config.devices}.values()]
    findings += [_prices(config), _broker(config)]
    return findings


def _tried(what: str, trial: Callable[[], None]) -> Finding:
    try:
        trial()
    except (ConfigError, LineError) as error:
        return Finding(False, what, str(error))
    return Finding(True, what)


def _state(state: Path) -> Finding:
    what = f"state folder {state}"
    if not state.is_dir() or not os.access(state, os.W_OK | os.X_OK):
        return Finding(False, what, "make it, and let the agent's user write there")
    disk = os.statvfs(state)
    free_mb = disk.f_bavail * disk.f_frsize // 1_000_000
    if free_mb < FREE_LEAST_MB:
        return Finding(False, f"{what}: {free_mb} MB free", f"free some space: {FREE_LEAST_MB} MB at least")
    return Finding(True, f"{what}: {free_mb} MB free")


def _identity(config: Config) -> Finding:
    def trial() -> None:
        own = commission.load(config.agent.state)
        if own.site != config.site.code or own.currency != config.site.currency:
            raise ConfigError(
                f"[site] says {config.site.code} in {config.site.currency}, the act {own.site} in {own.currency}: "
                "correct the configuration file"
            )

    return _tried("act and ledger key", trial)


def _secrets(state: Path) -> Finding:
    """Private keys are the owner's alone."""
    for name in (commission.LEDGER_KEY, commission.TLS_KEY):
        path = state / name
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            return Finding(False, f"rights of {path}", f"others can read it: chmod 600 {path}")
    return Finding(True, "rights of the private keys")


def _certificate(config: Config) -> Finding:
    broker = config.broker
    if broker.ca is None or broker.certificate is None or broker.key is None:
        return Finding(True, "no TLS: the broker is on this computer")
    ca, certificate, key = broker.ca, broker.certificate, broker.key

    def trial() -> None:
        try:
            pems = certificate.read_bytes(), ca.read_bytes(), key.read_bytes()
            certificates.check_certificate(*pems, config.site.code)
        except OSError as error:
            raise ConfigError(
                f"{error.filename} cannot be read ({error.strerror}): run `kayasol-edge accept`"
            ) from error
        tls_context(broker)

    return _tried("certificate, its key and authority", trial)


def _line(device: Device) -> Finding:
    def trial() -> None:
        line = ports.lines([device])[device.name]
        try:
            line.open()
        finally:
            line.close()

    return _tried(f"line of {device.name} ({device.port})", trial)


def _prices(config: Config) -> Finding:
    if not config.tariffs:
        return Finding(
            False, "prices", "no [[tariff]]: nothing can be sold; leave it so only on a site without a shelf"
        )
    return Finding(True, f"{len(config.tariffs)} prices")


def _broker(config: Config) -> Finding:
    """The name is looked up only: connecting is the agent's, and no network now is no fault."""
    host = config.broker.host
    try:
        socket.getaddrinfo(host, config.broker.port)
    except OSError as error:
        return Finding(
            False, f"broker {host}", f"its name is not known here ({error}); with no network now, look again later"
        )
    return Finding(True, f"broker {host}:{config.broker.port}")
