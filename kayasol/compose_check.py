"""Looks at the container files as a burglar and a careful neighbour would: doors, rights, secrets, pins.

Reads the JSON that a compose parser makes of docker-compose.yml (`docker compose config --format json`), so it knows
no YAML and nothing of variables. Starts nothing.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kayasol.secret_files import fault_of
from kiosk.errors import ConfigError

PAGES, PAGES_PORT = "api", 8000
BROKER, BROKER_PORT = "mosquitto", 8883
"""TLS 1.3, and nobody without a certificate of this server's authority comes in."""
_PINNED = re.compile(r":v?\d+\.\d+\.\d+[\w.-]*$|@sha256:[0-9a-f]{64}$|^postgres:\d+\.\d+[\w.-]*$")
"""One release: three numbers, or a digest. PostgreSQL's releases have two numbers."""
_SECRET_WORD = re.compile(r"(PASS|PASSWORD|SECRET|TOKEN|KEY)$")
_FILE_WORD = re.compile(r"_FILE$")

Service = Mapping[str, Any]


def check_text(text: str) -> tuple[list[str], list[str]]:
    """(faults, notes): what must be corrected, and what a person should know. Raises ConfigError for other bytes."""
    try:
        return _check(json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"not what a compose parser writes ({error!r}); pipe `docker compose config --format json` into this"
        ) from error


def _check(model: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    services: Mapping[str, Service] = model["services"]
    secrets = {str(name): Path(each["file"]) for name, each in (model.get("secrets") or {}).items()}
    faults = [f"secret {name}: {fault}" for name, file in secrets.items() if (fault := fault_of(file))]
    notes: list[str] = []
    for name, service in services.items():
        faults += [f"{name}: {fault}" for fault in _service_faults(service, secrets)]
        for door_faults, door_notes in _doors(name, service):
            faults += door_faults
            notes += door_notes
    return faults, notes


def _doors(name: str, service: Service) -> Iterator[tuple[list[str], list[str]]]:
    """Ports that another computer could reach. Only the pages and the kiosks' broker may have such."""
    for port in service.get("ports") or []:
        host, target, outside = str(port.get("host_ip") or ""), int(port["target"]), port.get("published")
        where = f"{host or 'every address'}:{outside}"
        if _is_this_computer(host):
            continue
        if (name, target) == (PAGES, PAGES_PORT):
            told = f"the pages can be reached at {where}, and there are no accounts yet"
            yield [], [f"{told}: put a guarded proxy before them"]
        elif (name, target) == (BROKER, BROKER_PORT):
            yield [], [f"kiosks reach the broker at {where}, with certificates of this server's authority only"]
        else:
            yield [f"{name}: port {target} can be reached at {where}; write 127.0.0.1:{outside}:{target}"], []


def _is_this_computer(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _service_faults(service: Service, secrets: Mapping[str, Path]) -> Iterator[str]:
    image = str(service.get("image", ""))
    if "build" not in service and not _PINNED.search(image):
        yield f"image '{image}' is not pinned to one version"
    if str(service.get("user") or "").partition(":")[0] in {"", "0", "root"}:
        yield "runs as root: give it a user"
    if not service.get("read_only"):
        yield "its root file system can be written: read_only: true, and tmpfs for what it must write"
    if "ALL" not in (service.get("cap_drop") or []):
        yield "has capabilities: cap_drop: [ALL]"
    if service.get("cap_add") or service.get("privileged") or service.get("devices"):
        yield "is given rights over the machine: remove cap_add, privileged and devices"
    if "no-new-privileges:true" not in (service.get("security_opt") or []):
        yield "may gain rights: security_opt: [no-new-privileges:true]"
    if service.get("network_mode") == "host" or service.get("pid") == "host" or service.get("ipc") == "host":
        yield "shares the machine's network or processes: remove that"
    if not service.get("mem_limit"):
        yield "may take all memory: set mem_limit"
    yield from _running_faults(service)
    yield from _secret_faults(service, secrets)


def _running_faults(service: Service) -> Iterator[str]:
    restart = service.get("restart")
    if not restart:
        yield "says nothing of restart"
    runs_on = restart not in {"no", "on-failure"}
    if runs_on and not (service.get("healthcheck") or {}).get("test"):
        yield "has no health check"
    for volume in service.get("volumes") or []:
        if "docker.sock" in str(volume.get("source", "")):
            yield "is given Docker itself: remove docker.sock"


def _secret_faults(service: Service, secrets: Mapping[str, Path]) -> Iterator[str]:
    for name, value in (service.get("environment") or {}).items():
        if _SECRET_WORD.search(name) and not _FILE_WORD.search(name) and value:
            yield f"{name} is a secret in the environment: give it as a file"
    for wanted in service.get("secrets") or []:
        if wanted["source"] not in secrets:
            yield f"secret {wanted['source']} has no file"
