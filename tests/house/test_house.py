"""Every file of ours keeps every house rule."""

from functools import cache

import pytest

from tests.house.reading import Source, our_files
from tests.house.rules import CODE_RULES, MONEY, PURE, TEXT_RULES, Rule


@cache
def all_files() -> list[Source]:
    return our_files()


@pytest.mark.parametrize("rule", [*CODE_RULES, *TEXT_RULES], ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule: Rule) -> None:
    files = [source for source in all_files() if rule in TEXT_RULES or source.path.suffix == ".py"]
    assert files
    breaches = [f"{source.path}:{found.line}: {found.what}" for source in files for found in rule(source)]
    if breaches:
        pytest.fail("\n".join([str(rule.__doc__), *breaches]), pytrace=False)


@pytest.mark.parametrize("place", [*MONEY, *PURE])
def test_a_place_that_a_rule_guards_is_there(place: str) -> None:
    """A file that was renamed would else leave its rule behind, in silence."""
    assert any(source.is_in(place) for source in all_files())
