"""The container files: accepted by a real parser, refused by our check when something is wrong, true to the program."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from kayasol import __version__
from kayasol.cli import app
from kayasol.compose_check import check_text
from kayasol.secret_files import NAMES, make_secrets
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from tests.servers import require_server

ROOT = Path(__file__).parents[2]
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
OURS = ("setup", "ingest", "office", "api", "simulation-sites", "simulation")

Model = dict[str, Any]
Change = Callable[[Model], None]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout's container files with secrets, and nobody's .env."""
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    make_secrets(tmp_path / "secrets")
    return tmp_path


def parsed(place: Path, **variables: str) -> Model:
    """What the parser makes of the file, all profiles; it ends the test where it refuses.

    Its command looks at no environment, so other values are put in the place of the file's own.
    """
    file = place / "docker-compose.yml"
    text = VARIABLE.sub(lambda found: variables.get(found[1], found[0]), file.read_text())
    file.with_name("filled.yml").write_text(text)
    done = subprocess.run(
        [require_server("compose"), "-format", "json", "filled.yml"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    model: Model = json.loads(done.stdout)
    return model


def example() -> dict[str, str]:
    """What .env.example sets."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def faults_after(model: Model, change: Change) -> list[str]:
    change(model)
    return check_text(json.dumps(model))[0]


def test_the_parser_accepts_the_file_and_our_check_has_nothing_to_say(place: Path) -> None:
    model = parsed(place)
    assert set(model["services"]) == {*OURS, "mosquitto", "postgres", "influxdb", "grafana"}
    assert check_text(json.dumps(model)) == ([], [])


def test_the_parser_refuses_what_is_wrong(place: Path) -> None:
    file = place / "docker-compose.yml"
    file.write_text(file.read_text().replace("condition: service_healthy", "condition: service_happy", 1))
    with pytest.raises(AssertionError, match=r"service_happy|depends_on"):
        parsed(place)


def test_with_the_example_settings_nothing_can_be_reached_from_another_computer(place: Path) -> None:
    assert check_text(json.dumps(parsed(place, **example()))) == ([], [])


def test_opening_the_kiosks_door_is_allowed_and_said(place: Path) -> None:
    faults, notes = check_text(json.dumps(parsed(place, KAYASOL_MQTT_BIND="0.0.0.0")))
    assert faults == []
    assert notes == ["kiosks reach the broker at 0.0.0.0:8883, with certificates of this server's authority only"]


def test_opening_the_pages_is_said_with_what_is_missing(place: Path) -> None:
    faults, notes = check_text(json.dumps(parsed(place, KAYASOL_PAGES_BIND="192.0.2.7", KAYASOL_PAGES_PORT="80")))
    assert faults == []
    assert notes == [
        "the pages can be reached at 192.0.2.7:80, and there are no accounts yet: put a guarded proxy before them"
    ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda file: file.unlink(), "No such file"),
        (lambda file: file.write_text(""), "not one line"),
        (lambda file: file.write_text("changeme-changeme-changeme"), "still an example"),
        (lambda file: file.write_text("Aa1!Bb2?Cc3"), "shorter than 20"),
        (lambda file: file.write_text("aaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "still an example"),
        (lambda file: file.chmod(0o644), "chmod 600"),
    ],
)
def test_a_secret_that_is_none_is_refused(place: Path, name: str, spoil: Callable[[Path], object], told: str) -> None:
    spoil(place / "secrets" / name)
    (fault,) = check_text(json.dumps(parsed(place)))[0]
    assert fault.startswith(f"secret {name}: ")
    assert told in fault


def test_no_refusal_shows_a_secret(place: Path) -> None:
    file = place / "secrets" / NAMES[0]
    file.write_text("example-of-mine-1234")
    assert "of-mine" not in str(check_text(json.dumps(parsed(place))))


@pytest.mark.parametrize("service", ["postgres", "influxdb", "grafana", "mosquitto", "ingest", "api"])
@pytest.mark.parametrize("host", [None, "", "0.0.0.0", "192.0.2.7", "::"])
def test_another_port_that_strangers_could_reach_is_refused(place: Path, service: str, host: str | None) -> None:
    def publish(model: Model) -> None:
        port = {"target": 5432, "published": "5432"} | ({} if host is None else {"host_ip": host})
        model["services"][service].setdefault("ports", []).append(port)

    (fault,) = faults_after(parsed(place), publish)
    assert fault.startswith(f"{service}: port 5432 can be reached")


def setting(name: str, value: object) -> Change:
    return lambda model: model["services"]["office"].update({name: value})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (setting("user", "root"), "runs as root"),
        (setting("user", "0:0"), "runs as root"),
        (setting("user", None), "runs as root"),
        (setting("read_only", False), "can be written"),
        (setting("cap_drop", []), "has capabilities"),
        (setting("cap_add", ["NET_ADMIN"]), "rights over the machine"),
        (setting("privileged", True), "rights over the machine"),
        (setting("security_opt", []), "may gain rights"),
        (setting("network_mode", "host"), "shares the machine's"),
        (setting("mem_limit", None), "all memory"),
        (setting("healthcheck", None), "no health check"),
        (setting("restart", None), "nothing of restart"),
        (setting("volumes", [{"source": "/var/run/docker.sock"}]), "docker.sock"),
        (setting("environment", {"KAYASOL_TOKEN": "abc"}), "a secret in the environment"),
        (setting("secrets", [{"source": "forgotten"}]), "has no file"),
    ],
)
def test_a_container_that_could_do_too_much_is_refused(place: Path, change: Change, told: str) -> None:
    (fault, *_) = faults_after(parsed(place), change)
    assert fault.startswith("office: ")
    assert told in fault


@pytest.mark.parametrize("image", ["influxdb", "influxdb:latest", "influxdb:2", "influxdb:2.9", "postgres:15", "x:1.2"])
def test_an_image_that_moves_is_refused(place: Path, image: str) -> None:
    (fault,) = faults_after(parsed(place), lambda model: model["services"]["influxdb"].update(image=image))
    assert "is not pinned" in fault


@pytest.mark.parametrize("text", ["", "services:\n", "[]", "{}", '{"services": 7}', '{"services": {"a": 7}}'])
def test_what_no_parser_wrote_is_refused_with_the_way_to_do_it(text: str) -> None:
    with pytest.raises(ConfigError, match="docker compose config --format json"):
        check_text(text)


def test_the_table_of_images_is_that_of_the_file(place: Path) -> None:
    rows = re.findall(
        r"^\| ([\w, -]+) \| `([^`]+:[^`]+)` \| (.+) \|$", (ROOT / "docs/deploy.md").read_text(), re.MULTILINE
    )
    told = {service: image for services, image, _ in rows for service in services.split(", ")}
    assert told == {name: service["image"] for name, service in parsed(place)["services"].items()}
    assert all(len(reason) > 20 for _, _, reason in rows)


def test_the_products_own_images_bear_its_version(place: Path) -> None:
    images = {parsed(place)["services"][name]["image"].partition(":")[2] for name in OURS}
    assert images == {__version__}


def test_the_example_names_every_variable_with_the_files_own_default() -> None:
    used = dict(VARIABLE.findall((ROOT / "docker-compose.yml").read_text()))
    assert example() == used


@pytest.mark.parametrize("name", OURS)
def test_each_command_line_is_one_that_the_program_takes(place: Path, name: str) -> None:
    service = parsed(place)["services"][name]
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    for words in (
        service["command"],
        (service.get("healthcheck") or {"test": ["CMD", "kayasol", "version"]})["test"][2:],
    ):
        command = group.commands[words[0]]
        try:
            command.make_context(words[0], list(words[1:]))
        except click.ClickException as error:
            pytest.fail(f"{name}: {words}: {error.format_message()}")


@pytest.mark.parametrize("name", OURS)
def test_each_setting_is_one_that_the_program_has(place: Path, name: str) -> None:
    given = parsed(place)["services"][name].get("environment") or {}
    known = {f"KAYASOL_{field.upper()}" for field in ServerSettings.model_fields}
    assert set(given) <= known
    values = {key.removeprefix("KAYASOL_").lower(): value for key, value in given.items()}
    assert ServerSettings(**values)


def test_a_service_sees_no_more_secrets_than_it_needs(place: Path) -> None:
    seen = {
        name: {each["source"] for each in service.get("secrets") or []}
        for name, service in parsed(place)["services"].items()
    }
    assert seen == {
        "setup": {"postgres_password", "influxdb_password", "influxdb_operator_token"},
        "postgres": {"postgres_password"},
        "grafana": {"grafana_password"},
        **{name: {"postgres_password"} for name in ("ingest", "office", "api", "simulation-sites")},
        **{name: set() for name in ("mosquitto", "influxdb", "simulation")},
    }


def test_only_what_registers_and_ingest_reach_the_keys(place: Path) -> None:
    services = parsed(place)["services"]
    with_keys = {
        name for name, service in services.items() if any(v["source"] == "keys" for v in service.get("volumes") or [])
    }
    assert with_keys == {"setup", "ingest", "simulation-sites"}


def test_databases_have_no_way_out(place: Path) -> None:
    model = parsed(place)
    assert model["networks"]["inside"]["internal"] is True
    for name in ("postgres", "influxdb", "setup", "ingest", "office", "simulation-sites", "simulation"):
        assert set(model["services"][name]["networks"]) == {"inside"}


def test_what_the_image_is_built_from_is_there_and_named_once() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    bases = set(re.findall(r"^FROM (\S+)", text, re.MULTILINE))
    assert bases == {"python:3.11.15-bookworm", "python:3.11.15-slim-bookworm"}
    page = (ROOT / "docs/deploy.md").read_text()
    assert [base for base in bases if f"`{base}`" not in page] == []
    for file in re.findall(r"requirements/[\w-]+\.txt", text):
        assert (ROOT / file).is_file()
    assert "--require-hashes" in text
    assert re.search(r"^USER 1000:1000$", text, re.MULTILINE)
    assert not re.search(r"index-url|trusted-host|ADD http|curl|wget", text)


def test_no_secret_reaches_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".env", "secrets", ".git"} <= set(ignored)
