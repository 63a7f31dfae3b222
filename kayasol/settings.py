"""The server's settings: command line, `kayasol.toml` in its folder, environment, defaults. Unknown keys: refused."""

from __future__ import annotations

import difflib
import ipaddress
import tomllib
from pathlib import Path

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kiosk.errors import ConfigError


class ServerSettings(BaseSettings):
    """What one server needs to know of its place."""

    model_config = SettingsConfigDict(env_prefix="KAYASOL_", extra="forbid", frozen=True)

    folder: Path = Path("kayasol-server")
    """Where keys, the database of the village size and the broker's files live."""
    database_url: str = ""
    """SQLAlchemy address of the relational store; empty: SQLite in the folder."""
    broker_host: str = "127.0.0.1"
    broker_port: int = Field(default=8883, ge=1, le=65535)
    broker_plain: bool = False
    """No TLS towards the broker; only for a broker on this machine."""
    http_host: str = "127.0.0.1"
    """Address of the pages. Only this machine until accounts exist."""
    http_port: int = Field(default=8000, ge=1, le=65535)
    live_s: int = Field(default=0, ge=0, le=86_400)
    """Ask every site for rows at once during so many seconds after each contact; for demonstrations and visits."""

    @field_validator("http_host")
    @classmethod
    def _loopback_pages(cls, host: str) -> str:
        if not is_loopback(host):
            raise ValueError("the pages have no accounts yet and show money: only 127.0.0.1 or ::1 is accepted")
        return host

    @model_validator(mode="after")
    def _plain_only_here(self) -> ServerSettings:
        if self.broker_plain and not is_loopback(self.broker_host):
            raise ValueError("broker_plain is accepted for a broker on 127.0.0.1 or ::1 only; use TLS")
        return self

    @property
    def database(self) -> str:
        """The relational store's address."""
        return self.database_url or f"sqlite:///{(self.folder / 'kayasol.db').absolute()}"


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
