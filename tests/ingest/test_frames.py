"""Who may speak where, and what becomes of messages that are none."""

from __future__ import annotations

import pytest

from kiosk.wire import topics
from store import status
from store.status import SLOT_MS
from tests.ingest.server import Server
from tests.ingest.writer import Kiosk, damaged


@pytest.mark.parametrize(
    "topic", ["", "k1/1/damane/x", "k2/1/damane/u", "k1/+/+/u", "k1/1/../u", "k1/99/damane/u", "x" * 9000]
)
def test_a_topic_that_is_none_is_kept_and_not_answered(server: Server, topic: str) -> None:
    assert server.handler.handle(topic, b"whatever") == []
    assert server.count("topic_refused") == 1
    assert server.letters()[0].kind == "topic"


def test_a_wrong_partition_is_refused(server: Server) -> None:
    kiosk = server.register(Kiosk())
    wrong = (topics.partition(kiosk.site) + 1) % topics.PARTITIONS
    assert server.handler.handle(f"k1/{wrong}/{kiosk.site}/u", kiosk.frame(kiosk.block(1, 5))) == []
    assert server.count("topic_refused") == 1
    assert server.count("blocks") == 0


def test_a_frame_of_another_site_is_a_security_event(server: Server) -> None:
    mine, theirs = server.register(Kiosk()), server.register(Kiosk(site="boken", name="other"))
    assert server.handler.handle(mine.topic, theirs.frame(theirs.schema_section(), theirs.block(1, 5))) == []
    assert (server.count("topic_foreign"), server.count("security_events")) == (1, 1)
    assert server.letters()[0].security
    assert server.readings.devices("boken") == []


def test_an_unregistered_device_is_a_security_event(server: Server) -> None:
    stranger = Kiosk(name="stranger")
    server.register(Kiosk())
    assert server.send(stranger, stranger.frame(stranger.block(1, 5))) == []
    assert (server.count("device_unknown"), server.count("security_events")) == (1, 1)


def test_a_damaged_header_refuses_the_frame_whole(server: Server) -> None:
    kiosk = server.register(Kiosk())
    payload = kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5))
    assert server.send(kiosk, payload[:20] + bytes((payload[20] ^ 1,)) + payload[21:]) == []
    assert server.count("frame_refused") == 1


def test_an_oversized_message_is_kept_by_its_beginning_only(server: Server) -> None:
    kiosk = server.register(Kiosk())
    assert server.send(kiosk, b"x" * 1_000_000) == []
    assert server.letters()[0].size == 1_024


def test_the_same_bytes_are_kept_once_and_counted(server: Server) -> None:
    kiosk = server.register(Kiosk())
    server.send(kiosk, b"nonsense", b"nonsense")
    (letter,) = server.letters()
    assert letter.copies == 2


def test_a_damaged_section_is_not_answered_for_and_touches_no_other(server: Server) -> None:
    kiosk = server.register(Kiosk())
    kiosk.open_books(1)
    payload = damaged(kiosk.frame(kiosk.schema_section(), kiosk.ledger_section(), kiosk.block(1, 5)))
    server.send(kiosk, payload)
    assert server.count("section_damaged") == 1
    assert len(server.records(kiosk.log)) == 3
    assert server.readings.devices("damane") == []
    assert server.letters() == []


def test_an_unknown_kind_of_section_is_kept(server: Server) -> None:
    kiosk = server.register(Kiosk())
    section = type(kiosk.schema_section())(77, b"from the future")
    assert len(server.send(kiosk, kiosk.frame(section, kiosk.schema_section()))) == 1
    assert server.count("section_unknown") == 1
    assert server.count("schemas") == 1


def test_an_older_header_is_ignored_and_its_sections_are_not(server: Server) -> None:
    kiosk = server.register(Kiosk())
    early = kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5), rows_waiting=500)
    late = kiosk.frame(kiosk.block(6, 5), rows_waiting=7)
    server.send(kiosk, late, early)
    with server.store.read() as connection:
        stands = status.get(connection, kiosk.site)
    assert stands is not None
    assert (stands.rows_waiting, stands.counter) == (7, 2)
    assert server.count("frame_late") == 1
    assert len(server.volts().values) == 10


def test_arrivals_are_counted_by_the_servers_own_clock(server: Server) -> None:
    kiosk = server.register(Kiosk())
    server.send(kiosk, kiosk.frame(), kiosk.frame())
    server.now_ms += SLOT_MS
    server.send(kiosk, kiosk.frame())
    start = server.now_ms - server.now_ms % SLOT_MS
    with server.store.read() as connection:
        assert status.arrivals(connection, kiosk.site, 0, 2**60) == {start - SLOT_MS: 2, start: 1}
        assert status.octets_received(connection, kiosk.site, start, start + 1) == len(kiosk.frame())


def test_the_retained_status_tells_whether_a_site_is_online(server: Server) -> None:
    kiosk = server.register(Kiosk())
    for online in (True, False):
        server.handler.handle(topics.status(kiosk.site), topics.status_text(kiosk.dev, online))
        with server.store.read() as connection:
            stands = status.get(connection, kiosk.site)
        assert stands is not None
        assert stands.online is online


@pytest.mark.parametrize("said", [b"", b"gone", b"online", b"online x", b"\xff" * 300])
def test_a_status_that_cannot_be_read_is_kept(server: Server, said: bytes) -> None:
    server.register(Kiosk())
    assert server.handler.handle(topics.status("damane"), said) == []
    assert server.count("status_refused") == 1


def test_a_status_of_a_stranger_is_a_security_event(server: Server) -> None:
    server.register(Kiosk())
    server.handler.handle(topics.status("damane"), topics.status_text("0" * 16, online=True))
    assert server.count("security_events") == 1
