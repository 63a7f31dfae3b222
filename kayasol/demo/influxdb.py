"""The demo's InfluxDB: a server of its own on a loopback port, its bucket, and the settings that name them."""

from __future__ import annotations

import secrets
import shutil
import urllib.error
import urllib.request
from pathlib import Path

from kayasol.demo.children import Children, wait_until
from kayasol.demo.places import INFLUXDB, Places, replace_file
from kayasol.readings_store import set_up_influxdb
from kayasol.secret_files import write_secret
from kayasol.settings import load_settings
from kiosk.errors import ConfigError

START_LIMIT_S = 60.0

SETTINGS = """\
# Written by `kayasol demo` at each start: its InfluxDB takes a free port.
readings = "{kind}"
influxdb_url = "{url}"
"""


def find_influxd(named: str) -> Path:
    """InfluxDB's server program, by its name or path; "" looks on the PATH. Raises ConfigError: how to get it."""
    found = shutil.which(named or "influxd")
    if found is None:
        missing = f"{named} is no program" if named else "influxd is not on the PATH"
        raise ConfigError(
            f"InfluxDB's server is missing ({missing}): in a checkout, `make servers`"
            " builds it once and `make demo STORE=influxdb` finds it there; or name one of version 2: --influxd FILE"
        )
    return Path(found).absolute()


def start_influxdb(places: Places, children: Children, influxd: Path, port: int) -> None:
    """Start it, wait until it answers, make what is missing in it, and write where it is for the server to read."""
    folder = places.influxdb.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}"
    words = [f"--bolt-path={folder / 'influxd.bolt'}", f"--sqlite-path={folder / 'influxd.sqlite'}"]
    words += [f"--engine-path={folder / 'engine'}", f"--http-bind-address=127.0.0.1:{port}", "--reporting-disabled"]
    children.start(INFLUXDB, words, program=str(influxd))
    wait_until(lambda: _is_healthy(url), START_LIMIT_S, children)
    places.server.mkdir(parents=True, exist_ok=True)
    replace_file(places.server / "kayasol.toml", SETTINGS.format(kind=INFLUXDB, url=url))
    operator_file = folder / "operator.token"
    operator = operator_file.read_text(encoding="ascii").strip() if operator_file.exists() else ""
    made = set_up_influxdb(load_settings(places.server), password=secrets.token_urlsafe(), operator_token=operator)
    if made:
        write_secret(operator_file, f"{made}\n".encode())


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=1):  # noqa: S310 the address is our own
            return True
    except (OSError, urllib.error.URLError):
        return False
