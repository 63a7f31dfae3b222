"""Commissioning, the server's half: reads a device's request file, registers site and key, writes the answer file.

The files carry public keys and certificates only; private keys stay where they were born. Formats: docs/commissioning.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ingest.keys import IngestKeys
from kayasol.ca import Authority
from kiosk.errors import ConfigError
from kiosk.ledger import act
from kiosk.wire.topics import check_site
from store.engine import Store
from store.sites import NewSite, add_device, add_site

REQUEST_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """What `kayasol-edge init` wrote."""

    site: str
    dev: str
    ledger_pub: str
    """Ed25519 public key of the ledger, 64 hex characters."""
    csr_pem: bytes


def read_request(path: Path) -> DeviceRequest:
    """A device's request. Raises ConfigError that says what to do."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; copy the file that `kayasol-edge init` wrote") from error
    if len(raw) > REQUEST_BYTES:
        raise ConfigError(f"{path} is too large for a device request; is it another file?")
    try:
        fields = json.loads(raw)
        if fields["v"] != 1 or fields["kind"] != "device-request":
            raise ConfigError(f"{path} is not a device request of version 1; run `kayasol-edge init` of the same release")
        site = str(fields["site"])
        check_site(site)
        dev, pub = bytes.fromhex(fields["dev"]).hex(), bytes.fromhex(fields["ledger_pub"]).hex()
        if len(dev) != 16 or len(pub) != 64:
            raise ValueError("lengths")
        return DeviceRequest(site, dev, pub, str(fields["csr_pem"]).encode("ascii"))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is damaged ({error}); copy it again from the device") from error


def commission(
    store: Store, authority: Authority, keys: IngestKeys, request: DeviceRequest, site: NewSite, issued_ms: int
) -> bytes:
    """Register site and device; returns the answer file's bytes. `issued_ms` is UTC milliseconds."""
    certificate = authority.sign_site(request.csr_pem, request.site)
    act_bytes = act.encode(
        {
            "v": 1,
            "kind": "act",
            "site": request.site,
            "name": site.name,
            "commune": site.commune,
            "site_kind": site.kind,
            "dev": request.dev,
            "cur": site.currency,
            "pub": request.ledger_pub,
            "ingest_key": keys.current.public_hex,
            "ingest_next": keys.next.public_hex,
            "issued": issued_ms,
        }
    )
    with store.write() as connection:
        add_site(connection, site)
        add_device(connection, request.site, request.dev, request.ledger_pub, act_bytes)
    answer = {
        "v": 1,
        "kind": "device-answer",
        "act": act_bytes.hex(),
        "certificate_pem": certificate.decode("ascii"),
        "ca_pem": authority.certificate_pem.decode("ascii"),
        "ingest_key": keys.current.public_hex,
        "ingest_next": keys.next.public_hex,
    }
    return json.dumps(answer, indent=1).encode()
