"""The small certificate authority of one server: its own root, the broker's, ingest's and each site's certificate.

Knows files and X.509, not the store and not MQTT. A site's certificate bears the site code as its common name, which
the broker's access list compares with the topic. Lifetimes outlive the devices: a Pi without a clock cannot judge
dates, so trust is withdrawn by the revocation list, not by expiry.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kayasol.secret_files import write_secret
from kiosk.errors import ConfigError

ROOT_YEARS = 60
LEAF_YEARS = 40
RESERVED_NAMES = frozenset({"ingest", "broker"})
"""Common names that no site may bear, because the broker gives them other rights."""


class Authority:
    """A root key and certificate kept in one folder (`ca.pem`, `ca.key`, `crl.pem`)."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Open the authority of `folder`, or create it there. `now` dates what is issued."""
        self.folder = folder
        self.now = now.astimezone(UTC)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "ca.key").exists():
            self._create()
        key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ConfigError(f"{folder / 'ca.key'} is not an elliptic-curve key; restore it from the backup")
        self._key = key
        self._certificate = x509.load_pem_x509_certificate(self.certificate_pem)

    @property
    def certificate_pem(self) -> bytes:
        """The root certificate that every device and the broker trust."""
        return (self.folder / "ca.pem").read_bytes()

    def issue_server(self, name: str, hosts: list[str]) -> None:
        """Write `<name>.pem` and `<name>.key` for a server reached under `hosts` (names or addresses)."""
        alternatives = x509.SubjectAlternativeName([_alternative(host) for host in hosts])
        self._issue_pair(name, ExtendedKeyUsageOID.SERVER_AUTH, alternatives)

    def issue_client(self, name: str) -> None:
        """Write `<name>.pem` and `<name>.key` for a client of the broker that lives on the server."""
        self._issue_pair(name, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def sign_site(self, csr_pem: bytes, site: str) -> bytes:
        """The certificate (PEM) for a device's signing request; its name must be the site code."""
        if site in RESERVED_NAMES:
            raise ConfigError(f"'{site}' is reserved for the server; choose another site code")
        try:
            request = x509.load_pem_x509_csr(csr_pem)
        except ValueError as error:
            raise ConfigError("the device's signing request cannot be read; run `kayasol-edge init` again") from error
        names = [str(part.value) for part in request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        if names != [site] or not request.is_signature_valid:
            raise ConfigError(
                f"the signing request is for {names or 'nobody'}, not for site '{site}', or its signature is wrong"
            )
        public = request.public_key()
        if not isinstance(public, ec.EllipticCurvePublicKey):
            raise ConfigError("the device's TLS key is not an elliptic-curve key; run `kayasol-edge init` again")
        certificate = self._sign(site, public, ExtendedKeyUsageOID.CLIENT_AUTH, None)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        # Kept so that it can be withdrawn after the device was stolen. No site code holds an underscore.
        (self.folder / f"site_{site}_{certificate.serial_number:x}.pem").write_bytes(pem)
        return pem

    def certificates_of(self, site: str) -> list[bytes]:
        """Every certificate (PEM) that was signed for a site's devices."""
        return [file.read_bytes() for file in sorted(self.folder.glob(f"site_{site}_*.pem"))]

    def revoke(self, *certificates_pem: bytes) -> int:
        """Add certificates to the list that the broker refuses (`crl.pem`); returns how many were not on it."""
        known = x509.load_pem_x509_crl((self.folder / "crl.pem").read_bytes())
        listed = [entry.serial_number for entry in known]
        serials = {x509.load_pem_x509_certificate(pem).serial_number for pem in certificates_pem}
        added = sorted(serials.difference(listed))
        self._write_list(listed + added)
        return len(added)

    def _create(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kayasol")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=365 * ROOT_YEARS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        (self.folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        self._key, self._certificate = key, certificate
        self._write_list([])
        # The key comes last: a folder without it is created anew after a power cut.
        write_secret(self.folder / "ca.key", _key_pem(key))

    def _write_list(self, serials: list[int]) -> None:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(self.now - timedelta(days=1))
            .next_update(self.now + timedelta(days=365 * LEAF_YEARS))
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(self.now).build()
            builder = builder.add_revoked_certificate(entry)
        content = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        # A broker that finds half a list does not start, and then nobody comes in.
        partial = self.folder / "crl.pem.partial"
        partial.write_bytes(content)
        partial.replace(self.folder / "crl.pem")

    def _issue_pair(
        self, name: str, purpose: x509.ObjectIdentifier, alternatives: x509.SubjectAlternativeName | None
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(name, key.public_key(), purpose, alternatives)
        (self.folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        write_secret(self.folder / f"{name}.key", _key_pem(key))

    def _sign(
        self,
        name: str,
        public: ec.EllipticCurvePublicKey,
        purpose: x509.ObjectIdentifier,
        alternatives: x509.SubjectAlternativeName | None,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._certificate.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now - timedelta(days=1))
            .not_valid_after(self.now + timedelta(days=365 * LEAF_YEARS))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
