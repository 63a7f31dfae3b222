"""`kayasol simulate` as typed beside a real `kayasol serve` and Mosquitto with certificates: rows, sales, going on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kayasol.demo import sums
from kayasol.demo.places import Places
from kayasol.demo.simulate import CODES
from kayasol.parts import utc_ms
from store import status
from store.engine import Store
from tests.end_to_end.broker_village import PythonProcess, Village, quick_folder
from tests.end_to_end.far_clock import wait_for
from tests.kayasol.city import kayasol, write_settings
from tests.postgresql import PostgresServer
from tests.process_table import descendants

WAIT_S, END_S = 60.0, 40.0
KIOSKS = 3


@pytest.fixture(scope="module")
def village() -> Iterator[Village]:
    """A server without a site of its own."""
    with quick_folder("simulate") as root:
        found = Village(root, (), utc_ms())
        write_settings(found.places.server, broker_port=found.broker.port)
        yield found


def sites_with_sales(store: Store, sales: int) -> list[str]:
    """Those that have so many sales and were heard with rows."""
    with store.read() as connection:
        heard = {each.site for each in status.all_statuses(connection) if each.head}
    return [code for code in CODES if code in heard and sums.of_server(store, code).sales >= sales]


def simulate(village: Village) -> PythonProcess:
    words = ["kayasol", "simulate", "--folder", str(village.places.server)]
    return PythonProcess("simulate", village.places.logs, words)


def test_its_kiosks_sell_and_measure_end_with_it_and_go_on(village: Village) -> None:
    with village.broker, village.serve(village.broker.port) as server:
        simulation = simulate(village)
        for start in (1, 2):
            simulation.start()
            try:
                wait_for(lambda: len(descendants(simulation.pid)) == 1 + KIOSKS, simulation.log_text, WAIT_S)
                store = Store.open(village.settings.database)
                wait_for(lambda: sites_with_sales(store, start) == list(CODES), server.log_text, WAIT_S)  # noqa: B023
                store.close()
                family = descendants(simulation.pid)
                if start == 1:
                    second = kayasol("simulate", "--folder", village.places.server)
                    assert (second.returncode, "run already" in second.stderr) == (1, True)
            finally:
                simulation.stop()
            assert [each.words for each in family if each.lives] == []
            assert "Registered" in simulation.log_text()
    assert "knows the simulated sites already" in simulation.log_text()


def test_a_server_without_certificates_is_told_what_to_do_first(tmp_path: Path) -> None:
    done = kayasol("simulate", "--folder", tmp_path / "server")
    assert done.returncode == 1
    assert "run `kayasol broker` first" in done.stderr
    assert not (tmp_path / "server").exists()


def test_running_alone_asks_for_registered_kiosks(tmp_path: Path) -> None:
    done = kayasol("simulate", "--folder", tmp_path, "--only", "run", "--state", tmp_path / "kiosks")
    assert done.returncode == 1
    assert "kayasol simulate --only register" in done.stderr


def test_kiosks_of_another_server_are_refused(village: Village, tmp_path: Path) -> None:
    with quick_folder("other") as root:
        other = Village(root, (), utc_ms())
        words = ("simulate", "--only", "register", "--state", tmp_path / "kiosks", "--folder")
        assert kayasol(*words, other.places.server).returncode == 0
        done = kayasol(*words, village.places.server)
    assert done.returncode == 1
    assert "belongs to another server" in done.stderr


def test_an_interrupted_registration_goes_on(village: Village, tmp_path: Path) -> None:
    words = ("simulate", "--only", "register", "--state", tmp_path, "--folder", village.places.server)
    assert kayasol(*words).returncode == 0
    (Places(tmp_path).state(CODES[1]) / "act.json").unlink()
    done = kayasol(*words)
    assert (done.returncode, done.stdout) == (0, f"Registered: {CODES[1]}.\n")


def test_a_server_of_the_city_size_is_given_them_too(postgres: PostgresServer, tmp_path: Path) -> None:
    folder = tmp_path / "server"
    write_settings(folder, database_url=postgres.new_database())
    assert kayasol("setup", "--folder", folder).returncode == 0
    done = kayasol("simulate", "--only", "register", "--folder", folder)
    assert done.returncode == 0, done.stderr
    listed = kayasol("site", "list", "--folder", folder).stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(CODES)
    assert all("(simulé)" in line for line in listed)
