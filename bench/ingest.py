"""Ingest against Telegraf and against InfluxDB's own limit: the same values, one machine, paths by turns.

`python -m bench ingest` prints the table. Rates are site-minutes (14 values) a second until all are durable: ours in
InfluxDB, then committed in SQL, then answered; Telegraf's in InfluxDB. Ours runs compiled (tools/compiled.py), but for
the path that says plain Python.
"""

from __future__ import annotations

import signal
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from bench.corpus import make_corpus
from bench.ingest_load import BACKLOG_BLOCK_ROWS, BACKLOG_BLOCKS, Load, Shape
from bench.ingest_peers import Variant
from bench.ingest_runs import Place, Run, ours, raw, telegraf
from bench.interpreter import fastest
from bench.results import Figure, at_least, at_most, keep
from tests.influxdb import InfluxServer
from tests.postgresql import PostgresServer
from tests.servers import missing_servers
from tools import get_servers
from tools.compiled import compiled_copy
from tools.servers.base import MissingError

ROUNDS = 5
NEEDED = ("influxdb", "mosquitto", "postgresql")
BLOCKS = Shape(sites=400, rows=600, block_rows=15)
LONG = Shape(sites=400, rows=1_200, block_rows=15)
"""For what differs by a few hundredths: two short runs of the same differ by a tenth."""
SINGLE = Shape(sites=400, rows=25, block_rows=1)
BACKLOG = Shape(sites=1, rows=43_200, block_rows=BACKLOG_BLOCK_ROWS, blocks_a_frame=BACKLOG_BLOCKS)

RAW_1, RAW_2 = "raw, 1 connection", "raw, 2 connections"
CITY_1, CITY_2 = "ours, PostgreSQL, 1 worker", "ours, PostgreSQL, 2 workers"
PLAIN = "ours, PostgreSQL, 2 workers, plain Python"
VILLAGE = "ours, SQLite"
SILENT, TALKATIVE = "ours, PostgreSQL, 1 worker, no answers", "ours, PostgreSQL, 1 worker, every frame answered"
ANSWERED_PAIRS = 4
ANSWERS_TURN = (TALKATIVE, *(SILENT, CITY_1, CITY_1, SILENT) * (ANSWERED_PAIRS // 2))
"""With and without answers side by side, each as often first: what one leaves InfluxDB to do slows the next down."""
PEER = "Telegraf"
SINGLE_OURS, SINGLE_PEER = "ours, PostgreSQL, 2 workers, a row a message", "Telegraf, an object a message"
BACKLOG_RAW_1, BACKLOG_RAW_2 = "raw, backlog, 1 connection", "raw, backlog, 2 connections"
BACKLOG_OURS = "ours, PostgreSQL, 1 worker, backlog of a month"

Rounds = Mapping[str, Sequence[Run]]


def paths(place: Place) -> dict[str, Callable[[], Run]]:
    """Each path by its name, in the order of a round."""
    corpus = make_corpus()
    blocks, long, single, backlog = (Load(corpus, shape) for shape in (BLOCKS, LONG, SINGLE, BACKLOG))
    told: dict[str, Callable[[], Run]] = {
        RAW_1: lambda: raw(place, blocks, 1),
        CITY_2: lambda: ours(place, blocks, Variant("calm", workers=2)),
        PEER: lambda: telegraf(place, blocks),
        RAW_2: lambda: raw(place, blocks, 2),
        CITY_1: lambda: ours(place, long, Variant("calm")),
        SILENT: lambda: ours(place, long, Variant("none")),
        TALKATIVE: lambda: ours(place, long, Variant("every")),
        PLAIN: lambda: ours(place, blocks, Variant("calm", workers=2, plain=True)),
        VILLAGE: lambda: ours(place, blocks, Variant("calm", database="sqlite")),
        SINGLE_OURS: lambda: ours(place, single, Variant("calm", workers=2)),
        SINGLE_PEER: lambda: telegraf(place, single),
        BACKLOG_RAW_1: lambda: raw(place, backlog, 1),
        BACKLOG_OURS: lambda: ours(place, backlog, Variant("calm")),
        BACKLOG_RAW_2: lambda: raw(place, backlog, 2),
    }
    if place.telegraf is None:
        del told[PEER], told[SINGLE_PEER]
    if place.compiled is None:
        del told[PLAIN]  # all of ours are
    return told


def _order(names: Iterable[str]) -> list[str]:
    """What a round runs, in turn."""
    told: list[str] = []
    for name in names:
        if name == TALKATIVE:
            told += ANSWERS_TURN
        elif name not in ANSWERS_TURN:
            told.append(name)
    return told


def figures_of(rounds: Rounds) -> list[Figure]:
    """Medians, and ratios as the median of each round's own."""
    told = [
        Figure(f"ingest: {name}", round(statistics.median(run.rate for run in runs)), "site-minutes/s")
        for name, runs in rounds.items()
    ]
    ratios: list[tuple[str, str, Sequence[str], float]] = [
        ("blocks of 15, 2 workers, of Telegraf", CITY_2, [PEER], 1.0),
        ("blocks of 15, 2 workers, of raw", CITY_2, [RAW_1, RAW_2], 0.6),
        ("backlog of a site-month, of raw", BACKLOG_OURS, [BACKLOG_RAW_1, BACKLOG_RAW_2], 0.6),
    ]
    for name, path, rulers, goal in ratios:
        if all(ruler in rounds for ruler in rulers):
            told.append(at_least(f"ingest: {name}", _ratio(rounds, path, rulers), "ratio", goal))
    if PLAIN in rounds:
        faster = round(_ratio(rounds, CITY_2, [PLAIN]), 4)
        told.append(Figure("ingest: compiled, 2 workers, of plain Python", faster, "ratio"))
    told.append(Figure("ingest: ours is compiled", float(PLAIN in rounds), "1 = yes"))
    told.append(at_most("ingest: slower with acknowledgements", 1 - _ratio(rounds, CITY_1, [SILENT]), "share", 0.05))
    beside_it = {TALKATIVE: rounds[TALKATIVE], SILENT: rounds[SILENT][::ANSWERED_PAIRS]}
    slower = round(1 - _ratio(beside_it, TALKATIVE, [SILENT]), 4)
    told.append(Figure("ingest: slower with every frame answered", slower, "share"))
    if SINGLE_PEER in rounds:
        single = round(_ratio(rounds, SINGLE_OURS, [SINGLE_PEER]), 4)
        told.append(Figure("ingest: a row a message, 2 workers, of Telegraf", single, "ratio"))
    return told


def _ratio(rounds: Rounds, path: str, rulers: Sequence[str]) -> float:
    """Against the faster of several rulers."""
    best = [max(runs, key=lambda run: run.rate) for runs in zip(*(rounds[ruler] for ruler in rulers), strict=True)]
    return float(statistics.median(run.rate / ruler.rate for run, ruler in zip(rounds[path], best, strict=True)))


def _print(rounds: Rounds, figures: Sequence[Figure]) -> None:
    print(f"{'site-minutes/s':58} median (lowest to highest)   microseconds of processor each")
    for name, runs in rounds.items():
        rates = [run.rate for run in runs]
        spent = {each: statistics.median(run.cpu_us[each] for run in runs) for each in runs[0].cpu_us}
        words = ", ".join(f"{each} {cpu_us:.1f}" for each, cpu_us in spent.items())
        print(f"{name:58} {statistics.median(rates):6.0f} ({min(rates):.0f} to {max(rates):.0f})   {words}")
    for figure in figures:
        if figure.unit != "site-minutes/s":
            held = (
                "" if figure.holds is None else f"  goal {figure.goal}: {'holds' if figure.holds else 'DOES NOT HOLD'}"
            )
            print(f"{figure.name:58} {figure.value:6.3f}{held}")


def main() -> None:
    """Run all paths by turns, print, keep. A SIGTERM ends the servers too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    missing = [f"{name}: {why}" for name, why in missing_servers().items() if name in NEEDED]
    if missing:
        print("not measured, because a server is missing:", *missing, sep="\n  ")
        return
    try:
        peer = get_servers.get(get_servers.PEERS["telegraf"], may_install=True)
    except get_servers.MissingError as error:
        peer = None
        print(f"Telegraf could not be had, so nothing is compared with it: {error}")
    try:
        copy = compiled_copy()
    except MissingError as error:
        copy = None
        print(f"ours is measured as plain Python, for the compiled copy cannot be made: {error}")
    python = fastest()
    with (
        tempfile.TemporaryDirectory(prefix="kayasol-ingest-") as folder,
        InfluxServer(Path(folder) / "influx") as influx,
        PostgresServer() as postgres,
    ):
        place = Place(Path(folder), influx, postgres, None if peer is None else peer.path, copy, python.path)
        told = paths(place)
        rounds: dict[str, list[Run]] = {name: [] for name in told}
        for number in range(ROUNDS):
            for name in _order(told):
                rounds[name].append(told[name]())
                print(f"round {number + 1}: {name}: {rounds[name][-1].rate:.0f}", flush=True)
    figures = [*figures_of(rounds), Figure("ingest: speed of ours' Python", round(python.faster, 2), "of the bench's")]
    print(python.told())
    _print(rounds, figures)
    keep(figures)


if __name__ == "__main__":
    main()
