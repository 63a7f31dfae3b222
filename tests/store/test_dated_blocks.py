"""A block that is written as it came says in lines what its series say, whatever is absent in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.wire.block import Columns
from kiosk.wire.schema import DeviceSchema, Schema
from store.readings.base import Batch
from store.readings.dated import DatedBlock
from store.readings.influxdb import InfluxReadings
from store.readings.line_protocol import lines_of

SCHEMA = Schema(
    (
        DeviceSchema("mppt", "victron-vedirect", "HQ1", ("battery_voltage_v", "pv_power_w", "load_current_a")),
        DeviceSchema("shelf", "pzem-017", "", ("load_power_w",)),
    )
)
OFFSET_MS = 1_790_000_000_000

value = st.one_of(st.none(), st.integers(-(2**61) + 1, 2**61 - 1))


def block(columns: list[list[int | None]], times_ms: list[int]) -> DatedBlock:
    return DatedBlock("kaya", Columns(1, "b1" * 8, 1, SCHEMA.hash, times_ms, columns, ()), SCHEMA, OFFSET_MS)


@st.composite
def blocks(draw: st.DrawFn) -> DatedBlock:
    times_ms = sorted(draw(st.lists(st.integers(0, 10**9), min_size=1, max_size=6)))
    rows = len(times_ms)
    present = st.lists(st.integers(-1000, 1000), min_size=rows, max_size=rows)
    column = st.one_of(present, st.lists(value, min_size=rows, max_size=rows), st.just([None] * rows))
    return block([list(draw(column)) for _ in SCHEMA.columns], times_ms)


def points(lines: bytes) -> dict[tuple[str, str, str], str]:
    """Field values by series, time and field: two lines of one instant are one point."""
    told = {}
    for line in lines.decode().splitlines():
        series, fields, time = line.split(" ")
        for field in fields.split(","):
            name, said = field.split("=")
            told[series, time, name] = said
    return told


@given(blocks())
def test_lines_of_a_block_are_those_of_its_series(dated: DatedBlock) -> None:
    of_series = lines_of(Batch(dated.site, dated.boot, dated.columns))
    assert points(lines_of(dated)) == points(of_series)


def test_a_full_block_has_a_line_an_instant_and_device() -> None:
    volts, sun, amps, load = (f"{metric}:{decimals}" for _, metric, decimals in SCHEMA.columns)
    dated = block([[1, 2], [3, 4], [5, 6], [7, -8]], [0, 60_000])
    assert lines_of(dated).decode().splitlines() == [
        f"reading,site=kaya,device=mppt,boot={dated.boot} {volts}=1i,{sun}=3i,{amps}=5i {OFFSET_MS}",
        f"reading,site=kaya,device=mppt,boot={dated.boot} {volts}=2i,{sun}=4i,{amps}=6i {OFFSET_MS + 60_000}",
        f"reading,site=kaya,device=shelf,boot={dated.boot} {load}=7i {OFFSET_MS}",
        f"reading,site=kaya,device=shelf,boot={dated.boot} {load}=-8i {OFFSET_MS + 60_000}",
    ]


class Written:
    """A connection that keeps what it is given."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    def write(self, lines: str | bytes) -> None:
        self.requests.append(lines if isinstance(lines, bytes) else lines.encode())


def test_a_channel_is_told_before_its_first_value_and_not_before() -> None:
    connection = Written()
    readings = InfluxReadings(connection)  # type: ignore[arg-type]
    without_load: list[list[int | None]] = [[1], [2], [None], [4]]
    readings.write_many([block(without_load, [0])])
    readings.write_many([block(without_load, [60_000])])
    readings.write_many([block([[1], [2], [3], [4]], [120_000])])
    readings.write_many([block([[1], [2], [3], [4]], [180_000])])
    told = [request for request in connection.requests if request.startswith(b"channel")]
    assert [each.count(b"=1i") for each in told] == [3, 1]
    assert b"load_current_a" not in told[0]
    assert b"load_current_a" in told[1]
    assert connection.requests.index(told[1]) == 3, "before the values, which are the request after it"
    assert len(connection.requests) == 6
