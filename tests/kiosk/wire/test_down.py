"""Messages to a device: signed over the whole, sections typed, later kinds passed over."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import WireError
from kiosk.ledger.signing import DOWN_PREFIX, SigningKey, verify_bytes
from kiosk.wire import down
from kiosk.wire.down import DownMessage, DownSection, Purpose, decode_down, encode_down
from kiosk.wire.ranges import RangeSet
from tests.kiosk.wire.strategies import damaged
from tests.vectors.wire import examples
from tests.vectors.wire.examples import BOOT, DEVICE, LIMIT, LOG, NONCE, SITE, STREAM

KEY = SigningKey.from_private_bytes(bytes(range(32)))
GOOD = [example.octets for example in examples.downs()]

numbers = st.integers(0, LIMIT)
some = st.integers(1, 1_000)


def message(*sections: DownSection) -> DownMessage:
    """An acknowledgement with these sections."""
    return DownMessage(Purpose.ACKNOWLEDGEMENT, SITE, DEVICE, STREAM, 1, 2, sections)


def sent(told: DownMessage) -> bytes:
    """Signed by KEY."""
    return encode_down(told, partial(KEY.sign_bytes, DOWN_PREFIX), KEY.key_id)


@st.composite
def readings(draw: st.DrawFn) -> down.ReadingsAck:
    """Any set of rows, as far as an acknowledgement has room."""
    rows = RangeSet(draw(some), draw(st.lists(st.tuples(some, some), max_size=20)))
    refused = draw(st.lists(st.tuples(some, some), max_size=16))
    return down.ReadingsAck(rows.upto, rows.lowest(), tuple(refused))


ledgers = st.builds(
    down.LedgerAck,
    st.just(LOG),
    st.integers(1, LIMIT),
    st.just("5a" * 32),
    numbers,
    numbers,
    st.integers(-(2**62) + 1, 2**62 - 1),
    st.integers(0, 255),
    numbers,
    numbers,
    st.lists(st.integers(1, LIMIT), max_size=64).map(tuple),
    st.booleans(),
)
typed = (
    readings()
    | ledgers
    | st.builds(down.TimeAnswer, st.just(NONCE), st.just(BOOT), numbers, st.integers(1, LIMIT))
    | st.builds(down.SchemasWanted, st.lists(st.just("5c" * 8), max_size=16).map(tuple))
    | st.builds(down.Keys, st.just("4b" * 32), st.just("6b" * 32))
    | st.builds(down.Pace, st.integers(1, LIMIT), numbers)
    | st.builds(down.Live, numbers, numbers)
)


@given(st.lists(typed, max_size=8), st.sampled_from(Purpose), numbers, numbers)
def test_a_message_comes_back(sections: list[DownSection], purpose: Purpose, epoch: int, counter: int) -> None:
    told = DownMessage(purpose, SITE, DEVICE, STREAM, epoch, counter, tuple(sections))
    assert decode_down(sent(told))[0] == told


def test_the_signature_covers_every_byte_before_it() -> None:
    octets = sent(message(down.Pace(1, 0)))
    _, part = decode_down(octets)
    assert part.key_id == KEY.key_id
    assert part.signed_bytes == octets[:-72]
    assert verify_bytes(KEY.public_hex, DOWN_PREFIX, part.signed_bytes, part.signature)


@given(st.data())
def test_a_changed_bit_is_refused_or_fails_the_signature(data: st.DataObject) -> None:
    octets = bytearray(sent(message(down.ReadingsAck(5), down.Live(60, 1_000))))
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        _, part = decode_down(bytes(octets))
    except WireError:
        return
    good = verify_bytes(KEY.public_hex, DOWN_PREFIX, part.signed_bytes, part.signature)
    assert not (good and part.key_id == KEY.key_id)


@given(damaged(GOOD))
def test_damaged_bytes_are_refused_or_read_never_worse(octets: bytes) -> None:
    with suppress(WireError):
        decode_down(octets)


@pytest.mark.parametrize(
    "section",
    [
        down.ReadingsAck(-1),
        down.ReadingsAck(5, ((6, 1),)),
        down.ReadingsAck(5, ((5, 1),)),
        down.ReadingsAck(5, ((7, 0),)),
        down.ReadingsAck(5, ((9, 1), (7, 1))),
        down.ReadingsAck(5, ((7, LIMIT),)),
        down.ReadingsAck(0, tuple((2 * at, 1) for at in range(1, 18))),
        down.ReadingsAck(5, (), ((0, 1),)),
        down.LedgerAck(LOG, 0, "5a" * 32, 0, 0, 0),
        down.LedgerAck(LOG, 1, down.NO_HASH, 0, 0, 0),
        down.LedgerAck(LOG, 1, "5a" * 32, -1, 0, 0),
        down.LedgerAck(LOG, 1, "5a" * 32, 0, 0, 0, disputed=(0,)),
        down.LedgerAck(LOG, 1, "5a" * 32, 0, 0, 0, disputed=(1,) * 65),
        down.TimeAnswer(NONCE, BOOT, 0, 0),
        down.SchemasWanted(("5c" * 8,) * 17),
        down.Keys("4b" * 31, "4b" * 32),
        down.Pace(0, 0),
        down.Live(-1, 0),
    ],
)
def test_an_encoder_refuses_what_a_reader_would_refuse(section: DownSection) -> None:
    with pytest.raises(WireError):
        sent(message(section))


def test_a_message_has_at_most_8_kib() -> None:
    large = down.LedgerAck(LOG, 1, "5a" * 32, 0, 0, 0, disputed=(LIMIT,) * 64)
    assert decode_down(sent(message(*[large] * 12)))
    with pytest.raises(WireError, match="fewer sections"):
        sent(message(*[large] * 13))


def test_what_does_not_sign_64_bytes_is_no_signature() -> None:
    with pytest.raises(WireError):
        encode_down(message(), lambda _: b"short", KEY.key_id)


def test_a_purpose_or_site_that_is_none_is_not_sent() -> None:
    with pytest.raises(WireError):
        sent(dataclasses.replace(message(), site="Kaya"))
