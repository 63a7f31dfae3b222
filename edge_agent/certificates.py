"""TLS keys and certificates at commissioning: make a key, ask for a certificate, judge the one that came.

Knows no file and no ledger. Takes 2 MB of memory, so only the commands that need it import it.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kiosk.errors import ConfigError


def new_key_pem() -> bytes:
    """A new private key on P-256, PKCS 8."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def signing_request_pem(key_pem: bytes, site: str) -> str:
    """A request for a certificate that bears the site's name. Raises ConfigError for a key of another kind."""
    key = serialization.load_pem_private_key(key_pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigError("the TLS key in the state folder is not an elliptic-curve key")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, site)])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode("ascii")


def check_certificate(certificate_pem: bytes, ca_pem: bytes, key_pem: bytes, site: str) -> None:
    """Raise ConfigError unless the certificate is this key's, bears the site's name and was issued by the authority."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        authority = x509.load_pem_x509_certificate(ca_pem)
        key = serialization.load_pem_private_key(key_pem, None)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"a certificate or key cannot be read ({error}); copy the answer again") from error
    if _spki(certificate.public_key()) != _spki(key.public_key()):
        raise ConfigError("the certificate belongs to another key: take the answer made for this device's request")
    names = [str(part.value) for part in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [site]:
        raise ConfigError(f"the certificate is for {names or 'nobody'}, not for site {site}")
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception as error:
        # The library raises another type for each way to be wrong.
        raise ConfigError("the certificate was not issued by the authority that came with it") from error


def _spki(key: Any) -> bytes:
    der: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return der
