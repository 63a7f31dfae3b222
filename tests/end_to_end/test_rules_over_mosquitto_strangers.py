"""Who may not speak, and what is no frame, over the product's Mosquitto: refused or kept, counted, in nobody's way."""

from __future__ import annotations

import json
import os
import socket
import ssl
import zlib

import pytest

from kiosk.wire import topics
from kiosk.wire.elements import Writer
from kiosk.wire.frame import FRAME_MAX_BYTES, KIND_BLOCK, KIND_LEDGER, KIND_SCHEMA, Section, decode_frame, encode_frame
from tests.end_to_end import kill_books
from tests.end_to_end.broker_kiosk import OverBroker
from tests.end_to_end.broker_world import World

# The MQTT library leaves a socket whose TLS handshake failed to the garbage collector, which closes it and warns.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)

BROKER_LIMIT_BYTES = 131_072


def a_frame_of(world: World, site: OverBroker) -> bytes:
    """One that ingest has taken."""
    site.start()
    site.sell()
    world.settle(site)
    return site.link.published[0]


def with_section(frame: bytes, kind: int, body: bytes) -> bytes:
    """A frame of the same device, later, with one section."""
    header = decode_frame(frame).header
    return encode_frame(header._replace(counter=header.counter + 1_000), [Section(kind, body)])


def bomb() -> bytes:
    """A ledger section that announces 100 bytes of records and inflates to ten million."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = deflate.compress(b"[" * 10_000_000) + deflate.flush()
    writer = Writer()
    writer.put(os.urandom(16) + os.urandom(8))
    writer.varints((1, 1))
    writer.u8(1)
    writer.varint(100)
    writer.put(bytes(64) + body)
    return writer.octets()


def test_a_site_that_nobody_registered_is_counted_and_disturbs_nobody(world: World) -> None:
    known, ghost = world.kiosk("damane"), world.kiosk("ghost", known=False)
    known.start()
    ghost.start()
    ghost.sell()
    with world.ingesting():
        known.sell()
        world.settle(known)
        world.until(lambda: world.count("device_unknown") >= 2)
    assert ghost.agent.downlink.counts.accepted == 0
    assert not ghost.money_is_answered
    assert kill_books.records_at_server(world.store, "ghost") == {}
    assert all(letter.security and letter.site == "ghost" for letter in world.letters())


def test_a_certificate_opens_its_own_topics_only(world: World) -> None:
    damane, louda = world.kiosk("damane"), world.kiosk("louda")
    with world.ingesting():
        frame = a_frame_of(world, louda)
        frames, refused = world.count("frames"), world.count("frame_refused")
        with world.client(damane.files) as listener, world.client(louda.files) as own:
            for topic in (topics.down("louda"), "k1/#", "#"):
                listener.listen(topic)
            for topic, payload in (
                (topics.up("louda"), b"not from louda"),
                (topics.up("louda"), frame),
                (topics.status("louda"), topics.status_text("0" * 16, online=False)),
                (topics.down("louda"), b"not from ingest"),
            ):
                with world.client(damane.files) as stranger:
                    stranger.say(topic, payload)
            own.say(topics.up("louda"), b"from louda")
            world.until(lambda: world.count("frame_refused") == refused + 1)
            louda.sell()
            world.settle(louda)
            assert listener.inbox.empty(), "neither frames nor answers of another site are heard"
    assert world.count("frames") == frames + 1
    assert world.count("status") == 1
    assert [letter.size for letter in world.letters()] == [len(b"from louda")]
    assert louda.agent.downlink.counts.unreadable == 0


def test_ingest_s_answers_can_be_written_by_nobody_else(world: World) -> None:
    damane = world.kiosk("damane")
    with world.ingesting():
        a_frame_of(world, damane)
        with world.client(damane.files) as own:
            own.say(topics.down("damane"), b"from damane itself")
        damane.sell()
        world.settle(damane)
    assert damane.agent.downlink.counts.unreadable == 0


def test_a_withdrawn_certificate_is_refused_and_others_are_not(world: World) -> None:
    damane, louda = world.kiosk("damane"), world.kiosk("louda")
    with world.ingesting():
        a_frame_of(world, damane)
        damane.power_cut()
        world.authority.revoke(damane.files.certificate.read_bytes())
        world.broker.stop()
        world.broker.start()
        damane.start()
        a_frame_of(world, louda)
        world.until(lambda: damane.link.trouble)
    assert damane.link.session == 0
    assert not damane.money_is_answered


def test_a_certificate_of_another_authority_is_refused(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    damane = world.kiosk("damane")
    stranger = World(tmp_path_factory.mktemp("stranger"))
    other = stranger.kiosk("damane")
    for name in ("device.pem", "device.key"):
        (damane.folder / name).write_bytes((other.folder / name).read_bytes())
    damane.start()
    world.until(lambda: damane.link.trouble)
    stranger.close()
    assert damane.link.session == 0


def test_what_is_no_frame_is_kept_and_counted_and_blocks_nobody(world: World) -> None:
    damane, louda = world.kiosk("damane"), world.kiosk("louda")
    with world.ingesting():
        frame = a_frame_of(world, damane)
        foreign = a_frame_of(world, louda)
        nested = json.loads("[" * 50 + "]" * 50)
        refused = [
            b"",
            b"\x00",
            os.urandom(300),
            json.dumps({"v": 1, "site": "damane", "rows": nested}).encode(),
            b"[" * 60_000,
            *(frame[:length] for length in (1, 3, 40, len(frame) - 1)),
            frame + b"\x00",
            b"\x02" + frame[1:],
        ]
        with world.client(damane.files) as own:
            for payload in refused:
                own.say(topics.up("damane"), payload)
            own.say(topics.up("damane"), bytes(FRAME_MAX_BYTES + 1))
            own.say(topics.up("damane"), foreign)
            for kind, body in (
                (KIND_LEDGER, frame),
                (KIND_LEDGER, bomb()),
                (KIND_SCHEMA, b"[" * 8_000),
                (KIND_BLOCK, frame),
                (200, b"of a kind that nobody knows"),
            ):
                own.say(topics.up("damane"), with_section(frame, kind, body))
            world.until(lambda: world.count("section_unknown") == 1)
        damane.sell()
        world.settle(damane)
    assert world.count("frame_refused") == len(refused)
    assert world.count("frame_oversized") == 1
    assert world.count("topic_foreign") == 1
    assert world.count("section_refused") + world.count("block_refused") == 4
    assert world.count("section_crashed") == world.count("message_crashed") == 0
    assert kill_books.records_at_server(world.store, "damane") == kill_books.records_at_edge(damane.folder)


def test_what_the_broker_does_not_carry_ends_its_sender_s_connection_only(world: World) -> None:
    damane, louda = world.kiosk("damane"), world.kiosk("louda")
    with world.ingesting():
        a_frame_of(world, louda)
        with world.client(damane.files) as own:
            own.client.publish(topics.up("damane"), bytes(BROKER_LIMIT_BYTES + 1), 1)
            world.until(own.ended.is_set)
        louda.sell()
        world.settle(louda)
    assert louda.link.session == 1
    assert world.count("frame_oversized") == 0


def test_a_client_without_a_certificate_is_not_let_in(world: World) -> None:
    context = ssl.create_default_context(cafile=str(world.files.ca))
    address = (world.broker.host, world.broker.port)
    with (
        socket.create_connection(address, 10) as plain,
        context.wrap_socket(plain, server_hostname=address[0]) as end,
        pytest.raises(ssl.SSLError, match="certificate required"),
    ):
        end.recv(1)
