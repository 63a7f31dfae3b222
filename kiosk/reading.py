"""Readings and rows: what one device, and one site, measured at one instant."""

from __future__ import annotations

from dataclasses import dataclass, field

LINK, AGENT = OWN_DEVICES = ("link", "agent")
"""Device names under which the agent reports of itself. They have no plug, so nobody is sent to look at their cable."""

IMPLAUSIBLE = 1
"""Flag code: the value lies outside the catalogue's plausible range and is not stored as good."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One device's metrics at one instant; what it did not say is absent, never 0."""

    device: str
    """The device's name in the site's configuration."""
    values: dict[str, int]
    """Metric name -> integer in the metric's resolution."""
    serial: str = ""
    """Serial number the device gave of itself, "" if it gave none."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A value that was measured but is not believed."""

    position: int
    code: int
    raw: int
    """What the device said, in the metric's resolution."""


@dataclass(frozen=True, slots=True)
class Row:
    """All devices of a site at one instant: a numbered site-minute of the stream."""

    number: int
    mono_ms: int
    values: tuple[int | None, ...]
    """One per position of the schema; None is absent."""
    flags: tuple[Flag, ...] = field(default=())
