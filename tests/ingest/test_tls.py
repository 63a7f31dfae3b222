"""TLS towards the broker: what a handshake that fails leaves behind."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ingest.tls import TlsFiles, tls_context
from tests.certificates import SmallAuthority


def test_a_broker_that_hangs_up_within_the_handshake_leaves_no_open_socket(tmp_path: Path) -> None:
    files = SmallAuthority(tmp_path).issue("ingest")
    context = tls_context(TlsFiles(files.authority, files.certificate, files.key))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        plain = socket.create_connection(listener.getsockname())
        spoken = context.wrap_socket(plain, server_hostname="localhost", do_handshake_on_connect=False)
        listener.accept()[0].close()
        with pytest.raises(OSError):
            spoken.do_handshake()
    assert spoken.fileno() == -1
