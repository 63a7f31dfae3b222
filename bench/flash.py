"""Bytes written to the card for each site-minute and each sale, counted at the block device under a real ext4.

The real outbox and the real agent's till write on a clock that is put forward; after each commit the file system is
made to write what it writes in the minutes that follow.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from bench.corpus import MINUTE_MS, Corpus, make_corpus
from bench.loop_disk import LoopDisk, LoopDiskMissing, loop_disk
from bench.results import Figure, at_most, keep
from edge_agent.outbox.boots import Boots
from edge_agent.outbox.database import BallastFile, Database
from edge_agent.outbox.outbox import Outbox
from tests.edge_agent.site import Site

DAYS = 3
"""More than one: a log of the database that is full only after a day would cost nothing otherwise."""
ROWS = DAYS * 1440
GOALS = {15: 12, 60: 30}
"""Rows of a chunk -> at most this part of what a commit each site-minute writes."""
RECEIPT_CADENCES = 8
CADENCE_ROWS = {1: 15, 15: 15, 60: 60}
"""Rows of a chunk -> rows between two frames; each frame commits what is in memory. A receipt comes each eighth."""
SALES = 200
MS_BETWEEN_SALES = 240_000


def main() -> None:
    """Measure on this machine's own ext4, print, keep."""
    corpus = make_corpus(days=1)
    try:
        with loop_disk() as disk:
            still = idle(disk)
            rows = {chunk_rows: written_by_rows(disk, corpus, chunk_rows) for chunk_rows in (1, *GOALS)}
            sale = written_by_sales(disk)
    except LoopDiskMissing as missing:
        print(f"NOT measured, no figure is kept: {missing}")
        return
    each = rows[1]
    print(f"ext4 (noatime) on a loop device, {DAYS} days of site-minutes, receipts included; idle: {still} B")
    print("chunk   B/site-minute   of a commit each   goal      a year")
    for chunk_rows, written in rows.items():
        goal = f"1/{GOALS[chunk_rows]}" if chunk_rows in GOALS else ""
        gb_a_year = written * 525_600 / 1e9
        print(f"{chunk_rows:5} {written:15.0f}   1/{each / written:<15.1f} {goal:6} {gb_a_year:6.2f} GB")
    print(f"a sale: {sale:.0f} B, on the disk before the answer")
    keep(figures_of(rows, sale))


def figures_of(rows: dict[int, float], sale: float) -> list[Figure]:
    """The table as figures with goals."""
    told = [Figure("flash: a sale", round(sale), "B")]
    for chunk_rows, written in rows.items():
        told.append(Figure(f"flash: chunk of {chunk_rows}", round(written, 1), "B/site-minute"))
    for chunk_rows, part in GOALS.items():
        share = rows[chunk_rows] / rows[1]
        told.append(at_most(f"flash: chunk of {chunk_rows}, of a commit each", share, "ratio", 1 / part))
    return told


def idle(disk: LoopDisk) -> int:
    """Bytes that the file system writes while nobody does anything; anything above 0 is not ours."""
    disk.settle()
    before = disk.written()
    for _ in range(10):
        disk.settle()
    return disk.written() - before


def written_by_rows(disk: LoopDisk, corpus: Corpus, chunk_rows: int) -> float:
    """The outbox through `DAYS` days, opening and closing included."""
    state = disk.folder / f"chunk-{chunk_rows}"
    state.mkdir()
    BallastFile(state / "ballast").restore()
    disk.settle()
    before = disk.written()
    with closing(Database(state / "edge.db", BallastFile(state / "ballast"))) as database:
        _live(disk, database, state, corpus, chunk_rows)
    disk.settle()
    written = (disk.written() - before) / ROWS
    shutil.rmtree(state)
    return written


def _live(disk: LoopDisk, database: Database, state: Path, corpus: Corpus, chunk_rows: int) -> None:
    outbox = Outbox(database, chunk_rows=chunk_rows, rows_max=600_000, entropy=lambda count: bytes(range(count)))
    life = Boots(database, state / "boot.number").begin(0, "", lambda count: bytes(range(count)))
    outbox.begin_boot(life.boot, life.number)
    outbox.use_schema(corpus.schema, 0)
    cadence, rows = CADENCE_ROWS[chunk_rows], corpus.rows
    for number in range(1, ROWS + 1):
        now_ms, head = number * MINUTE_MS, outbox.head
        outbox.append(now_ms, rows[number % len(rows)], ())
        if number % cadence == 0:
            outbox.commit(now_ms)
        if number % (cadence * RECEIPT_CADENCES) == 0:
            with database.transaction():
                outbox.acknowledge([(1, outbox.head)])
                # As downlink.py marks a message that was obeyed.
                database.write("UPDATE state SET epoch = 1, counter = ?", (number,))
        if outbox.head != head:
            disk.settle()
    if outbox.head != ROWS:
        raise ValueError(f"{outbox.head} rows were written, not {ROWS}")


def written_by_sales(disk: LoopDisk) -> float:
    """Sales through the agent's own desk, some minutes apart, with no row committed between."""
    site = Site(Path(disk.folder / "sales"), chunk_rows=60, cadence_s=86_400)
    agent = site.begin()
    disk.settle()
    before = disk.written()
    for number in range(SALES):
        site.pass_ms(MS_BETWEEN_SALES)
        answer = agent.desk.answer({"do": "sale", "service": "phone", "press": f"{number:032x}"})
        if not answer["ok"]:
            raise ValueError(f"not sold: {answer}")
        disk.settle()
    written = (disk.written() - before) / SALES
    site.end()
    return written


if __name__ == "__main__":
    main()
