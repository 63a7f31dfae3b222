"""Which key may sign which records of a log, and how another takes over."""

from __future__ import annotations

from kiosk.ledger.signing import SigningKey
from store import sites
from tests.ingest.server import Server
from tests.ingest.server import send_records as send
from tests.ingest.writer import Kiosk


def test_a_rotated_key_signs_from_the_next_record_on(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    fresh = SigningKey.generate()
    old = kiosk.key
    kiosk.record("KEY_ROTATE", new_pub=fresh.public_hex, new_sig=fresh.sign_rotation(kiosk.log, 4))
    kiosk.key = fresh
    kiosk.sale()
    assert send(server, kiosk, *kiosk.records[:4], first=1).upto == 4
    assert send(server, kiosk, kiosk.records[4], first=5).upto == 5
    kiosk.key = old
    late = kiosk.sale()
    assert send(server, kiosk, late, first=6).upto == 5
    assert "may not sign" in server.disputed(kiosk.site)[0].reason
    with server.store.read() as connection:
        keys = {key.key_id: key for key in sites.keys_of(connection, kiosk.site)}
    assert keys[old.key_id].retired_ms is not None
    assert keys[fresh.key_id].source == "rotate"


def test_records_of_a_key_that_is_not_known_yet_wait_for_its_rotation(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    fresh = SigningKey.generate()
    kiosk.record("KEY_ROTATE", new_pub=fresh.public_hex, new_sig=fresh.sign_rotation(kiosk.log, 4))
    kiosk.key = fresh
    kiosk.sale()
    send(server, kiosk, *kiosk.records[:3], first=1)
    ack = send(server, kiosk, kiosk.records[4], first=5)
    assert (ack.upto, ack.send_from) == (3, 4)
    assert server.disputed(kiosk.site) == []
    assert send(server, kiosk, kiosk.records[3], first=4).upto == 5


def test_a_rotation_without_the_new_keys_signature_is_disputed(server: Server, kiosk: Kiosk) -> None:
    kiosk.open_books(1)
    fresh = SigningKey.generate()
    kiosk.record("KEY_ROTATE", new_pub=fresh.public_hex, new_sig=kiosk.key.sign_rotation(kiosk.log, 4))
    assert send(server, kiosk, *kiosk.records, first=1).upto == 3
    assert server.disputed(kiosk.site)[0].security


def test_a_rotation_to_another_devices_key_is_marked_and_not_followed(server: Server, kiosk: Kiosk) -> None:
    other = server.register(Kiosk(site="boken", name="other"))
    kiosk.open_books(1)
    kiosk.record("KEY_ROTATE", new_pub=other.key.public_hex, new_sig=other.key.sign_rotation(kiosk.log, 4))
    assert send(server, kiosk, *kiosk.records, first=1).upto == 4
    assert server.records(kiosk.log)[3].marks == "key"
    with server.store.read() as connection:
        assert [key.site for key in sites.keys_of(connection, "boken")] == ["boken"]
