"""The `kayasol` command: what an operator types. Parses words and prints results; the work is done elsewhere."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kayasol import __version__
from kayasol.cli_dashboards import dashboards_app
from kayasol.cli_operating import Folder, add_operating_commands, make_folder, open_folder
from kayasol.settings import load_settings
from kiosk.errors import KioskError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Energy, connectivity and income of solar kiosks.",
)
site_app = typer.Typer(no_args_is_help=True, help="Sites and their devices.")
app.add_typer(site_app, name="site")
readings_app = typer.Typer(no_args_is_help=True, help="The readings, whichever store keeps them.")
app.add_typer(readings_app, name="readings")
projection_app = typer.Typer(no_args_is_help=True, help="The ledger's copy in InfluxDB.")
app.add_typer(projection_app, name="projection")
app.add_typer(dashboards_app, name="dashboards")

add_operating_commands(app)


class ReadingsKind(StrEnum):
    """Kinds of readings stores."""

    SQLITE = "sqlite"
    INFLUXDB = "influxdb"


class SimulateStep(StrEnum):
    """Halves of `kayasol simulate`."""

    REGISTER = "register"
    RUN = "run"


def main() -> None:
    """Run the command; an expected error is one line on stderr and exit code 1."""
    try:
        app()
    except KioskError as error:
        print(f"kayasol: {error}", file=sys.stderr)
        sys.exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


@app.command()
def migrate(folder: Folder = None) -> None:
    """Bring the database to this version's tables."""
    from store.migrate import upgrade

    settings = open_folder(folder)
    upgrade(settings.database)
    print("The database is up to date.")


@app.command()
def broker(
    folder: Folder = None,
    host: Annotated[
        list[str] | None, typer.Option(help="A name or address under which devices reach the broker; repeat.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8883,
    address: Annotated[str, typer.Option(help="Address that Mosquitto listens on.")] = "0.0.0.0",  # noqa: S104 devices come from outside
) -> None:
    """Write Mosquitto's configuration, access list and certificates."""
    from kayasol.broker_files import write_broker_files
    from kayasol.ca import Authority

    settings = open_folder(folder)
    authority = Authority(settings.folder / "ca", datetime.now(UTC))
    authority.issue_server("broker", host or ["localhost", "127.0.0.1"])
    authority.issue_client("ingest")
    path = write_broker_files(settings.folder / "broker", settings.folder / "ca", port, address)
    print(f"Written. Start the broker with: mosquitto -c {path}")


@site_app.command("add")
def site_add(
    request: Annotated[Path, typer.Argument(help="The file that `kayasol-edge init` wrote on the device.")],
    name: Annotated[str, typer.Option(help="What people call the site.")],
    commune: Annotated[str, typer.Option(help="Commune; public maps show nothing finer.")],
    kind: Annotated[str, typer.Option(help="school, health or other")] = "school",
    currency: Annotated[str, typer.Option(help="ISO 4217 code")] = "XOF",
    lat: Annotated[float, typer.Option(min=-90, max=90, help="Latitude of the commune, degrees.")] = 13.09,
    lon: Annotated[float, typer.Option(min=-180, max=180, help="Longitude of the commune, degrees.")] = -1.08,
    out: Annotated[Path | None, typer.Option(help="Where to write the answer (default: beside the request).")] = None,
    folder: Folder = None,
) -> None:
    """Register a site from its device's request; writes the answer file to carry back."""
    from kayasol.sites import NewSite, add_site_from_request
    from store.sites import Place

    settings = open_folder(folder)
    site = NewSite(name, commune, kind, currency, Place(lat, lon))
    answer = add_site_from_request(settings, request, site, datetime.now(UTC))
    path = out or request.with_name(request.stem.removesuffix(".request") + ".answer.json")
    path.write_bytes(answer)
    print(f"Registered. Carry {path} to the device; there: kayasol-edge accept {path.name} --state FOLDER_OF_INIT")


@site_app.command("revoke")
def site_revoke(
    code: Annotated[str, typer.Argument(help="The site's code.")],
    certificate: Annotated[
        Path | None, typer.Option(help="A device.pem that this server did not keep (registered by an older release).")
    ] = None,
    folder: Folder = None,
) -> None:
    """Have the broker refuse a site's devices, after a theft or a loss; what they signed before stays."""
    from kayasol.sites import revoke_site

    count = revoke_site(load_settings(folder), code, certificate, datetime.now(UTC))
    print(f"Certificates of {code} withdrawn: {count}." if count else f"{code} was withdrawn before.")
    print(
        "The broker asks the list when it starts: start it again now (docs/deploy.md). A new device: kayasol site add."
    )


@site_app.command("list")
def site_list(folder: Folder = None) -> None:
    """List the registered sites."""
    from kayasol.sites import list_lines

    for line in list_lines(open_folder(folder)):
        print(line)


@app.command()
def influxdb(
    folder: Folder = None,
    operator_token_file: Annotated[
        Path | None, typer.Option(help="File with the operator's token; not needed for a server that is new.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="The server is new: ask for its first user's password.")] = False,
) -> None:
    """Make bucket and token on the InfluxDB server that the settings name; may be run again at any time."""
    from kayasol.readings_store import read_token, set_up_influxdb

    settings = open_folder(folder)
    operator_token = read_token(operator_token_file) if operator_token_file else ""
    password = typer.prompt("Password of InfluxDB's first user, kayasol", hide_input=True) if new else ""
    made = set_up_influxdb(settings, password=password, operator_token=operator_token)
    print(f"Bucket {settings.influxdb_bucket} can be used; its token is in {settings.influxdb_token}.")
    if made:
        print(f"The operator's token, shown this once; put it away safely: {made}")


@projection_app.command("verify")
def projection_verify(folder: Folder = None) -> None:
    """Compare the ledger's copy with the book; exit code 1 if it differs, 2 if it could not be asked."""
    from kayasol.projections import verify

    raise typer.Exit(verify(load_settings(folder)))


@projection_app.command("rebuild")
def projection_rebuild(folder: Folder = None) -> None:
    """Make the ledger's copy anew from the book, then compare."""
    from kayasol.projections import rebuild

    raise typer.Exit(rebuild(load_settings(folder)))


@readings_app.command("rebuild")
def readings_rebuild(
    site: Annotated[str, typer.Option(help="Only this site's.")] = "",
    folder: Folder = None,
) -> None:
    """Write the readings anew from the archive: into a store that is new or was lost; exit code 2 if broken off."""
    from kayasol.refilling import rebuild

    raise typer.Exit(rebuild(load_settings(folder), site))


@app.command()
def serve(
    folder: Folder = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the pages.")] = None,
    broker_port: Annotated[int | None, typer.Option(min=1, max=65535)] = None,
    broker_plain: Annotated[
        bool | None, typer.Option("--broker-plain", help="No TLS; only for a broker on this machine.")
    ] = None,
    live_s: Annotated[
        int | None, typer.Option(min=0, max=86_400, help="Ask sites for rows at once during so many seconds.")
    ] = None,
) -> None:
    """Run ingest, figures and pages in one process (village size)."""
    from kayasol.serve import run_server

    settings = load_settings(
        folder, http_port=port, broker_port=broker_port, broker_plain=broker_plain or None, live_s=live_s
    )
    run_server(make_folder(settings))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its state; a second start goes on there.")] = Path(
        "build/demo"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the pages.")] = 8000,
    days: Annotated[int, typer.Option(min=1, max=90, help="Days of history to live through at the first start.")] = 30,
    seed: Annotated[int, typer.Option(help="Random numbers of the simulation.")] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget an earlier demo in the folder.")] = False,
    store: Annotated[
        ReadingsKind | None, typer.Option(help="Where readings are kept (default: as before, else sqlite).")
    ] = None,
    influxd: Annotated[Path | None, typer.Option(help="InfluxDB's server program (default: from the PATH).")] = None,
) -> None:
    """Three simulated kiosks on real protocols: a month of history, then live."""
    from kayasol.demo.run import Wish, run_demo

    kind = None if store is None else store.value
    run_demo(folder, Wish(port=port, days=days, seed=seed, store=kind, influxd=influxd), fresh=fresh)


@app.command()
def simulate(
    folder: Folder = None,
    state: Annotated[
        Path | None, typer.Option(help="Where the kiosks keep theirs (default: `simulated` in the server's folder).")
    ] = None,
    only: Annotated[
        SimulateStep | None, typer.Option(help="register needs the server's keys and database, run does not.")
    ] = None,
) -> None:
    """Add three simulated kiosks to a server, live over its broker until Ctrl-C; again goes on with them."""
    from kayasol.demo.simulate import register, run

    settings = load_settings(folder)
    root = state or settings.folder / "simulated"
    if only is not SimulateStep.RUN:
        added = register(settings, root)
        print(f"Registered: {', '.join(added)}." if added else "The server knows the simulated sites already.")
    if only is not SimulateStep.REGISTER:
        run(settings, root)


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False)
def sim(context: typer.Context) -> None:
    """Run one simulated device on a pseudo-terminal, for whoever writes a driver."""
    from firmware_sim.cli import main as simulate

    raise typer.Exit(simulate(context.args))
