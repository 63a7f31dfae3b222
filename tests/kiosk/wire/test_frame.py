"""Frames, and the small sections: refused whole or judged section by section, never anything else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import WireError
from kiosk.time import TimeFix
from kiosk.wire import frame
from kiosk.wire.boots import BootState, decode_boots, encode_boots
from kiosk.wire.frame import ClockState, Section, decode_frame, encode_frame
from kiosk.wire.request import TimeRequest, decode_time_request, encode_time_request
from tests.kiosk.wire.strategies import damaged
from tests.vectors.wire import examples
from tests.vectors.wire.examples import BOOT, DEVICE, LIMIT, LOG, NONCE, SITE, STREAM

GOOD = [example.octets for example in examples.frames()]
HEADER = frame.Header(SITE, DEVICE, STREAM, BOOT, 1, 1, 0, ClockState(), 1, 0, 0, 0, 0, 900)
HEAD = frame.LedgerHead(LOG, 1, "a5" * 32, "XOF", 0, 0, 0)

numbers = st.integers(0, LIMIT)
sections = st.lists(st.builds(Section, st.integers(0, 255), st.binary(max_size=40)), max_size=64)


@st.composite
def headers(draw: st.DrawFn) -> frame.Header:
    """Any header that can be sent."""
    head = draw(st.integers(0, LIMIT - 1))
    dated = st.builds(ClockState, st.sampled_from(["saved", "phone", "ntp"]), st.integers(1, LIMIT), numbers)
    money = st.builds(
        frame.LedgerHead,
        st.just(LOG),
        st.integers(1, LIMIT),
        st.just("0f" * 32),
        st.sampled_from(["XOF", "EUR"]),
        numbers,
        numbers,
        st.integers(-(2**62) + 1, 2**62 - 1),
    )
    return HEADER._replace(
        boot_number=draw(st.integers(1, LIMIT)),
        counter=draw(st.integers(1, LIMIT)),
        mono_ms=draw(numbers),
        clock=draw(st.just(ClockState()) | dated),
        lowest_kept=draw(st.integers(1, head + 1)),
        head=head,
        rows_waiting=draw(numbers),
        ledger=draw(st.none() | money),
    )


@given(headers(), sections)
def test_a_frame_comes_back(header: frame.Header, sent: list[Section]) -> None:
    received = decode_frame(encode_frame(header, sent))
    assert received.header == header
    assert [(each.kind, each.body, each.intact) for each in received.sections] == [
        (each.kind, each.body, True) for each in sent
    ]


@given(damaged(GOOD))
def test_damaged_bytes_are_refused_or_read_never_worse(octets: bytes) -> None:
    with suppress(WireError):
        decode_frame(octets)


@given(st.data(), sections.filter(lambda each: any(section.body for section in each)))
def test_a_changed_bit_harms_its_own_section_only(data: st.DataObject, sent: list[Section]) -> None:
    octets = bytearray(encode_frame(HEADER, sent))
    bodies = sum(len(section.body) for section in sent)
    at = data.draw(st.integers(len(octets) - bodies, len(octets) - 1))
    octets[at] ^= 1 << data.draw(st.integers(0, 7))
    received = decode_frame(bytes(octets))
    assert received.header == HEADER
    assert [each.intact for each in received.sections].count(False) == 1
    for was, now in zip(sent, received.sections, strict=True):
        assert now.intact == (was.body == now.body)


@given(st.data(), sections)
def test_a_changed_bit_in_the_header_refuses_the_whole(data: st.DataObject, sent: list[Section]) -> None:
    octets = bytearray(encode_frame(HEADER, sent))
    bodies = sum(len(section.body) for section in sent)
    at = data.draw(st.integers(0, len(octets) - bodies - 1))
    octets[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(WireError):
        decode_frame(bytes(octets))


@pytest.mark.parametrize("at", range(len(GOOD)))
def test_no_frame_cut_short_is_read(at: int) -> None:
    for end in range(len(GOOD[at])):
        with pytest.raises(WireError):
            decode_frame(GOOD[at][:end])


def test_a_frame_of_exactly_64_kib_travels_and_one_byte_more_does_not() -> None:
    room = frame.FRAME_MAX_BYTES - len(encode_frame(HEADER, [Section(9, bytes(60_000))]))
    body = bytes(60_000 + room)
    assert len(encode_frame(HEADER, [Section(9, body)])) == frame.FRAME_MAX_BYTES
    assert decode_frame(encode_frame(HEADER, [Section(9, body)])).sections[0].body == body
    with pytest.raises(WireError, match="fewer sections"):
        encode_frame(HEADER, [Section(9, body + b"\0")])


@pytest.mark.parametrize(
    "changes",
    [
        {"site": "A1"},
        {"device": DEVICE[:-2]},
        {"boot_number": 0},
        {"counter": 0},
        {"mono_ms": -1},
        {"clock": ClockState("none", 1)},
        {"clock": ClockState("none", 0, 1)},
        {"clock": ClockState("ntp", 0)},
        {"clock": ClockState("sundial", 1)},
        {"lowest_kept": 0},
        {"lowest_kept": 2},
        {"ledger": HEAD._replace(seq=0)},
        {"ledger": HEAD._replace(currency="xof")},
        {"ledger": HEAD._replace(sum_out=-1)},
    ],
)
def test_an_encoder_refuses_what_a_reader_would_refuse(changes: dict[str, object]) -> None:
    with pytest.raises(WireError):
        encode_frame(HEADER._replace(**changes), [])  # type: ignore[arg-type]


def test_sixty_five_sections_are_too_many() -> None:
    with pytest.raises(WireError):
        encode_frame(HEADER, [Section(9, b"")] * 65)


boot_states = st.builds(
    lambda number, span, fix: BootState(BOOT, number, min(span), max(span), fix),
    st.integers(1, LIMIT),
    st.tuples(numbers, numbers),
    st.none()
    | st.builds(
        TimeFix, st.just(BOOT), numbers, st.integers(1, LIMIT), st.sampled_from(["saved", "gnss", "ntp"]), numbers
    ),
)


@given(st.lists(boot_states, min_size=1, max_size=64))
def test_boots_come_back(states: list[BootState]) -> None:
    assert decode_boots(encode_boots(states)) == tuple(states)


@pytest.mark.parametrize(
    "states",
    [
        [],
        [BootState(BOOT, 1, 0, 0)] * 65,
        [BootState(BOOT, 1, 1, 0)],
        [BootState(BOOT, 1, 0, 0, TimeFix(NONCE, 0, 1, "ntp", 0))],
        [BootState(BOOT, 1, 0, 0, TimeFix(BOOT, 0, 1, "none", 0))],
        [BootState(BOOT, 1, 0, 0, TimeFix(BOOT, 0, 0, "ntp", 0))],
    ],
)
def test_boots_that_say_nothing_true_are_not_sent(states: list[BootState]) -> None:
    with pytest.raises(WireError):
        encode_boots(states)


@given(numbers)
def test_a_time_request_comes_back(mono_ms: int) -> None:
    asked = TimeRequest(NONCE, BOOT, mono_ms)
    assert decode_time_request(encode_time_request(asked)) == asked


@given(damaged([example.octets for example in examples.boot_lists() + examples.requests()]))
def test_damaged_small_sections_are_refused_or_read_never_worse(octets: bytes) -> None:
    for read in (decode_boots, decode_time_request):
        try:
            read(octets)
        except WireError:
            continue
