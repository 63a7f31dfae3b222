"""The words of `kayasol` for whoever runs a server: parts, backup, status, secrets. Parses and prints, nothing else."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kayasol.settings import ServerSettings, load_settings

Folder = Annotated[
    Path | None, typer.Option("--folder", help="The server's folder (default: KAYASOL_FOLDER or ./kayasol-server).")
]

secrets_app = typer.Typer(no_args_is_help=True, help="Passwords and tokens of the city size, in files.")
compose_app = typer.Typer(no_args_is_help=True, help="The container files.")


def add_operating_commands(app: typer.Typer) -> None:
    """Hang these commands into the whole."""
    for command in (setup, ingest, office, api, health, backup, restore, status):
        app.command()(command)
    app.add_typer(secrets_app, name="secrets")
    app.add_typer(compose_app, name="compose")


def open_folder(folder: Path | None) -> ServerSettings:
    """The settings of a server whose folder is made if it is not there. Raises ConfigError."""
    return make_folder(load_settings(folder))


def make_folder(settings: ServerSettings) -> ServerSettings:
    """The same settings, with their folder made. Raises ConfigError where this user may not."""
    from kiosk.errors import ConfigError

    try:
        settings.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{settings.folder}: {error.strerror}; give this user a folder with --folder") from error
    return settings


def setup(
    folder: Folder = None,
    host: Annotated[
        list[str] | None, typer.Option(help="A name or address under which devices reach the broker; repeat.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port that the broker listens on.")] = 8883,
    broker_folder: Annotated[
        Path | None, typer.Option(help="A folder that holds all the broker needs, and no key of the authority.")
    ] = None,
    influxdb_password_file: Annotated[Path | None, typer.Option(help="Password of InfluxDB's first user.")] = None,
    operator_token_file: Annotated[Path | None, typer.Option(help="Token of InfluxDB's operator.")] = None,
) -> None:
    """Make what the parts need: tables, InfluxDB's bucket and token, the broker's files. May be run at any time."""
    from kayasol.setup import InfluxSecrets, Wanted, set_up

    settings = open_folder(folder)
    secrets = InfluxSecrets(influxdb_password_file, operator_token_file)
    for line in set_up(settings, Wanted(host or [], port, broker_folder, secrets), datetime.now(UTC)):
        print(line)


def ingest(
    folder: Folder = None,
    worker: Annotated[
        int | None, typer.Option(min=0, max=15, help="Only this worker, for a supervisor that starts each itself.")
    ] = None,
) -> None:
    """Take what kiosks send, with PostgreSQL; `ingest_workers` processes share the sites."""
    from kayasol.processes import run_ingest_process

    run_ingest_process(open_folder(folder), worker)


def office(folder: Folder = None) -> None:
    """Compute figures, with PostgreSQL."""
    from kayasol.processes import run_office_process

    run_office_process(open_folder(folder))


def api(
    folder: Folder = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the pages.")] = None,
) -> None:
    """Answer pages and API, with PostgreSQL."""
    from kayasol.processes import run_api_process

    run_api_process(load_settings(folder, http_port=port))


def health(
    part: Annotated[str, typer.Argument(help="ingest, office, api or simulation")],
    folder: Folder = None,
) -> None:
    """Exit code 0 if a part of this computer is well, else 1 and why; for container health checks."""
    from kayasol.condition import part_faults

    faults = part_faults(load_settings(folder), part)
    for line in faults:
        print(line, file=sys.stderr)
    raise typer.Exit(1 if faults else 0)


def backup(
    file: Annotated[
        Path | None, typer.Argument(help="One file (default: a dated one in backup_folder; old ones are removed).")
    ] = None,
    folder: Folder = None,
) -> None:
    """Put database, keys and settings into one file, also while the server runs."""
    from kayasol.backup import back_up, back_up_by_date

    settings, now = load_settings(folder), datetime.now(UTC)
    for line in back_up(settings, file, now) if file else back_up_by_date(settings, now):
        print(line)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `kayasol backup` wrote.")],
    folder: Folder = None,
) -> None:
    """Bring a backup back into an empty folder; the kiosks then send again what is not in it."""
    from kayasol.restore import restore as bring_back

    for line in bring_back(file, folder or ServerSettings().folder, datetime.now(UTC)):
        print(line)


def status(folder: Folder = None) -> None:
    """How the server is: database, backup, broker, disk, silent sites. Exit code 1 if a person has to act."""
    from kayasol.condition import server_lines

    lines = server_lines(load_settings(folder), datetime.now(UTC))
    for line in lines:
        print(line)
    raise typer.Exit(1 if any(line.bad for line in lines) else 0)


@secrets_app.command("make")
def secrets_make(folder: Annotated[Path, typer.Argument()] = Path("secrets")) -> None:
    """Make the secrets that are missing, each in a file for this user alone; what is there is left."""
    from kayasol.secret_files import make_secrets

    made = make_secrets(folder)
    print(f"Made in {folder}: {', '.join(made)}." if made else f"Nothing was missing in {folder}.")


@secrets_app.command("check")
def secrets_check(folder: Annotated[Path, typer.Argument()] = Path("secrets")) -> None:
    """Exit code 1 if a secret is missing, empty, an example, or readable by others."""
    from kayasol.secret_files import faults_in

    _tell(faults_in(folder), "The secrets are in order.")


@compose_app.command("check")
def compose_check(
    file: Annotated[
        typer.FileText, typer.Argument(help="What `docker compose config --format json` says; - for stdin.")
    ],
) -> None:
    """Exit code 1 if a container could be reached or could do what it must not, or a secret is not in order."""
    from kayasol.compose_check import check_text

    faults, notes = check_text(file.read())
    for line in notes:
        print(line)
    _tell(faults, "The container files are in order.")


def _tell(faults: list[str], good: str) -> None:
    for line in faults:
        print(line, file=sys.stderr)
    if not faults:
        print(good)
    raise typer.Exit(1 if faults else 0)
