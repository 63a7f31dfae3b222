"""How a sentence is found: by key and language, with French signs bound to their words. The sentences are in words_*.

Knows no figure.
"""

from __future__ import annotations

from api.pages import words_metrics, words_sites, words_technique, words_visit

LANGUAGES = ("fr", "en")

_FRENCH_SPACES = tuple((plain, plain.replace(" ", "\u00a0")) for plain in (" :", " ;", " ?", " !", " »", "« "))
"""A French sign is never parted from its word at the end of a line."""

TEXTS: dict[str, tuple[str, str]] = {
    **words_sites.WORDS,
    **words_visit.WORDS,
    **words_technique.WORDS,
    **words_metrics.WORDS,
}
"""Key -> French, English."""


def text(language: str, key: str, **facts: object) -> str:
    """The sentence for a key; KeyError for a key that has none, which tests look for."""
    sentence = TEXTS[key][LANGUAGES.index(language)]
    if language == "fr":
        for plain, bound in _FRENCH_SPACES:
            sentence = sentence.replace(plain, bound)
    return sentence.format(**facts)


def named(language: str, family: str, word: str) -> str:
    """The word of a family that a site chose itself, such as a service; its own spelling where we have none."""
    pair = TEXTS.get(f"{family}_{word}")
    return word if pair is None else pair[LANGUAGES.index(language)]
