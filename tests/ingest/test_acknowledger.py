"""When devices are answered, with which epoch and counter, and what a server says after a restore."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.acknowledger import Policy, begin_epoch
from ingest.handler import Message
from ingest.keys import open_keys, save_keys
from kiosk.wire.down_sections import Keys, Live, Pace
from tests.ingest.server import Server, ledger_ack, only, readings_ack
from tests.ingest.writer import Kiosk


@pytest.fixture
def calm(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path, Policy())
    yield made
    made.close()


@pytest.fixture
def kiosk(calm: Server) -> Kiosk:
    made = calm.register(Kiosk())
    made.open_books(1)
    calm.send(made, made.frame(made.schema_section(), made.ledger_section(), made.block(1, 15)))
    return made


def test_in_calm_times_one_answer_covers_many_frames(calm: Server, kiosk: Kiosk) -> None:
    for first in range(16, 106, 15):
        calm.now_ms += 900_000
        assert calm.send(kiosk, kiosk.frame(kiosk.block(first, 15), head=first + 14, rows_waiting=first - 1)) == []
    calm.now_ms += 1_800_000
    (message,) = calm.send(kiosk, kiosk.frame(kiosk.block(106, 15), head=120, rows_waiting=105))
    assert readings_ack(message).upto == 120


def test_a_site_that_speaks_every_minute_is_answered_every_eight(calm: Server, kiosk: Kiosk) -> None:
    answered = []
    for minute in range(1, 17):
        calm.now_ms += 60_000
        if calm.send(kiosk, kiosk.frame(kiosk.block(15 + minute, 1), head=15 + minute, cadence_s=60)):
            answered.append(minute)
    assert answered == [8, 16]


def test_a_backlog_is_answered_at_once(calm: Server, kiosk: Kiosk) -> None:
    (message,) = calm.send(kiosk, kiosk.frame(kiosk.block(16, 15), head=9_000, rows_waiting=9_000))
    assert only(message, Pace) == Pace(8, 0)


def test_money_that_is_still_on_the_edge_is_answered_at_once(calm: Server, kiosk: Kiosk) -> None:
    kiosk.sale()
    kiosk.sale()
    (message,) = calm.send(kiosk, kiosk.frame(kiosk.ledger_section(4, 4)))
    assert ledger_ack(message).upto == 4
    assert calm.send(kiosk, kiosk.frame(kiosk.ledger_section(5))) == []


@pytest.mark.parametrize("what", ["repeat", "time", "boot", "wrong"])
def test_what_has_to_be_said_is_said_at_once(calm: Server, kiosk: Kiosk, what: str) -> None:
    sections = []
    if what == "repeat":
        sections = [kiosk.block(1, 15)]
    elif what == "time":
        sections = [kiosk.time_request()]
    elif what == "boot":
        kiosk.restart()
    else:
        kiosk.sale(prev="ab" * 32)
        sections = [kiosk.ledger_section(4)]
    assert len(calm.send(kiosk, kiosk.frame(*sections))) == 1


def test_several_frames_of_one_transaction_get_one_answer(server: Server) -> None:
    kiosk = server.register(Kiosk())
    frames = [kiosk.frame(kiosk.schema_section(), kiosk.block(1, 5)), kiosk.frame(kiosk.block(6, 5))]
    (message,) = server.send_together(kiosk, *frames)
    assert readings_ack(message).upto == 10


def test_two_sites_of_one_transaction_are_answered_apart(server: Server) -> None:
    one, two = server.register(Kiosk()), server.register(Kiosk(site="boken", name="two"))
    batch = [Message(each.topic, each.frame(each.schema_section(), each.block(1, 5))) for each in (one, two)]
    answers = server.handler.handle_batch(batch)
    assert sorted(server.open_answer(each).site for each in answers) == ["boken", "damane"]
    assert {each.topic.rsplit("/", 1)[1] for each in answers} == {"d"}


def test_counters_grow_over_restarts_of_the_server(server: Server) -> None:
    kiosk = server.register(Kiosk())
    (first,) = server.send(kiosk, kiosk.frame())
    server.close()
    server.open()
    (second,) = server.send(kiosk, kiosk.frame())
    assert (second.epoch, second.counter) == (first.epoch, first.counter + 1)


def test_a_restored_server_begins_a_greater_epoch(server: Server) -> None:
    kiosk = server.register(Kiosk())
    (before,) = server.send(kiosk, kiosk.frame())
    with server.store.write() as connection:
        begin_epoch(connection, now_ms=0)
    (after,) = server.send(kiosk, kiosk.frame())
    assert after.epoch == before.epoch + 1
    with server.store.write() as connection:
        begin_epoch(connection, now_ms=4_000_000_000_000)
    (after,) = server.send(kiosk, kiosk.frame())
    assert after.epoch == 4_000_000_000


def test_live_rows_are_asked_for_in_every_answer(tmp_path: Path) -> None:
    server = Server(tmp_path, Policy(live_s=60, live_row_ms=5_000))
    kiosk = server.register(Kiosk())
    for _ in range(2):
        (message,) = server.send(kiosk, kiosk.frame())
        assert only(message, Live) == Live(60, 5_000)
    server.close()


def test_a_new_pair_of_keys_is_told_by_a_key_that_devices_know(server: Server) -> None:
    save_keys(server.folder, open_keys(server.folder).rotated())
    server.close()
    server.open()
    kiosk = server.register(Kiosk())
    (message,) = server.send(kiosk, kiosk.frame())
    assert only(message, Keys) == Keys(server.keys.current.public_hex, server.keys.next.public_hex)


def test_keys_on_disk_are_for_this_user_only(server: Server) -> None:
    file = server.folder / "ingest_keys.json"
    assert file.stat().st_mode & 0o077 == 0
    assert open_keys(server.folder).current.public_hex == server.keys.current.public_hex
