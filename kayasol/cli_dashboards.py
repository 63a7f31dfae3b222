"""`kayasol dashboards`: writes the boards as files, or pushes them to a Grafana. Parses words only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from kayasol.cli_operating import Folder
from kayasol.settings import ServerSettings, load_settings

dashboards_app = typer.Typer(no_args_is_help=True, help="Boards for Grafana.")

REMEDY = (
    "in Grafana make a service account with the role Editor, and put its token alone into this file (chmod 600);"
    " with grafana_user, that user's password"
)


@dashboards_app.command("build")
def build(
    into: Annotated[Path, typer.Option(help="A folder; each language gets one inside.")] = Path("dashboards/boards"),
    pages_url: Annotated[
        str, typer.Option(help="Where people open Kayasol's pages: boards link there.")
    ] = "http://127.0.0.1:8000",
) -> None:
    """Write every board as Grafana's JSON, for its file provider."""
    from dashboards.build import Place, write_files

    written = write_files(into, Place(pages_url.rstrip("/")))
    print(f"{len(written)} boards written to {into}.")


@dashboards_app.command("push")
def push(folder: Folder = None) -> None:
    """Make the boards of the Grafana that the settings name what they should be; again changes nothing."""
    from dashboards.build import Place, boards, folders
    from dashboards.grafana import Grafana, GrafanaError
    from dashboards.push import PushFailed
    from dashboards.push import push as push_all

    settings = load_settings(folder)
    grafana = Grafana(settings.grafana_url, _credentials(settings), timeout_s=settings.grafana_timeout_s)
    place = Place(settings.pages_url.rstrip("/"), settings.grafana_datasource_uid)
    try:
        done = push_all(grafana, folders(), boards(place))
    except PushFailed:
        raise
    except GrafanaError:
        print("Nothing was written.", file=sys.stderr)
        raise
    for line in done.written:
        print(line)
    print(f"{len(done.written)} written, {done.unchanged} as they should be.")


def _credentials(settings: ServerSettings) -> str | tuple[str, str]:
    from kayasol.secret_files import read_secret

    secret = read_secret(settings.grafana_token, REMEDY)
    return (settings.grafana_user, secret) if settings.grafana_user else secret
