"""Every sentence that the pages may need is there in both languages, and none is left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.pages import formats
from api.pages.advice import Seen
from api.pages.missing import NO_NEWS
from api.pages.nights import Allows
from api.pages.site_sun import ESTIMATES
from api.pages.states import NOTHING_TO_DO, SIGNS, level_of
from api.pages.technique_page import ZOOM_WORDS
from api.pages.texts import TEXTS, text
from figures.reasons import Mark, Why
from kiosk.ledger.act import SITE_KINDS
from kiosk.metric import CATALOGUE
from kiosk.time import SOURCES
from office.overview import State

PAGES = Path(__file__).resolve().parents[2] / "api" / "pages"

FAMILIES: dict[str, set[str]] = {
    "reason_": {state.value for state in State},
    "state_": set(SIGNS),
    "kind_": set(SITE_KINDS),
    "do_": {state.value for state in State} - {state.value for state in NOTHING_TO_DO},
    "tonight_": {each.value for each in Allows},
    "why_": {each.value for each in Allows},
    "clock_": set(SOURCES),
    "metric_": set(CATALOGUE),
    "find_": {each.value for each in Seen},
    "fix_": {each.value for each in Seen},
    "zoom_": set(ZOOM_WORDS),
    "estimate_": {each.value for each in ESTIMATES} | {"other"},
    "uptime_": {"power", "agent", "link"},
    "miss_": ({NO_NEWS} | {*Why} | {*Mark}) - {Why.NOT_OVER, Why.BEFORE_SUNRISE},
}
"""Keys that are put together from a word of another room: all of its words must have a sentence."""


def named_keys() -> Iterator[str]:
    """Texts in the code and templates that could be keys."""
    for path in PAGES.rglob("*.py"):
        if not path.name.startswith(("texts", "words_")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
                if isinstance(node, ast.JoinedStr):
                    yield from _pairs(node)
    for path in PAGES.rglob("*.html"):
        yield from re.findall(r"\bt\('(\w+)'", path.read_text(encoding="utf-8"))


def _pairs(node: ast.JoinedStr) -> Iterator[str]:
    """`f"{form}_minutes"` with its two forms."""
    last = node.values[-1]
    if len(node.values) == 2 and isinstance(last, ast.Constant) and isinstance(last.value, str):
        yield from (f"{form}{last.value}" for form in ("age", "span"))


OPEN_FAMILIES: dict[str, set[str]] = {
    "unit_": {"MB", "B"},
    "service_": {"phone", "lamp", "battery"},
    "stage_": {"0", "2", "3", "4", "5", "7"},
}
"""The same, but a word without a sentence keeps its own spelling."""


def test_every_sentence_is_used() -> None:
    families = {**FAMILIES, **OPEN_FAMILIES}
    used = set(named_keys()) | {prefix + word for prefix, words in families.items() for word in words}
    assert set(TEXTS) - used == set()


def test_every_word_of_the_other_rooms_has_a_sentence() -> None:
    missing = {prefix + word for prefix, words in FAMILIES.items() for word in words} - set(TEXTS)
    assert missing == set()


def test_every_state_has_a_level_with_a_sign() -> None:
    assert {level_of(state) for state in State} == set(SIGNS)


def test_every_key_in_a_template_has_a_sentence() -> None:
    keys = {key for path in PAGES.rglob("*.html") for key in re.findall(r"\bt\('(\w+)'", path.read_text("utf-8"))}
    assert len(keys) > 10
    assert keys <= set(TEXTS)


def test_a_key_without_a_sentence_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("fr", "no_such_key")


def test_french_signs_are_bound_to_their_words() -> None:
    assert text("fr", "sun_unknown").startswith("On ne sait pas\u00a0:")
    assert "«\u00a0mppt\u00a0»" in text("fr", "reason_device_silent", device="mppt", span="1 h")


@pytest.mark.parametrize(
    ("language", "written"), [("fr", "1\u202f234\u202f567\u00a0F\u00a0CFA"), ("en", "1,234,567\u00a0F\u00a0CFA")]
)
def test_francs_are_whole(language: str, written: str) -> None:
    assert formats.amount(language, 1_234_567, "XOF") == written


def test_cents_are_not_francs() -> None:
    assert formats.amount("fr", 123_456, "EUR") == "1\u202f234,56\u00a0EUR"
    assert formats.amount("en", -5, "EUR") == "-0.05\u00a0EUR"


@pytest.mark.parametrize(
    ("permille", "written"),
    [
        (1000, "100\u00a0%"),
        (999, "99\u00a0%"),
        (994, "99\u00a0%"),
        (985, "98\u00a0%"),
        (0, "0\u00a0%"),
        (None, "inconnu"),
    ],
)
def test_a_share_is_100_only_where_nothing_is_missing(permille: int | None, written: str) -> None:
    assert formats.share("fr", permille) == written


@pytest.mark.parametrize(
    ("age_ms", "written"),
    [
        (0, "just now"),
        (60_000, "1 min ago"),
        (119 * 60_000, "119 min ago"),
        (7_200_000, "2 h ago"),
        (172_800_000, "2 days ago"),
    ],
)
def test_an_age_is_in_the_largest_unit_that_is_not_too_coarse(age_ms: int, written: str) -> None:
    assert formats.age("en", age_ms).replace("\u00a0", " ") == written


def test_the_middle_of_the_day_reads_as_people_write_it() -> None:
    assert formats.moment("fr", 1_795_442_400_000) == "23\u00a0nov. à 14\u00a0h\u00a000"
    assert formats.moment("en", 1_795_442_400_000) == "23\u00a0Nov at 14:00"
