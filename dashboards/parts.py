"""What several boards are made of: figures, metrics and health by their names, in the words of a language."""

from __future__ import annotations

from dashboards import query
from dashboards.panel import Step
from dashboards.query import Column, Query
from dashboards.words import Words, word_of

CUTOFF = (Step(None, "red"), Step(11.7, "orange"), Step(12.0, "green"))
CUTOFF_ABOUT = Words(
    "Rouge : sous 11,7 V, la tension de coupure habituelle. Orange : moins de 0,3 V au-dessus de la coupure.",
    "Red: below 11.7 V, the usual cut-off. Orange: less than 0.3 V above it.",
)
SHARE = (Step(None, "red"), Step(80, "orange"), Step(95, "green"))
BY_DAY = Words(
    "Une barre par journée calculée. Une journée sans barre : on ne sait pas, ce n’est pas zéro.",
    "One bar a computed day. A day without a bar is not known; it is not zero.",
)


def figures_named(language: str, *names: str) -> list[Column]:
    return [query.figure(name, word_of(name, language)) for name in names]


def days(language: str, *names: str) -> tuple[Query, ...]:
    return (query.figures_of_site(figures_named(language, *names)),)


def metrics(language: str, *names: str) -> tuple[Query, ...]:
    return (query.readings_of_site([query.metric(name, word_of(name, language)) for name in names]),)


def health(language: str, *names: str) -> list[Column]:
    return [Column(name, word_of(name, language), fold="last") for name in names]
