"""`kayasol site revoke` beside a real Mosquitto: the stolen device is out, the others and its successor are in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent import commission
from kayasol.parts import utc_ms
from tests.end_to_end.broker_village import Village, quick_folder
from tests.end_to_end.test_clock_over_tls import link_of, meets_the_broker
from tests.kayasol.city import kayasol

STOLEN, OTHER = "damane", "louda"


@pytest.fixture
def village() -> Iterator[Village]:
    with quick_folder("revoke") as root:
        yield Village(root, (STOLEN, OTHER), utc_ms())


def revoke(village: Village, *words: str | Path) -> tuple[int, str]:
    done = kayasol("site", "revoke", *words, "--folder", village.places.server)
    return done.returncode, (done.stdout + done.stderr).splitlines()[0]


def test_a_stolen_device_is_refused_from_the_brokers_next_start_on(village: Village) -> None:
    with village.broker:
        assert meets_the_broker(link_of(village, STOLEN))
    assert revoke(village, STOLEN) == (0, f"Certificates of {STOLEN} withdrawn: 1.")
    with village.broker:
        assert not meets_the_broker(link_of(village, STOLEN))
        assert meets_the_broker(link_of(village, OTHER))


def test_a_new_device_of_the_site_is_let_in_and_the_old_one_stays_out(village: Village) -> None:
    old = village.places.state(STOLEN)
    assert revoke(village, STOLEN)[0] == 0
    old.rename(old.with_name("stolen"))
    village._commission(STOLEN, utc_ms() // 1000)
    with village.broker:
        assert meets_the_broker(link_of(village, STOLEN))
        for name in (commission.CERTIFICATE, commission.TLS_KEY):
            (old / name).write_bytes((old.with_name("stolen") / name).read_bytes())
        assert not meets_the_broker(link_of(village, STOLEN))


def test_the_second_time_changes_nothing(village: Village) -> None:
    assert revoke(village, STOLEN)[0] == 0
    assert revoke(village, STOLEN) == (0, f"{STOLEN} was withdrawn before.")


def test_a_certificate_that_the_server_did_not_keep_is_given(village: Village) -> None:
    for file in (village.places.server / "ca").glob("site_*"):
        file.unlink()
    code, told = revoke(village, STOLEN)
    assert (code, "--certificate" in told) == (1, True)
    pem = village.places.state(OTHER) / commission.CERTIFICATE
    assert revoke(village, STOLEN, "--certificate", pem)[1].endswith(f"of {OTHER}, not of {STOLEN}")
    assert revoke(village, OTHER, "--certificate", pem) == (0, f"Certificates of {OTHER} withdrawn: 1.")


def test_no_authority_is_made_in_a_folder_that_has_none(tmp_path: Path) -> None:
    done = kayasol("site", "revoke", STOLEN, "--folder", tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (1, [])
