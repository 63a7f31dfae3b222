"""The pages as a parent with an old phone gets them: in two languages, complete, small, honest about the unknown."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from api.pages.texts import LANGUAGES, TEXTS
from tests.api.conftest import client_of
from tests.api.village import Kiosk, Village, filled

PAGES = (
    "/",
    "/en",
    "/sites/damane",
    "/en/sites/damane",
    "/sites/louda",
    "/sites/tangasgo",
    "/technique",
    "/en/technique",
    "/sites/damane/technique",
    "/en/sites/damane/technique?days=90",
    "/sites/louda/technique?days=30",
    "/nulle-part",
)

HOUR_MS = 3_600_000
VOID = {"meta", "link", "br", "hr", "img"}


class Outline(HTMLParser):
    """Reads a page strictly: every element that is opened is closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: dict[str, int] = {}
        self.language = ""
        self.untitled = 0
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag == "html":
            self.language = given["lang"] or ""
        if tag == "a":
            self.links.append(given["href"] or "")
        if self.open and self.open[-1] == "svg" and tag != "title" and self._first_in_svg:
            self.untitled += 1
        self._first_in_svg = tag == "svg"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if self.open and self.open[-1] == "svg" and self._first_in_svg:
            self.untitled += 1
        self._first_in_svg = False

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "title"}:
            self.words.append(data.strip())

    _first_in_svg = False


def words_of(client: TestClient, path: str) -> str:
    """What a reader reads, spaces as plain spaces."""
    text = " ".join(word for word in Outline(client.get(path).text).words if word)
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_well_formed_with_one_heading_and_its_language(client: TestClient, path: str) -> None:
    outline = Outline(client.get(path).text)
    assert outline.counts["h1"] == 1
    assert outline.language == ("en" if path.startswith("/en") else "fr")
    assert outline.untitled == 0


def scriptless(path: str) -> bool:
    """All but the technician's page of one site."""
    return not re.search(r"/sites/\w+/technique", path)


@pytest.mark.parametrize("path", [path for path in PAGES if scriptless(path)])
def test_nothing_is_fetched_and_nothing_runs(client: TestClient, path: str) -> None:
    page = client.get(path).text
    outline = Outline(page)
    assert not {"script", "img", "iframe", "object", "form"} & outline.counts.keys()
    assert "url(" not in page
    assert re.findall(r'<link[^>]*href="([^"]*)"', page) == ["data:,"]


@pytest.mark.parametrize(
    "path", ["/sites/damane", "/en/sites/damane", "/sites/louda", "/", "/technique", "/sites/damane/technique"]
)
def test_a_page_is_at_most_14_kb_on_the_way(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) <= 14_000
    assert len(gzip.compress(answer.content, 9)) <= 14_000


@pytest.mark.parametrize("path", ["/", "/sites/damane", "/sites/louda", "/technique", "/sites/damane/technique"])
def test_the_languages_link_to_each_other(client: TestClient, path: str) -> None:
    other = next(link for link in Outline(client.get(path).text).links if link.startswith("/en"))
    assert path in Outline(client.get(other).text).links


def test_every_link_of_every_page_leads_somewhere(client: TestClient) -> None:
    links = {link for path in PAGES[:-1] for link in Outline(client.get(path).text).links}
    assert len(links) > 10
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_the_figures_of_the_day_are_those_of_the_api(client: TestClient) -> None:
    site = client.get("/api/v1/sites/damane").json()
    words = words_of(client, "/sites/damane")
    for name in ("income_today_minor", "income_month_minor", "income_last_month_minor"):
        assert f"{site[name]:,} F CFA".replace(",", " ") in words
    assert f"n° {site['records_complete_upto']:,}".replace(",", " ") in words


def test_what_is_still_at_the_kiosk_is_said_with_its_amount(client: TestClient, village: Village) -> None:
    waiting = village.books["damane"].records[-7:]
    amount = sum(record.amt for record in waiting)
    assert f"7 écritures ({amount} F CFA) sont encore sur la borne." in words_of(client, "/sites/damane")
    assert f"7 records ({amount} F CFA) are still at the kiosk." in words_of(client, "/en/sites/damane")


def test_income_that_nobody_knows_yet_is_not_zero(client: TestClient) -> None:
    words = words_of(client, "/sites/louda")
    assert "Aujourd’hui inconnu" in words
    assert "Aucune nouvelle depuis 2 jours" in words
    assert "Ce mois-ci, jusqu’au 21 nov." in words
    assert "jusqu’au 21" not in words_of(client, "/sites/damane")
    site = client.get("/api/v1/sites/louda").json()
    assert site["income_today_minor"] is None
    assert site["income_month_minor"] > 0


def test_the_cash_box_and_the_exact_place_are_never_shown(client: TestClient, village: Village) -> None:
    for path in PAGES:
        page = re.sub(r"\s", "", client.get(path).text)
        for book in village.books.values():
            assert str(book.head.box) not in page
        assert "13.09" not in page


def test_missing_days_are_grouped_with_their_reason(client: TestClient) -> None:
    words = words_of(client, "/sites/damane")
    assert "Du 11 au 12 nov. La borne est restée éteinte pendant 2 jours." in words
    assert "Le 18 nov. Pas de réseau pendant 24 h." in words
    assert "Du 21 au 23 nov. Pas de nouvelles de la borne" in words_of(client, "/sites/louda")
    assert "11 Nov to 12 Nov The kiosk was off for 2 days." in words_of(client, "/en/sites/damane")


def test_states_are_a_word_a_shape_and_a_colour(client: TestClient) -> None:
    page = client.get("/").text
    for level, sign, word in (
        ("ok", "●", "Tout va bien"),
        ("warn", "▲", "À surveiller"),
        ("unknown", "○", "Pas de nouvelles"),
    ):
        assert f'<div class="state {level}"><b><i aria-hidden="true">{sign}</i>{word}</b>' in page


def test_sites_in_need_come_first(client: TestClient) -> None:
    titles = re.findall(r'<h2><a href="/sites/(\w+)">', client.get("/").text)
    assert titles == ["tangasgo", "louda", "damane"]


def test_days_that_nobody_knows_yet_are_rings_on_the_list_and_question_marks_in_the_month(client: TestClient) -> None:
    cards = client.get("/").text.split("<section")
    louda = next(card for card in cards if "CSPS de Louda" in card)
    assert louda.count("<circle") == 2
    month = client.get("/sites/louda").text.partition('<table class="month"')[2].partition("</table>")[0]
    assert month.count('<td class="u" title="pas encore connu">') == 2


def test_a_month_tells_a_day_off_from_a_day_that_is_not_known(client: TestClient) -> None:
    month = client.get("/sites/damane").text.partition('<table class="month"')[2].partition("</table>")[0]
    assert re.findall(r'<td class="o" title="borne éteinte"><small>(\d+)', month) == ["11", "12"]
    assert 'class="u"' not in month


def test_the_days_of_a_month_are_those_of_the_api(client: TestClient) -> None:
    answer = client.get("/api/v1/sites/damane/days?from=2026-11-01&to=2026-11-22").json()
    month = client.get("/sites/damane").text.partition('<table class="month"')[2].partition("</table>")[0]
    shown = dict(re.findall(r"<small>(\d+)</small><b>([\d\u202f]+)</b>", month))
    amounts = {day["day"]: day["figures"]["income"]["net_minor"] for day in answer["days"]}
    assert len(shown) >= 18
    for number, amount in shown.items():
        assert int(amount.replace("\u202f", "")) == amounts[f"2026-11-{int(number):02}"]


def test_the_services_and_what_was_taken_back_add_up_to_the_month(client: TestClient) -> None:
    page = client.get("/sites/damane").text
    table = page[page.index("Ce mois-ci, par service") :].partition("</table>")[0]
    amounts = [int(re.sub(r"[^\d-]", "", amount)) for amount in re.findall(r"<b>([^<]+)</b>", table)]
    assert len(amounts) == 4
    assert sum(amounts[:-1]) == amounts[-1] == client.get("/api/v1/sites/damane").json()["income_month_minor"]


def test_a_gap_in_a_long_curve_is_shaded_and_the_time_to_come_is_not(client: TestClient) -> None:
    assert 'class="gap"' not in client.get("/sites/tangasgo/technique?days=30").text
    page = client.get("/sites/damane/technique?days=30").text
    assert page.count('class="gap"') == page.count("<figure") > 3


def test_at_night_the_page_says_so_and_shows_the_last_sun(village: Village) -> None:
    client = client_of(village.later(hours=7))
    assert "Il fait nuit. Dernière production mesurée à 14 h 00 :" in words_of(client, "/sites/damane")
    assert "It is night. Last output measured at 14:00:" in words_of(client, "/en/sites/damane")
    assert "Panneaux :" not in words_of(client, "/sites/damane")


def test_an_old_voltage_is_not_shown_as_now(client: TestClient) -> None:
    words = words_of(client, "/sites/louda")
    assert "On ne sait pas Il n’y a pas de mesure récente de la batterie. Dernière tension connue :" in words
    assert "Batterie : 14,0 V, il y a 2 min" in words_of(client, "/sites/damane")


def test_no_site_yet_says_how_to_add_one(empty: Village) -> None:
    words = words_of(client_of(empty), "/")
    assert "kayasol site add" in words


def test_a_site_that_never_spoke_shows_nothing_as_known(empty: Village) -> None:
    empty.register(Kiosk("boussouma", "École <b>de</b> Boussouma"))
    client = client_of(empty)
    words = words_of(client, "/sites/boussouma")
    assert "École <b>de</b> Boussouma" in words
    assert "Ce site n’a encore rien envoyé." in words
    assert "Aucune écriture reçue" in words
    assert "0 F" not in words
    assert "Aucun jour n’a encore été mesuré." in words
    assert client.get("/api/v1/sites/boussouma").json()["records_at_kiosk"] is None


def test_a_kiosk_whose_output_is_off_says_that_the_power_is_off(tmp_path_factory: pytest.TempPathFactory) -> None:
    village = filled(tmp_path_factory.mktemp("off"), [Kiosk("boussouma", "École", days=3, load_off=True)])
    client = client_of(village)
    words = words_of(client, "/sites/boussouma")
    answer = client.get("/api/v1/sites/boussouma").json()["state"]
    village.close()
    assert "■ En panne Plus de courant : le régulateur a coupé la sortie. Ne rien brancher" in words
    assert "■ Le courant est coupé Le régulateur a coupé la sortie pour protéger la batterie." in words
    assert (answer["level"], answer["code"]) == ("bad", "power_off")


def test_a_device_that_fell_silent_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    kiosk = Kiosk("boussouma", "École", days=2, silent_mppt_ms=3 * HOUR_MS)
    village = filled(tmp_path_factory.mktemp("silent"), [kiosk])
    words = words_of(client_of(village), "/sites/boussouma")
    village.close()
    assert "À surveiller" in words
    assert "On ne sait pas : pas de mesure récente." in words


def test_each_sentence_takes_the_same_facts_in_both_languages() -> None:
    for key, pair in TEXTS.items():
        assert len(pair) == len(LANGUAGES), key
        assert all(pair), key
        french, english = (set(re.findall(r"{(\w+)}", sentence)) for sentence in pair)
        assert french == english, key
