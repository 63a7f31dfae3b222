"""Sites, their acts and their devices' public keys. Whether a key may sign a record is judged by ingest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from kiosk.ledger import act as act_format
from kiosk.ledger.signing import key_id as id_of_key
from kiosk.ledger.types import number_of, text_of
from store.errors import StoreError
from store.lookup import Named
from store.schema import act, device_key, site
from store.upsert import insert_new, upsert

_NAMED_KEYS = Named(select(device_key).order_by(device_key.c.key_id), device_key.c.site)
_NAMED_ACTS = Named(select(act.c.site, act.c.octets).order_by(act.c.issued_ms), act.c.site)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the commune of a site is, in degrees; the exact position of a site is never kept."""

    latitude: float
    """North is positive."""
    longitude: float
    """East is positive."""


@dataclass(frozen=True, slots=True)
class Site:
    """A place with a kiosk."""

    code: str
    name: str
    commune: str
    site_kind: str
    """`school`, `health` or `other`."""
    cur: str
    """ISO 4217 code of its ledger."""
    act_hash: str
    """Of its newest act."""
    place: Place | None
    created_ms: int


@dataclass(frozen=True, slots=True)
class DeviceKey:
    """A public key that belongs to one device of one site."""

    key_id: str
    site: str
    dev: str
    public_key: str
    source: str
    """`act`, or `rotate` if a KEY_ROTATE record brought it."""
    added_ms: int
    retired_ms: int | None
    """When a KEY_ROTATE put another key in its place."""


def add_site(connection: Connection, act_octets: bytes, now_ms: int) -> Site:
    """Register the site, the device and the key that an act brings together; a later act of a site replaces its names.

    Raises LedgerError where the act is not of its format, StoreError where its key already belongs to another device.
    """
    fields = act_format.parse(act_octets)
    act_hash, code = act_format.act_hash(act_octets), text_of(fields, "site")
    row = {name: text_of(fields, name) for name in ("name", "commune", "site_kind", "cur")}
    known = get(connection, code)
    created_ms = now_ms if known is None else known.created_ms
    place = None if known is None else known.place
    added = Site(code=code, **row, act_hash=act_hash, place=place, created_ms=created_ms)
    upsert(connection, site, {"code": code, **row, "act_hash": act_hash, "created_ms": created_ms})
    issued_ms = number_of(fields, "issued")
    insert_new(connection, act, [{"hash": act_hash, "site": code, "octets": act_octets, "issued_ms": issued_ms}])
    add_device_key(connection, code, text_of(fields, "dev"), text_of(fields, "pub"), now_ms=now_ms)
    return added


def set_place(connection: Connection, code: str, place: Place) -> None:
    """Keep where the commune of a site is."""
    changed = site.update().where(site.c.code == code)
    connection.execute(changed.values(latitude=place.latitude, longitude=place.longitude))


def add_device_key(
    connection: Connection, code: str, dev: str, public_key: str, *, now_ms: int, source: str = "act"
) -> DeviceKey:
    """Register a device's key; nothing changes where it is known. StoreError if it belongs to another device."""
    key = DeviceKey(id_of_key(public_key), code, dev, public_key, source, now_ms, None)
    row = {name: getattr(key, name) for name in DeviceKey.__slots__}
    insert_new(connection, device_key, [row])
    found = DeviceKey(*connection.execute(select(device_key).where(device_key.c.key_id == key.key_id)).one())
    if (found.site, found.dev, found.public_key) != (code, dev, public_key):
        raise StoreError(f"key {key.key_id} belongs to device {found.dev} of {found.site}: commission with a new key")
    return found


def retire_key(connection: Connection, key_id: str, now_ms: int) -> None:
    """Note that another key has taken this one's place; what it signed before stays valid."""
    connection.execute(device_key.update().where(device_key.c.key_id == key_id).values(retired_ms=now_ms))


def get(connection: Connection, code: str) -> Site | None:
    """One site, None if it was never registered."""
    row = connection.execute(select(site).where(site.c.code == code)).one_or_none()
    return None if row is None else _site(row)


def all_sites(connection: Connection) -> list[Site]:
    """Every site, by code."""
    return [_site(row) for row in connection.execute(select(site).order_by(site.c.code))]


def keys_of(connection: Connection, *codes: str) -> list[DeviceKey]:
    """Every key that ever belonged to a device of these sites."""
    return [DeviceKey(*row) for row in _NAMED_KEYS.rows(connection, [(code,) for code in codes])]


def acts_of(connection: Connection, code: str) -> list[bytes]:
    """The site's acts as they were issued, oldest first."""
    return list(connection.scalars(select(act.c.octets).where(act.c.site == code).order_by(act.c.issued_ms)))


def newest_acts(connection: Connection, codes: Sequence[str]) -> dict[str, bytes]:
    """The newest act of each of these sites that has one."""
    return {site: octets for site, octets in _NAMED_ACTS.rows(connection, [(code,) for code in codes])}  # noqa: C416


def _site(row: Any) -> Site:
    place = None if row.latitude is None else Place(row.latitude, row.longitude)
    names = (row.code, row.name, row.commune, row.site_kind, row.cur)
    return Site(*names, row.act_hash, place, row.created_ms)
