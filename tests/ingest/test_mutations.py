"""Random and bent bytes: nothing raises, and nothing is acknowledged that was not whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.ledger.chain import record_hash
from kiosk.wire.down import DownMessage
from kiosk.wire.down_sections import LedgerAck, ReadingsAck
from kiosk.wire.frame import KIND_BLOCK, KIND_BOOTS, KIND_LEDGER, KIND_SCHEMA, KIND_TIME_REQUEST, Section
from kiosk.wire.records import SignedRecord
from tests.ingest.server import Server
from tests.ingest.writer import Kiosk

KINDS = (KIND_LEDGER, KIND_SCHEMA, KIND_BOOTS, KIND_BLOCK, KIND_TIME_REQUEST, 0, 99)
QUIET = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def attacked() -> Iterator[tuple[Server, Kiosk]]:
    """One server that takes all the blows, and a kiosk with honest things to send."""
    with TemporaryDirectory() as folder:
        server = Server(Path(folder))
        kiosk = server.register(Kiosk())
        kiosk.open_books(6)
        yield server, kiosk
        server.close()


def assert_honest(answers: list[DownMessage], kiosk: Kiosk) -> None:
    """No record is acknowledged that the kiosk did not write, and no row: none was sent."""
    written = {record_hash(each.payload) for each in kiosk.records}
    for message in answers:
        for section in message.sections:
            if isinstance(section, LedgerAck) and section.log == kiosk.log and section.upto:
                assert section.hash in written
            if isinstance(section, ReadingsAck):
                assert section.upto == 0


@QUIET
@given(payload=st.binary(max_size=400), channel=st.sampled_from("us"))
def test_random_bytes_on_a_topic_change_nothing(attacked: tuple[Server, Kiosk], payload: bytes, channel: str) -> None:
    server, kiosk = attacked
    assert server.handler.handle(kiosk.topic[:-1] + channel, payload) == []


@QUIET
@given(topic=st.text(max_size=60), payload=st.binary(max_size=50))
def test_random_topics_change_nothing(attacked: tuple[Server, Kiosk], topic: str, payload: bytes) -> None:
    server, _ = attacked
    assert server.handler.handle(topic, payload) == []


@QUIET
@given(sections=st.lists(st.builds(Section, st.sampled_from(KINDS), st.binary(max_size=300)), min_size=1, max_size=6))
def test_random_sections_with_right_checksums_break_nothing(
    attacked: tuple[Server, Kiosk], sections: list[Section]
) -> None:
    server, kiosk = attacked
    server.send(kiosk, kiosk.frame(*sections, stream="ee" * 16))
    assert server.count("section_crashed") == 0


@QUIET
@given(data=st.data())
def test_bent_sections_with_right_checksums_break_nothing(attacked: tuple[Server, Kiosk], data: st.DataObject) -> None:
    server, kiosk = attacked
    whole = data.draw(
        st.sampled_from(
            [
                kiosk.block(1, 9),
                kiosk.ledger_section(1, 5),
                kiosk.schema_section(),
                kiosk.boots_section(kiosk.boot_state(1, 0, 99, (5, 1_790_000_000_000, "ntp", 3))),
                kiosk.time_request(),
            ]
        )
    )
    body = bytearray(whole.body)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        how = data.draw(st.sampled_from(["flip", "cut", "double", "zero", "ones"]))
        if how == "flip":
            body[at] ^= 1 << data.draw(st.integers(0, 7))
        elif how == "cut":
            del body[at:]
            body += b"\x00"
        elif how == "double":
            body[at:at] = body[at : at + 20]
        else:
            body[at] = 0 if how == "zero" else 0xFF
    server.send(kiosk, kiosk.frame(Section(whole.kind, bytes(body)), stream="dd" * 16))
    assert (server.count("section_crashed"), server.count("message_crashed")) == (0, 0)


@QUIET
@given(data=st.data())
def test_a_bent_record_is_never_stored(attacked: tuple[Server, Kiosk], data: st.DataObject) -> None:
    server, kiosk = attacked
    true = data.draw(st.sampled_from(kiosk.records))
    payload, signature = bytearray(true.payload), bytearray(true.signature)
    target = data.draw(st.sampled_from([payload, signature]))
    target[data.draw(st.integers(0, len(target) - 1))] ^= data.draw(st.integers(1, 255))
    seq = kiosk.records.index(true) + 1
    bent = SignedRecord(bytes(payload), bytes(signature), true.key_id)
    answers = server.send(kiosk, kiosk.frame(kiosk.section_of([bent], seq)))
    assert_honest(answers, kiosk)
    assert {record.payload for record in server.records(kiosk.log)} <= {record.payload for record in kiosk.records}


@QUIET
@given(cut=st.floats(0, 1, exclude_max=True))
def test_a_frame_that_was_cut_off_acknowledges_nothing(attacked: tuple[Server, Kiosk], cut: float) -> None:
    server, kiosk = attacked
    payload = kiosk.frame(kiosk.ledger_section(1, 3), kiosk.block(1, 9))
    assert server.send(kiosk, payload[: int(len(payload) * cut)]) == []


def test_after_all_that_honest_frames_are_taken_as_ever(attacked: tuple[Server, Kiosk]) -> None:
    server, kiosk = attacked
    section = kiosk.ledger_section()
    (message,) = server.send(kiosk, kiosk.frame(kiosk.schema_section(), section, kiosk.block(1, 9), stream="cc" * 16))
    ack = next(each for each in message.sections if isinstance(each, LedgerAck) and each.log == kiosk.log)
    assert (ack.upto, ack.hash) == (8, kiosk.head.hash)
    assert [record.seq for record in server.records(kiosk.log)] == list(range(1, 9))
