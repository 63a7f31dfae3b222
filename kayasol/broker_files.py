"""Mosquitto's configuration for a Kayasol server: mutual TLS 1.3 and one access rule for all devices.

A device's certificate bears its site code as common name. Mosquitto takes it for the user name, and `%u` in the access
list for the third level of the topic, so no device can speak for another site.
"""

from __future__ import annotations

from pathlib import Path

ACCESS_LIST = """\
# Each site writes and reads its own topics only; its code is the name in its certificate.
pattern write k1/+/%u/u
pattern write k1/+/%u/s
pattern read k1/+/%u/d

# Ingest, with the certificate that this server made for it, hears all and answers all.
user ingest
topic read k1/+/+/u
topic read k1/+/+/s
topic write k1/+/+/d
"""

CONFIGURATION = """\
# Written by `kayasol broker`. Paths are absolute so that Mosquitto may be started from anywhere.
per_listener_settings false
listener {port} {address}
cafile {ca}/ca.pem
crlfile {ca}/crl.pem
certfile {ca}/broker.pem
keyfile {ca}/broker.key
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
allow_anonymous false
acl_file {folder}/acl

# The kiosks keep every fact until ingest has answered for it; the broker's memory only saves them a repetition.
persistence true
persistence_location {folder}/store/
autosave_interval 300
max_queued_messages 0
max_queued_bytes 67108864
max_packet_size 131072
# Ingest commits up to so many frames at once; with the usual 20 under way each commit would carry 20.
max_inflight_messages 4096
persistent_client_expiration 400d
"""


def write_broker_files(folder: Path, ca: Path, port: int, address: str = "0.0.0.0") -> Path:  # noqa: S104 devices come from outside
    """Write `mosquitto.conf` and `acl` into `folder`; returns the configuration's path."""
    folder = folder.absolute()
    (folder / "store").mkdir(parents=True, exist_ok=True)
    (folder / "acl").write_text(ACCESS_LIST, encoding="utf-8")
    configuration = folder / "mosquitto.conf"
    text = CONFIGURATION.format(port=port, address=address, ca=ca.absolute(), folder=folder)
    configuration.write_text(text, encoding="utf-8")
    return configuration
