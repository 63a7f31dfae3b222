"""MQTT topics and the status text: who may speak where. Knows no broker.

A device may use its own three topics only; ingest, which sees no certificate, compares the topic with the frame's site.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kiosk.errors import WireError

PARTITIONS: Final = 64

_SITE: Final = re.compile(r"[a-z0-9-]{2,24}")
_DEVICE: Final = re.compile(r"[0-9a-f]{16}")
_TOPIC: Final = re.compile(r"k1/(0|[1-9][0-9]?)/([^/]+)/([uds])")


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic taken apart."""

    partition: int
    site: str
    channel: str
    """`u` up, `d` down, `s` status."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the retained status says."""

    online: bool
    """False is the last will: the broker noticed that the link is gone."""
    device: str


def check_site(site: str) -> str:
    """The site code itself if it is one: `[a-z0-9-]{2,24}`."""
    if not _SITE.fullmatch(site):
        raise WireError(f"{site!r} is not a site code: 2 to 24 of a-z 0-9 -")
    return site


def partition(site: str) -> int:
    """First byte of SHA-256(site code) modulo 64, for ever."""
    return hashlib.sha256(check_site(site).encode("ascii")).digest()[0] % PARTITIONS


def up(site: str) -> str:
    """Topic of a site's frames."""
    return f"k1/{partition(site)}/{site}/u"


def down(site: str) -> str:
    """Topic of signed messages to a site."""
    return f"k1/{partition(site)}/{site}/d"


def status(site: str) -> str:
    """Topic of a site's retained status."""
    return f"k1/{partition(site)}/{site}/s"


def subscription(number: int | None, channel: str) -> str:
    """Topic filter for every site of one partition, or of all when `number` is None."""
    if number is not None and not 0 <= number < PARTITIONS:
        raise WireError(f"partition {number} is not one of 0 to {PARTITIONS - 1}")
    return f"k1/{'+' if number is None else number}/+/{channel}"


def check(topic: Topic) -> None:
    """Require that the partition is the site's: a wrong one would reach a worker that does not own the site."""
    if topic.partition != partition(topic.site):
        raise WireError(f"site {topic.site} belongs to partition {partition(topic.site)}, not {topic.partition}")


@lru_cache(maxsize=4096)
def parse_topic(topic: str) -> Topic:
    """Take a topic apart and check it. Remembers: a site's topic comes with each of its frames."""
    match = _TOPIC.fullmatch(topic)
    if match is None:
        raise WireError(f"{topic!r} is not a topic of this version: k1/<partition>/<site>/<u, d or s>")
    parsed = Topic(int(match[1]), check_site(match[2]), match[3])
    check(parsed)
    return parsed


def status_text(device: str, online: bool) -> bytes:
    """What is published, retained, on the status topic."""
    if not _DEVICE.fullmatch(device):
        raise WireError(f"{device!r} is not a device id: 16 lowercase hexadecimal digits")
    return f"{'online' if online else 'lost'} {device}".encode("ascii")


def parse_status(payload: bytes) -> Status:
    """Read a status text."""
    word, _, device = payload[:64].decode("ascii", "replace").partition(" ")
    if word not in ("online", "lost") or len(payload) > 64 or not _DEVICE.fullmatch(device):
        raise WireError("a status is 'online <device>' or 'lost <device>'")
    return Status(word == "online", device)
