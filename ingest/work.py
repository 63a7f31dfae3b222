"""One transaction's work: what is known, changed and to be answered, gathered in memory and written at its end.

Nothing here outlives the transaction, so a rollback leaves nothing behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection

from ingest.beside import Beside
from ingest.counters import Tally
from kiosk.wire.down_sections import TimeAnswer
from kiosk.wire.frame import Frame, Header
from kiosk.wire.schema import Schema
from store import blocks, boots, days, letters, sites, status, streams
from store.blocks import Block
from store.boots import Boot
from store.readings.base import ReadingsStore, Values
from store.sites import DeviceKey, Site
from store.status import LastHeader
from store.streams import Stream

ReplyKey = tuple[str, str, str]
"""(site, device, stream)"""


class Message(NamedTuple):
    """One message from the broker."""

    topic: str
    payload: bytes


@dataclass(slots=True)
class Reply:
    """What a device is to be told once all is committed."""

    header: Header
    """The newest that came in this transaction."""
    logs: dict[str, None] = field(default_factory=dict)
    """Logs that records came for, in order."""
    answers: list[TimeAnswer] = field(default_factory=list)
    urgent: bool = False
    """Something has to be said now, whatever the calm of the times."""


@dataclass(slots=True)
class Work:
    """A transaction and what it gathers."""

    connection: Connection
    readings: ReadingsStore
    now_ms: int
    """The server's clock, UTC."""
    beside: Beside | None = None
    """Takes values early; None where the readings are part of the transaction."""
    tally: Tally = field(default_factory=Tally)
    replies: dict[ReplyKey, Reply] = field(default_factory=dict)
    boots: dict[tuple[str, str], Boot] = field(default_factory=dict)
    changed_boots: set[tuple[str, str]] = field(default_factory=set)
    dated_boots: set[tuple[str, str]] = field(default_factory=set)
    """Boots that got their first date, or another one while no values were written: blocks may wait for it."""
    values: list[Values] = field(default_factory=list)
    """For the readings store."""
    value_rows: int = 0
    """In `values`."""
    headers: dict[str, Header] = field(default_factory=dict)
    """Site -> a header that is newer than the one in the table."""
    last_headers: dict[str, LastHeader | None] = field(default_factory=dict)
    """Site -> its newest header before this transaction."""
    opened: dict[bytes, Frame] = field(default_factory=dict)
    """Frames that were decoded ahead, by their bytes."""
    blocks: list[Block] = field(default_factory=list)
    """For the archive, in one call."""
    arrivals: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """(site, device) -> frames and bytes."""
    _dirty: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _sites: dict[str, Site | None] = field(default_factory=dict)
    _keys: dict[str, dict[str, DeviceKey]] = field(default_factory=dict)
    _schemas: dict[tuple[str, str], Schema | None] = field(default_factory=dict)
    _streams: dict[tuple[str, str], Stream] = field(default_factory=dict)

    def look_ahead(self, headers: Sequence[Header], named: Sequence[tuple[str, str]]) -> None:
        """Read what the frames of these headers will ask for, in one query a table; `named` are (site, schema)."""
        codes = sorted({header.site for header in headers})
        self._keys = {code: {} for code in codes}
        for key in sites.keys_of(self.connection, *codes):
            self._keys[key.site][key.key_id] = key
        known = [header for header in headers if self.is_registered(header.site, header.device)]
        for stream in streams.load_many(self.connection, sorted({(each.site, each.stream) for each in known})):
            self._streams[stream.site, stream.stream] = stream
        for boot in boots.get_many(self.connection, sorted({(each.site, each.boot) for each in known})):
            self.boots[boot.site, boot.boot] = boot
        self.last_headers = {**dict.fromkeys(codes), **status.last_headers(self.connection, codes)}
        self._schemas |= blocks.schemas_of(self.connection, sorted(set(named)))

    def site(self, code: str) -> Site | None:
        """A registered site."""
        if code not in self._sites:
            self._sites[code] = sites.get(self.connection, code)
        return self._sites[code]

    def keys(self, code: str) -> dict[str, DeviceKey]:
        """The keys of a site's devices by key id."""
        if code not in self._keys:
            self._keys[code] = {key.key_id: key for key in sites.keys_of(self.connection, code)}
        return self._keys[code]

    def is_registered(self, code: str, dev: str) -> bool:
        """Whether a site has, or once had, a key of this device."""
        for key in self.keys(code).values():  # noqa: SIM110 -- asked of each frame: a generator takes three times as long
            if key.dev == dev:
                return True
        return False

    def forget_keys(self, code: str) -> None:
        """A key came or went."""
        self._keys.pop(code, None)

    def schema(self, site: str, schema_hash: str) -> Schema | None:
        """A schema that the site announced."""
        key = (site, schema_hash)
        if self._schemas.get(key) is None:
            self._schemas[key] = blocks.get_schema(self.connection, site, schema_hash)
        return self._schemas[key]

    def stream(self, site: str, stream_id: str, dev: str) -> Stream:
        """A stream, begun if it was never met. Every stream that was asked for is saved at the end."""
        key = (site, stream_id)
        if key not in self._streams:
            known = streams.load(self.connection, site, stream_id)
            self._streams[key] = known or streams.create(self.connection, site, stream_id, dev, self.now_ms)
        return self._streams[key]

    def archive(self) -> None:
        """Write the gathered blocks now: somebody is about to look for blocks in the archive."""
        blocks.add(self.connection, self.blocks)
        self.blocks.clear()

    def mark_dirty(self, site: str, dirty: set[str]) -> None:
        """These days' figures are to be computed again."""
        self._dirty[site] |= dirty

    def letter(
        self, octets: bytes, *, site: str = "", topic: str = "", kind: str, reason: str, security: bool = False
    ) -> None:
        """Keep what cannot be read for a person; a security event is counted as one."""
        if security:
            self.tally.add("security_events")
        where = {"site": site, "topic": topic, "kind": kind}
        letters.add(self.connection, octets, **where, reason=reason, security=security, now_ms=self.now_ms)

    def save_streams_and_days(self) -> None:
        """Write what was gathered about rows and days."""
        streams.save(self.connection, *self._streams.values())
        days.mark_many_dirty(self.connection, self._dirty, self.now_ms)
