"""Every link of a page leads somewhere, and every page of docs/ is found from where a reader begins."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tests.house.reading import ROOT

STARTS = (Path("README.md"), Path("docs/README.md"))
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^( {4}|\t)[^\n]*$|^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z]+:")

Reader = Callable[[Path], str]


def stored(page: Path) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def pages() -> list[Path]:
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(path.relative_to(ROOT) for path in found)


def links(text: str) -> list[str]:
    """Targets within this repository; lines of code are no text."""
    return [target for target in LINK.findall(FENCED.sub("", text)) if not ELSEWHERE.match(target)]


def target_of(page: Path, link: str) -> Path:
    """The file that a link means, relative to the checkout; outside of it for one that leads out."""
    name = link.partition("#")[0]
    whole = (ROOT / page.parent / name).resolve() if name else ROOT / page
    return whole.relative_to(ROOT) if whole.is_relative_to(ROOT) else whole


def anchors(text: str) -> set[str]:
    """The names that a reader's site gives to headings."""
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(FENCED.sub("", text))}


def broken(page: Path, read: Reader = stored) -> list[str]:
    found = []
    for link in links(read(page)):
        target, anchor = target_of(page, link), link.partition("#")[2]
        if not (ROOT / target).exists():
            found.append(f"{page}: {link} leads nowhere")
        elif anchor and anchor not in anchors(read(target)):
            found.append(f"{page}: {link}, no such heading")
    return found


def reached(read: Reader = stored) -> set[Path]:
    """Pages to which links lead from the starts, over any number of pages."""
    seen, todo = set(STARTS), list(STARTS)
    while todo:
        page = todo.pop()
        for link in links(read(page)):
            target = target_of(page, link)
            if target.suffix == ".md" and target not in seen and (ROOT / target).exists():
                seen.add(target)
                todo.append(target)
    return seen


def test_every_link_leads_somewhere() -> None:
    assert [each for page in pages() for each in broken(page)] == []


def test_every_page_is_found_from_where_a_reader_begins() -> None:
    assert set(pages()) - reached() == set()


def test_every_page_of_the_index_is_found_without_the_readme() -> None:
    named = {target_of(STARTS[1], link) for link in links(stored(STARTS[1]))}
    assert {page for page in pages() if page.parent == Path("docs")} - named == {STARTS[1]}


def test_every_picture_is_shown() -> None:
    shown = {target_of(page, link) for page in pages() for link in links(stored(page))}
    assert {path.relative_to(ROOT) for path in (ROOT / "docs" / "pictures").iterdir()} - shown == set()


def test_a_link_that_leads_nowhere_is_seen() -> None:
    told = "see [one](gone.md), [two](#no-such-heading), [three](https://example.org/x.md)\n\n    [code](gone.md)\n"
    page = Path("docs/deploy.md")
    assert broken(page, lambda _: told) == [
        "docs/deploy.md: gone.md leads nowhere",
        "docs/deploy.md: #no-such-heading, no such heading",
    ]
