"""TLS from the server to its broker. Knows no MQTT."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Mutual TLS towards the broker."""

    ca: Path
    certificate: Path
    key: Path


class _Socket(ssl.SSLSocket):
    """Closes itself if TLS does not come about: the MQTT library forgets such a socket, open."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """Shows ingest's certificate and believes this server's own authority alone."""
    context = ssl.create_default_context(cafile=str(files.ca))
    context.sslsocket_class = _Socket
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(files.certificate, files.key)
    return context
