"""The server's settings: command line, `kayasol.toml` in its folder, environment, defaults. Unknown keys: refused."""

from __future__ import annotations

import difflib
import ipaddress
import tomllib
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url

from kayasol.secret_files import read_secret
from kiosk.errors import ConfigError


class ServerSettings(BaseSettings):
    """What one server needs to know of its place."""

    model_config = SettingsConfigDict(env_prefix="KAYASOL_", extra="forbid", frozen=True)

    folder: Path = Path("kayasol-server")
    """Where keys, the database of the village size and the broker's files live."""
    database_url: str = ""
    """SQLAlchemy address of the relational store; empty: SQLite in the folder. A password has a file of its own."""
    database_password_file: Path | None = None
    """PostgreSQL's password, for this user's eyes only (mode 0600)."""
    readings: Literal["sqlite", "influxdb"] = "sqlite"
    """Where readings are kept: `sqlite` is in the relational store, PostgreSQL too; `influxdb` on its own server."""
    influxdb_url: str = "http://127.0.0.1:8086"
    influxdb_org: str = Field(default="kayasol", min_length=1)
    influxdb_bucket: str = Field(default="readings", min_length=1)
    influxdb_token_file: Path = Path("influxdb.token")
    """For this user's eyes only (mode 0600); a relative path is one in the folder. The token is nowhere else."""
    broker_host: str = "127.0.0.1"
    broker_port: int = Field(default=8883, ge=1, le=65535)
    broker_plain: bool = False
    """No TLS towards the broker; only for a broker on this machine."""
    http_host: str = "127.0.0.1"
    """Address of the pages. Only this machine until accounts exist."""
    http_port: int = Field(default=8000, ge=1, le=65535)
    private_network: bool = False
    """Nobody else is on the network of this process, as between containers: pages may listen on all its addresses,
    InfluxDB may be spoken to without TLS. What can be reached from outside is then said by docker-compose.yml."""
    ingest_workers: int = Field(default=1, ge=1, le=16)
    """Processes of `kayasol ingest`; each takes its share of the sites."""
    alive_folder: Path = Path("alive")
    """Where parts write how they are, for `kayasol health`; a relative path is one in the folder."""
    backup_folder: Path = Path("backups")
    """Where `kayasol backup` puts its files; a relative path is one in the folder. Another disk is better."""
    backup_keep: int = Field(default=14, ge=1, le=3_650)
    """So many files that `kayasol backup` named itself are kept."""
    grafana_url: str = "http://127.0.0.1:3000"
    """Where `kayasol dashboards push` finds Grafana, with a path if it has one."""
    grafana_token_file: Path = Path("grafana.token")
    """A service account's token, or `grafana_user`'s password (mode 0600); a relative path is one in the folder."""
    grafana_user: str = ""
    """Empty: the file holds a token."""
    grafana_datasource_uid: str = Field(default="kayasol-influxdb", min_length=1, max_length=40)
    """The InfluxQL data source that the boards ask."""
    grafana_timeout_s: float = Field(default=10.0, gt=0, le=300)
    pages_url: str = "http://127.0.0.1:8000"
    """Where people open Kayasol's pages: boards link there."""
    live_s: int = Field(default=0, ge=0, le=86_400)
    """Ask every site for rows at once during so many seconds after each contact; for demonstrations and visits."""

    @model_validator(mode="after")
    def _loopback_pages(self) -> ServerSettings:
        if not (self.private_network or is_loopback(self.http_host)):
            raise ValueError("http_host: the pages have no accounts yet and show money: only 127.0.0.1 or ::1")
        return self

    @model_validator(mode="after")
    def _token_travels_safely(self) -> ServerSettings:
        for name in ("influxdb_url", "grafana_url"):
            parts = urlsplit(getattr(self, name))
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
                raise ValueError(
                    f"{name}: write it as https://{name[:-4]}.example.org; the token has a file of its own"
                )
            if parts.scheme == "http" and not (self.private_network or is_loopback(parts.hostname)):
                raise ValueError(
                    f"{name}: http would show the token to the network: use https, or a server on this machine"
                )
        return self

    @model_validator(mode="after")
    def _plain_only_here(self) -> ServerSettings:
        if self.broker_plain and not is_loopback(self.broker_host):
            raise ValueError("broker_plain is accepted for a broker on 127.0.0.1 or ::1 only; use TLS")
        return self

    @property
    def database(self) -> str:
        """The relational store's address, with its password. Raises ConfigError for a password's file."""
        if self.database_password_file is None:
            return self.database_url or f"sqlite:///{(self.folder / 'kayasol.db').absolute()}"
        password = read_secret(self.folder / self.database_password_file, "put PostgreSQL's password alone there")
        return make_url(self.database_url).set(password=password).render_as_string(hide_password=False)

    @property
    def grafana_token(self) -> Path:
        """Where the token or the password is."""
        return self.folder / self.grafana_token_file

    @property
    def influxdb_token(self) -> Path:
        """Where the token is."""
        return self.folder / self.influxdb_token_file

    @property
    def alive(self) -> Path:
        """Where parts write how they are."""
        return self.folder / self.alive_folder

    @property
    def backups(self) -> Path:
        """Where backups go by themselves."""
        return self.folder / self.backup_folder


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, without asking any name server."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(folder: Path | None = None, **overrides: object) -> ServerSettings:
    """Settings of the server in `folder`. Raises ConfigError that names the place and the remedy."""
    place = folder or ServerSettings().folder
    file = place / "kayasol.toml"
    written: dict[str, object] = {}
    if file.exists():
        try:
            written = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: {error}") from error
    for key in written:
        if key not in ServerSettings.model_fields:
            near = difflib.get_close_matches(key, ServerSettings.model_fields, n=1)
            raise ConfigError(f"{file}: unknown key '{key}'" + (f"; did you mean '{near[0]}'?" if near else ""))
    chosen = {key: value for key, value in overrides.items() if value is not None}
    try:
        return ServerSettings(**{**written, "folder": place, **chosen})  # type: ignore[arg-type]
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(map(str, part['loc'])) or 'settings'}: {part['msg']}" for part in error.errors()
        )
        raise ConfigError(f"{file if file.exists() else 'settings'}: {reasons}") from error
