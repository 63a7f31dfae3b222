"""One log under its lock: where a record belongs, and what the log looks like once it stands there.

    same hash at its place                          repeated
    next after a branch's newest, and prev fits     that branch goes on
    next after the main head, or behind its holes   the head goes on; what does not fit is stored and marked
    in a hole that was passed, and neighbours fit   stored, the hole shrinks
    another hash at or below the head               a fork: stored in a branch named by its first record
    further on                                      parked

Knows neither bytes nor keys nor signatures: `records` has judged those.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from sqlalchemy import Connection

from ingest import holes
from ingest.records import Checked
from kiosk.ledger.chain import Head, follows, totals_of
from kiosk.ledger.format import parse
from kiosk.ledger.types import text_of
from store import ledger_aside, ledger_records
from store.ledger_aside import Gap
from store.ledger_logs import MAIN, Branch, Log, LogKey

BRANCHES_MAX = 16
"""So many branches of a log are kept; a record that would open one more is disputed."""


class Outcome(Enum):
    """What became of a record."""

    REPEATED = "repeated"
    STORED = "stored"
    EARLY = "early"
    """It has to wait for those before it."""
    REFUSED = "refused"
    """One branch too many."""


@dataclass(slots=True)
class Placed:
    """A record that has got its place in this transaction."""

    checked: Checked
    branch: int
    marks: set[str]


@dataclass(slots=True)
class Book:
    """A log as it stands in this transaction."""

    connection: Connection
    row: Log
    act_hash: str
    """Of the site: what GENESIS must follow."""
    branches: dict[int, Branch]
    gaps: list[Gap]
    keys: list[LogKey]
    fresh: list[Placed] = field(default_factory=list)
    """Placed, not yet written: `write` is called before anything is read back."""
    changed: set[int] = field(default_factory=set)
    """Branches whose head has moved."""
    moved: bool = False
    """Something changed that a parked record may have waited for."""
    waiting: list[int] | None = None
    """Numbers of the parked records, rising; None: not read yet."""
    _stored: dict[int, dict[int, str]] = field(default_factory=dict)
    _loaded: tuple[int, int] = (1, 0)

    @property
    def head(self) -> int:
        """Number of the main branch's newest record, 0 before the first."""
        return self.branches[MAIN].seq if MAIN in self.branches else 0

    @property
    def _top(self) -> int:
        """No record of any branch stands above this number."""
        return max((branch.seq for branch in self.branches.values()), default=0)

    @property
    def spans(self) -> list[holes.Span]:
        """The holes."""
        return [(gap.from_seq, gap.to_seq) for gap in self.gaps]

    @property
    def expected(self) -> int:
        """The number that moves the head."""
        return holes.expected(self.head, self.spans)

    def load(self, first: int, last: int) -> None:
        """Read which records stand from `first` to `last`, in one query for a whole section."""
        last = min(last, self._top)
        if first <= last and not self._loaded[0] <= first <= last <= self._loaded[1]:
            found = ledger_records.hashes(self.connection, self.row.log, first, last)
            self._stored = found | {seq: found.get(seq, {}) | known for seq, known in self._stored.items()}
            self._loaded = (first, last)

    def stored(self, seq: int) -> dict[int, str]:
        """Branch -> hash of what stands at a number."""
        if seq not in self._stored:
            inside = self._loaded[0] <= seq <= self._loaded[1]
            found = {} if inside or seq > self._top else ledger_records.hashes(self.connection, self.row.log, seq, seq)
            self._stored[seq] = found.get(seq, {})
        return self._stored[seq]

    def place(self, checked: Checked) -> Outcome:
        """Give a record its place."""
        seq = checked.seq
        if checked.hash in self.stored(seq).values():
            return Outcome.REPEATED
        if seq == self.head + 1 and self._continues_main(checked):
            return self._append(checked, MAIN, self._misfit(checked))
        for number, branch in self.branches.items():
            if number != MAIN and seq == branch.seq + 1 and checked.prev == branch.hash:
                return self._append(checked, number, set())
        if seq == self.head + 1:
            return self._append(checked, MAIN, self._misfit(checked))
        if seq == self.expected:
            return self._append(checked, MAIN, {"hole"})
        if seq > self.head:
            return Outcome.EARLY
        if holes.containing(seq, self.spans) is not None:
            return self._fill(checked)
        return self._fork(checked)

    def write_head(self, branch: Branch) -> None:
        """Keep a branch's head, to be written at the end."""
        self.branches[branch.branch] = branch
        self.changed.add(branch.branch)

    def _main_head(self) -> Head:
        main = self.branches.get(MAIN)
        if main is None:
            return Head.empty(self.row.log, "", self.act_hash)
        sums = (main.sum_in, main.sum_out, main.box)
        return Head(self.row.log, main.seq, main.hash, self.row.cur, *sums, self.row.site, self.row.dev)

    def _continues_main(self, checked: Checked) -> bool:
        return checked.prev == self._main_head().hash

    def _misfit(self, checked: Checked) -> set[str]:
        """What does not fit between the main head and its next record, as a mark."""
        head = self._main_head()
        if head.seq == 0:
            head = replace(head, cur=text_of(checked.fields, "cur"))
        reason = follows(head, checked.fields)
        if reason is None:
            return set()
        if reason == "prev":
            return {"act" if checked.seq == 1 else "break"}
        return {reason}

    def _append(self, checked: Checked, number: int, marks: set[str]) -> Outcome:
        """The record becomes the newest of its branch."""
        before = self.branches.get(number)
        name = "" if before is None else before.name
        if before is not None and (checked.boot_number, checked.mono_ms) < (before.boot_number, before.mono_ms):
            marks = marks | {"order"}
        if before is not None and checked.boot_number == before.boot_number and checked.boot != before.boot:
            marks = marks | {"order"}
        self.write_head(head_of(checked, number, name))
        if number == MAIN:
            self._shrink(checked.seq)
        return self._keep(checked, number, marks)

    def _fill(self, checked: Checked) -> Outcome:
        """A record for a hole that was passed: it must fit a neighbour, and contradict none."""
        seq = checked.seq
        left, right = self.stored(seq - 1).get(MAIN), self.stored(seq + 1).get(MAIN)
        after = None if right is None else ledger_records.record(self.connection, self.row.log, seq + 1)
        if left is None and seq == 1:
            left = self.act_hash
        follower = None if after is None else str(parse(after.payload)["prev"])
        if left is None and follower is None:
            return Outcome.EARLY
        if left not in (None, checked.prev) or follower not in (None, checked.hash):
            return self._fork(checked)
        self._shrink(seq)
        if after is not None and "hole" in after.marks.split():
            rest = " ".join(mark for mark in after.marks.split() if mark != "hole")
            ledger_records.mark(self.connection, after.place, rest, counts=after.counts)
        return self._keep(checked, MAIN, set())

    def _fork(self, checked: Checked) -> Outcome:
        """Another history of the same numbers: it gets a branch, or becomes the beginning of one that follows it."""
        for number, branch in self.branches.items():
            first = None if number == MAIN else self._first_of(number, checked.seq + 1)
            if first is not None and first == checked.hash:
                self.write_head(branch._replace(name=checked.hash))
                return self._keep(checked, number, {"fork"})
        number = max(self.branches, default=MAIN) + 1
        if number >= BRANCHES_MAX:
            return Outcome.REFUSED
        self.row = self.row._replace(forked=True)
        self.write_head(head_of(checked, number, checked.hash))
        return self._keep(checked, number, {"fork"})

    def _first_of(self, branch: int, seq: int) -> str | None:
        """`prev` of a branch's record at `seq` if the branch begins there."""
        if self.stored(seq).get(branch) != self.branches[branch].name:
            return None
        first = ledger_records.record(self.connection, self.row.log, seq, branch)
        return None if first is None else str(parse(first.payload)["prev"])

    def _keep(self, checked: Checked, branch: int, marks: set[str]) -> Outcome:
        if branch != MAIN:
            marks = marks | {"fork"}
        self.stored(checked.seq)[branch] = checked.hash
        self.fresh.append(Placed(checked, branch, marks))
        self.moved = True
        return Outcome.STORED

    def _shrink(self, seq: int) -> None:
        """A number that now has its record is in no hole."""
        for gap in self.gaps:
            if gap.from_seq <= seq <= gap.to_seq:
                self.gaps.remove(gap)
                ledger_aside.delete_gap(self.connection, gap)
                for first, last in holes.without((gap.from_seq, gap.to_seq), [(seq, seq)]):
                    self.open_gap(replace(gap, from_seq=first, to_seq=last))
                return

    def open_gap(self, gap: Gap) -> None:
        """Note a hole."""
        self.moved = True
        self.gaps.append(gap)
        self.gaps.sort(key=lambda each: each.from_seq)
        ledger_aside.add_gap(self.connection, gap)


def head_of(checked: Checked, branch: int, name: str) -> Branch:
    """A branch whose newest record this is."""
    totals = totals_of(checked.fields)
    return Branch(
        log=text_of(checked.fields, "log"),
        branch=branch,
        name=name,
        seq=checked.seq,
        hash=checked.hash,
        sum_in=totals.sum_in,
        sum_out=totals.sum_out,
        box=totals.box,
        boot=checked.boot,
        boot_number=checked.boot_number,
        mono_ms=checked.mono_ms,
    )
