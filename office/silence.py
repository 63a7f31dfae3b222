"""When a site counts as silent: one rule for pages, API and the operator's status. Knows no words and no colours."""

from __future__ import annotations

from store import status

CADENCES = 2
"""A site may be late once: silent is who missed two of its own intervals, or two quarters of an hour if longer."""


def silence_allowed_ms(heard: status.SiteStatus) -> int:
    """How long a site may say nothing before it counts as silent, milliseconds."""
    return CADENCES * max((heard.cadence_s or 0) * 1000, status.SLOT_MS)


def is_silent(heard: status.SiteStatus, now_ms: int) -> bool:
    """Whether a site is silent at `now_ms` (UTC milliseconds); one that was never heard is."""
    return heard.arrival_ms is None or now_ms - heard.arrival_ms > silence_allowed_ms(heard)
