"""A real Mosquitto for tests: started, killed, restarted on the same port; it ends only the process that it started."""

import os
from collections.abc import Sequence
from pathlib import Path

from tests.certificates import TlsFiles
from tests.server_process import ServerError, ServerProcess, takes_connections
from tests.servers import require_server


class MosquittoServer(ServerProcess):
    """One broker in one folder. With TLS every client must show a certificate; its common name is its name in the ACL.

    `port=None` takes a free one; it stays the same over restarts. `acl` is the text of an ACL file. `persistence=True`
    keeps the store as Mosquitto does by default: on a clean stop and every 30 minutes, so kill9() loses what came
    since. `extra` are further lines of its configuration, such as "max_queued_messages 0".
    """

    name = "mosquitto"

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        tls: TlsFiles | None = None,
        acl: str | None = None,
        persistence: bool = True,
        extra: Sequence[str] = (),
    ) -> None:
        self._program = require_server("mosquitto")
        super().__init__(folder)
        if port is not None:
            self.port = port
        self._started_once = port is not None or folder.exists()
        self._tls = tls
        self._acl = acl
        self._persistence = persistence
        self._extra = tuple(extra)
        self.store_file = folder / "mosquitto.db"

    def wipe_store(self) -> None:
        """As if its SD card was replaced: queued and retained messages and sessions are gone."""
        if self.is_running:
            raise ServerError("a running broker would write its store again: call stop() or kill9() first")
        for file in (self.store_file, self.folder / "mosquitto.db.new"):  # the second is a save that was interrupted
            file.unlink(missing_ok=True)

    def _command(self) -> Sequence[str | Path]:
        return [self._program, "-c", self._write_configuration()]

    def _is_ready(self) -> bool:
        return takes_connections(self.host, self.port)

    def _write_configuration(self) -> Path:
        lines = [
            "per_listener_settings false",
            f"listener {self.port} {self.host}",
            "set_tcp_nodelay true",
            "log_dest stderr",
            "log_type all",
            f"persistence {str(self._persistence).lower()}",
            f"persistence_location {self.folder}/",
            *self._tls_lines(),
            *self._acl_lines(),
            *self._extra,
        ]
        if os.geteuid() == 0:
            lines.append("user root")  # it would become a user that cannot reach the tests' folders
        file = self.folder / "mosquitto.conf"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file

    def _tls_lines(self) -> list[str]:
        if self._tls is None:
            return ["allow_anonymous true"]
        return [
            "allow_anonymous false",
            f"cafile {self._tls.authority}",
            f"certfile {self._tls.certificate}",
            f"keyfile {self._tls.key}",
            "tls_version tlsv1.3",
            "require_certificate true",
            "use_identity_as_username true",
        ]

    def _acl_lines(self) -> list[str]:
        if self._acl is None:
            return []
        file = self.folder / "acl"
        file.write_text(self._acl, encoding="utf-8")
        file.chmod(0o600)
        return [f"acl_file {file}"]
