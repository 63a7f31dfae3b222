"""Every page judged by axe in Chromium, in light and dark, and on a phone without style or script."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser

from tests.api.browsing import PATHS

GRAVE = {"serious", "critical"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PATHS)
def test_axe_finds_nothing_grave(browser: Browser, address: str, name: str, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 720}, color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address + PATHS[name])
    page.evaluate("document.querySelectorAll('details').forEach(folded => { folded.open = true })")
    found = Axe().run(page)
    context.close()
    told = [
        (violation["id"], violation["impact"], node["html"][:120])
        for violation in found.response["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"][:3]
    ]
    assert told == []
    assert found.response["passes"]


def test_axe_would_see_a_page_that_is_not_readable(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<html><body><p style='color:#ccc;background:#fff'>pale</p><img src='data:,'></body></html>")
    assert {each["id"] for each in Axe().run(page).response["violations"]} >= {"color-contrast", "image-alt"}
    page.close()


@pytest.mark.parametrize("name", [name for name in PATHS if name != "lost"])
def test_a_page_is_complete_without_script(browser: Browser, address: str, name: str) -> None:
    words = []
    for script in (False, True):
        context = browser.new_context(viewport={"width": 320, "height": 720}, java_script_enabled=script)
        page = context.new_page()
        answer = page.goto(address + PATHS[name])
        assert answer is not None
        if not script:
            served_words = re.sub(r"<(style|title)[\s\S]*?</\1>|<[^>]+>", " ", answer.text())
            assert "undefined" not in served_words
        page.evaluate("document.querySelectorAll('button').forEach(button => button.remove())") if script else None
        words.append(" ".join(page.inner_text("main").split()))
        context.close()
    assert words[0] == words[1]


def test_the_order_of_a_site_without_style_is_the_order_of_what_matters(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address + "/sites/damane")
    page.evaluate("document.querySelectorAll('style').forEach(sheet => sheet.remove())")
    words = page.inner_text("main")
    order = [
        "École de Damané",
        "Tout va bien",
        "Aujourd’hui",
        "Ce mois-ci",
        "Batterie",
        "Le mois, jour par jour",
        "Soleil",
    ]
    places = [words.index(each) for each in [*order, "Ce qui a marché", "Ce qui manque"]]
    assert places == sorted(places)
    page.close()


def test_every_colour_is_given_to_browsers_that_know_no_names_for_colours(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address + "/sites/damane")
    sheet = page.inner_text("style")
    page.close()
    rules = re.findall(r"([a-z-]+):var\(--[\w-]+\)", sheet)
    assert len(rules) > 30
    assert len(re.findall(r"([a-z-]+):#[0-9a-f]{6};\1:var\(--", sheet)) == len(rules)
