"""What hypothesis draws: rows with gaps, flags, extremes and time jumps; and bytes that went wrong on the way."""

from __future__ import annotations

from hypothesis import strategies as st

from kiosk.reading import Flag, Row
from kiosk.wire.block import Block
from tests.vectors.wire.examples import BOOT, LIMIT, VALUE_LIMIT

SCHEMA = "5c" * 8

whole = st.integers(-VALUE_LIMIT, VALUE_LIMIT)
calm = st.integers(-40, 40)
raw = st.integers(-(2**62) + 1, 2**62 - 1)


@st.composite
def columns(draw: st.DrawFn, count: int) -> list[int | None]:
    """A column that rests, walks, jumps, or is partly or wholly absent."""
    kind = draw(st.sampled_from(["absent", "rests", "walks", "jumps", "holes"]))
    if kind == "absent":
        return [None] * count
    if kind == "rests":
        return [draw(whole)] * count
    each = {"walks": calm, "jumps": calm | whole, "holes": st.none() | calm}[kind]
    return draw(st.lists(each, min_size=count, max_size=count))


@st.composite
def blocks(draw: st.DrawFn, most_rows: int = 40) -> tuple[Block, int]:
    """A block and its number of positions."""
    positions, count = draw(st.integers(1, 6) | st.just(128)), draw(st.integers(1, most_rows))
    first = draw(st.integers(1, 5) | st.integers(1, LIMIT + 1 - count))
    values = [draw(columns(count)) for _ in range(min(positions, 6))]
    values += [[None] * count] * (positions - len(values))
    times = sorted(draw(st.lists(st.integers(0, 10**6) | st.integers(0, VALUE_LIMIT), min_size=count, max_size=count)))
    flagged = st.dictionaries(st.integers(0, positions - 1), st.tuples(st.integers(1, 255), raw), max_size=2)
    rows = []
    for offset in range(count):
        flags = tuple(Flag(position, *flag) for position, flag in sorted(draw(flagged).items()))
        rows.append(Row(first + offset, times[offset], tuple(column[offset] for column in values), flags))
    return Block(first, BOOT, draw(st.integers(1, LIMIT)), SCHEMA, tuple(rows)), positions


@st.composite
def damaged(draw: st.DrawFn, good: list[bytes]) -> bytes:
    """Good bytes cut, changed, doubled in part, or mixed; or no good bytes at all."""
    octets = bytearray(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(len(octets) - 1, 0)))
        match draw(st.sampled_from(["cut", "change", "drop", "insert"])):
            case "cut":
                del octets[at:]
            case "change":
                octets[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "drop":
                del octets[at : at + draw(st.integers(1, 9))]
            case _:
                octets[at:at] = draw(st.binary(min_size=1, max_size=9))
    return bytes(octets) if draw(st.integers(0, 9)) else draw(st.binary(max_size=200))
