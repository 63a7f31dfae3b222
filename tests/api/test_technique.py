"""The technician's pages: what they find, what they draw without script, what the zoom fetches and shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request
from starlette.testclient import TestClient

from kiosk.wire.schema import DeviceSchema, Schema
from store import blocks
from store.blocks import Block, FlaggedValue
from tests.api.book import BOOT
from tests.api.conftest import app_of, client_of
from tests.api.serving import served
from tests.api.test_pages import words_of
from tests.api.village import HOUR_MS, NOW_MS, Kiosk, Village


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Village]:
    """A kiosk whose controller is known by name, gave impossible values and fell silent."""
    village = Village.founded(tmp_path_factory.mktemp("noisy"))
    village.live(Kiosk("boussouma", "École", days=9, silent_mppt_ms=3 * HOUR_MS))
    schema = Schema((DeviceSchema("mppt", "victron-vedirect", "HQ2134ABCDE", ("battery_voltage_v",)),))
    flagged = [
        FlaggedValue("boussouma", BOOT, "mppt", "battery_voltage_v", at_ms, NOW_MS - 5 * HOUR_MS + at_ms, 1, 9999)
        for at_ms in (0, 60_000, 120_000)
    ]
    with village.store.write() as connection:
        blocks.add_schema(connection, "boussouma", schema, NOW_MS)
        blocks.add(
            connection, [Block(0, "boussouma", "aa" * 16, 1, 1, BOOT, schema.hash, b"x", blocks.WRITTEN, NOW_MS)]
        )
        blocks.add_flagged(connection, flagged)
    village.compute()
    yield village
    village.close()


def test_sites_in_need_come_first_with_reason_and_advice(client: TestClient) -> None:
    words = words_of(client, "/technique")
    places = [words.index(name) for name in ("École de Tangasgo", "CSPS de Louda", "École de Damané")]
    assert places == sorted(places)
    assert "La batterie est faible. Arrêter la recharge des téléphones ; garder la batterie pour la lumière." in words
    assert "■ Jours avec une coupure de courant : 7 sur 7" in words
    assert "Mesurer la batterie au repos" in words


def test_every_site_of_the_tour_leads_to_its_long_charts(client: TestClient) -> None:
    links = re.findall(r'<h2><a href="(/sites/\w+/technique)">', client.get("/technique").text)
    assert len(links) == 3
    for link in links:
        assert client.get(link).text.count('<svg class="long"') >= 4


@pytest.mark.parametrize("days", [7, 30, 90])
def test_each_length_of_time_is_drawn_whole(client: TestClient, days: int) -> None:
    page = client.get(f"/sites/damane/technique?days={days}").text
    assert f"<b>{days}\u00a0jours</b>" in page
    for metric in ("battery_voltage_v", "battery_current_a", "pv_power_w", "load_power_w"):
        assert f'data-metric="{metric}"' in page
    assert {int(other) for other in re.findall(r"\?days=(\d+)", page)} >= {7, 30, 90} - {days}


@pytest.mark.parametrize("days", ["8", "", "7,30", "-7", "٧", "700000000000"])
def test_another_length_of_time_is_a_page_that_does_not_exist(client: TestClient, days: str) -> None:
    answer = client.get("/sites/damane/technique", params={"days": days})
    assert answer.status_code == 422
    assert "<h1>" in answer.text


def test_a_site_that_is_not_known_has_no_long_charts(client: TestClient) -> None:
    assert client.get("/sites/nulle-part/technique").status_code == 404


def test_the_extremes_in_words_are_those_of_the_api(client: TestClient) -> None:
    span = "start=2026-11-17&end=2026-11-24&interval=1h"
    found = client.get(f"/api/v1/sites/damane/series?device=mppt&metric=battery_voltage_v&{span}").json()
    low, high, last = (
        f"{value:.2f} V".replace(".", ",") for value in (min(found["lows"]), max(found["highs"]), found["lasts"][-1])
    )
    assert f"« mppt » · de {low} à {high}, dernière valeur : {last}" in words_of(client, "/sites/damane/technique")


def test_a_device_is_shown_with_driver_serial_number_and_what_was_not_believed(noisy: Village) -> None:
    words = words_of(client_of(noisy), "/sites/boussouma/technique")
    assert "Pilote victron-vedirect, numéro de série HQ2134ABCDE." in words
    assert "Valeurs impossibles mises de côté : 3." in words
    assert "Dernière mesure il y a 3 h." in words


def test_what_is_wrong_with_a_device_is_told_with_what_to_do(noisy: Village) -> None:
    words = words_of(client_of(noisy), "/sites/boussouma/technique")
    assert "Valeurs impossibles de « mppt » (Tension de la batterie) : 3." in words
    assert "Rebrancher ou changer son câble de données." in words
    english = words_of(client_of(noisy), "/en/sites/boussouma/technique")
    assert "Impossible values from “mppt” (Battery voltage): 3." in english


def test_a_start_is_told_with_who_gave_the_time(client: TestClient) -> None:
    assert "13 nov. à 0 h 00 10 jours serveur" in words_of(client, "/sites/damane/technique")


def test_only_the_page_with_charts_may_run_a_script(client: TestClient) -> None:
    policies = {
        path: client.get(path).headers["content-security-policy"] for path in ("/", "/sites/damane", "/technique")
    }
    assert all("script-src" not in policy and "connect-src" not in policy for policy in policies.values())
    policy = client.get("/sites/damane/technique").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe-eval" not in policy
    assert policy.count("'unsafe-inline'") == 1


def test_the_zoom_asks_the_api_only_when_a_button_is_pressed(browser: Browser, village: Village) -> None:
    with served(app_of(village)) as url:
        page = browser.new_page(viewport={"width": 320, "height": 720})
        asked: list[str] = []
        said: list[str] = []

        def hear(request: Request) -> None:
            asked.append(request.url.removeprefix(url))

        page.on("request", hear)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{url}/sites/damane/technique?days=30")
        page.wait_for_load_state("load")
        assert [path.partition("-")[0] for path in asked[1:]] == ["/static/technique"]
        figure = page.locator("figure[data-metric=battery_voltage_v]")
        figure.get_by_role("button").first.click()
        figure.locator(".uplot canvas").wait_for()
        asked_series = [path for path in asked if "/series?" in path]
        assert len(asked_series) == 1
        assert "interval=" in asked_series[0]
        assert figure.locator("svg").count() == 0
        assert page.locator("figure svg").count() > 2
        assert said == []
        page.close()


def test_drawing_over_a_zoomed_chart_fetches_the_span_in_finer_steps(browser: Browser, village: Village) -> None:
    with served(app_of(village)) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(f"{url}/sites/damane/technique?days=30")
        figure = page.locator("figure[data-metric=pv_power_w]")
        with page.expect_response("**/series?*") as whole:
            figure.get_by_role("button").first.click()
        over = figure.locator(".u-over")
        over.wait_for()
        over.scroll_into_view_if_needed()
        box = over.bounding_box()
        assert box is not None
        with page.expect_response("**/series?*") as part:
            page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 40)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=5)
            page.mouse.up()
        spans = [
            (answer["end_ms"] - answer["start_ms"], answer["interval_s"])
            for answer in (whole.value.json(), part.value.json())
        ]
        assert 8 < spans[0][0] / spans[1][0] < 12
        assert spans[1][1] < spans[0][1]
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        page.close()


def test_a_zoom_without_network_says_so_and_leaves_the_drawing(browser: Browser, village: Village) -> None:
    with served(app_of(village)) as url:
        page = browser.new_page()
        page.goto(f"{url}/sites/damane/technique")
        page.route("**/series?*", lambda route: route.abort())
        figure = page.locator("figure[data-metric=battery_voltage_v]")
        figure.get_by_role("button").first.click()
        figure.get_by_text("Les mesures ne sont pas arrivées").wait_for()
        assert figure.locator("svg").count() == 1
        page.close()


def test_the_script_holds_no_word_and_no_address_of_its_own() -> None:
    script = (Path(__file__).parents[2] / "api" / "pages" / "static" / "technique.js").read_text(encoding="utf-8")
    assert "http" not in script
    assert "innerHTML" not in script
    assert "eval(" not in script
