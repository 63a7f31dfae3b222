"""Commissioning, the server's half: reads a device's request file, registers site and key, writes the answer file.

The files carry public keys and certificates only; private keys stay where they were born. Formats: docs/agent.md.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509

from ingest.keys import IngestKeys, open_keys
from kayasol.ca import Authority
from kayasol.parts import tls_of
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError, LedgerError, WireError
from kiosk.ledger import act
from kiosk.wire.topics import check_site
from store.engine import Store
from store.migrate import upgrade
from store.sites import Place, add_site, all_sites, set_place

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
        return parse_request(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; copy the file that `kayasol-edge init` wrote") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse_request(raw: bytes) -> DeviceRequest:
    """A request's bytes. Raises ConfigError that says what to do."""
    if len(raw) > REQUEST_BYTES:
        raise ConfigError("too large for a device request; is it another file?")
    try:
        fields = json.loads(raw)
        if fields["v"] != 1 or fields["kind"] != "device-request":
            raise ConfigError("not a device request of version 1; run `kayasol-edge init` of the same release")
        site = str(fields["site"])
        check_site(site)
        dev, pub = bytes.fromhex(fields["dev"]).hex(), bytes.fromhex(fields["ledger_pub"]).hex()
        if len(dev) != 16 or len(pub) != 64:
            raise ValueError("lengths")
        return DeviceRequest(site, dev, pub, str(fields["csr_pem"]).encode("ascii"))
    except (ValueError, KeyError, TypeError, WireError) as error:
        raise ConfigError(f"damaged ({error}); copy it again from the device") from error


@dataclass(frozen=True, slots=True)
class NewSite:
    """What a person says of a site at its commissioning."""

    name: str
    commune: str
    kind: str
    """`school`, `health` or `other`."""
    currency: str
    place: Place
    """Of the commune: public maps show nothing finer."""


def add_site_from_request(settings: ServerSettings, request_path: Path, site: NewSite, now: datetime) -> bytes:
    """Register the site that a device's request file is for; returns the answer file's bytes."""
    request = read_request(request_path)
    upgrade(settings.database)
    with closing(Store.open(settings.database)) as store:
        authority = Authority(settings.folder / "ca", now)
        return commission_request(
            store, authority, open_keys(settings.folder), request, site, int(now.timestamp()) * 1000
        )


def commission_request(
    store: Store, authority: Authority, keys: IngestKeys, request: DeviceRequest, site: NewSite, issued_ms: int
) -> bytes:
    """Register site and device; returns the answer file's bytes. `issued_ms` is UTC milliseconds."""
    certificate = authority.sign_site(request.csr_pem, request.site)
    fields: dict[str, str | int] = {
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
    try:
        act_octets = act.encode(fields)
    except LedgerError as error:
        raise ConfigError(f"the act cannot be written ({error}); correct that and repeat `kayasol site add`") from error
    with store.write() as connection:
        add_site(connection, act_octets, issued_ms)
        set_place(connection, request.site, site.place)
    answer = {
        "v": 1,
        "kind": "device-answer",
        "act": act_octets.hex(),
        "certificate_pem": certificate.decode("ascii"),
        "ca_pem": authority.certificate_pem.decode("ascii"),
        "ingest_key": keys.current.public_hex,
        "ingest_next": keys.next.public_hex,
    }
    return json.dumps(answer, indent=1).encode()


def revoke_site(settings: ServerSettings, code: str, device_pem: Path | None, now: datetime) -> int:
    """Withdraw all certificates of a site's devices; returns how many were not withdrawn before.

    `device_pem`: a certificate that this server has not kept itself. Raises ConfigError where there is none.
    """
    tls_of(settings.model_copy(update={"broker_plain": False}))
    authority = Authority(settings.folder / "ca", now)
    found = authority.certificates_of(code)
    if device_pem is not None:
        found.append(_certificate_of(code, device_pem))
    if not found:
        raise ConfigError(
            f"no certificate of '{code}' is kept here: look at `kayasol site list`; for a device that was registered"
            " by an older release give the device.pem of its state folder with --certificate"
        )
    return authority.revoke(*found)


def _certificate_of(code: str, file: Path) -> bytes:
    try:
        pem = file.read_bytes()
        name = x509.load_pem_x509_certificate(pem).subject.rfc4514_string()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} is no certificate ({error}); give the device.pem of the device") from error
    if name != f"CN={code}":
        raise ConfigError(f"{file} is the certificate of {name.removeprefix('CN=')}, not of {code}")
    return pem


def list_lines(settings: ServerSettings) -> list[str]:
    """One line a registered site."""
    upgrade(settings.database)
    with closing(Store.open(settings.database)) as store, store.read() as connection:
        return [f"{site.code:<24} {site.site_kind:<8} {site.name}, {site.commune}" for site in all_sites(connection)]
