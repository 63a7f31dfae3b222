"""How devices and their logs stand at the end of a transaction: what answers are made from, in one query a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from ingest import holes
from ingest.work import Reply, ReplyKey, Work
from kiosk.ledger.act import parse as parse_act
from kiosk.wire.down_sections import SCHEMAS_WANTED_MAX, Keys
from store import blocks, ledger_aside, ledger_logs, sites, status
from store.ledger_aside import Gap
from store.ledger_logs import MAIN, Branch, Log
from store.status import DownState


@dataclass(slots=True)
class Standing:
    """Read once everything of the transaction is written."""

    work: Work
    downs: dict[tuple[str, str], DownState]
    """(site, device) -> what was last said to it."""
    heads: dict[str, list[Branch]]
    """Of each log that a reply names."""
    rows: dict[str, Log] = field(default_factory=dict)
    """This and all below: only of replies that are due."""
    gaps: dict[str, list[Gap]] = field(default_factory=dict)
    parked: dict[str, list[int]] = field(default_factory=dict)
    wanted: dict[str, list[str]] = field(default_factory=dict)
    """Site -> schemas that its parked blocks name."""
    acts: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, work: Work) -> Standing:
        """What decides which replies are due."""
        devices = sorted({(site, dev) for site, dev, _ in work.replies})
        heads = ledger_logs.branches_of(work.connection, _logs(work.replies.values()))
        return cls(work, status.downs(work.connection, devices), heads)

    def read(self, due: dict[ReplyKey, Reply]) -> None:
        """What the answers to these replies say."""
        connection, logs = self.work.connection, _logs(due.values())
        codes = sorted({site for site, _, _ in due})
        self.rows = ledger_logs.lock_logs(connection, logs)
        self.gaps = ledger_aside.gaps_of(connection, logs)
        self.parked = ledger_aside.parked_seqs_of(connection, logs)
        self.wanted = blocks.wanted_schemas(connection, codes, SCHEMAS_WANTED_MAX)
        self.acts = sites.newest_acts(connection, codes)

    def main(self, log: str) -> Branch | None:
        """The head of a log's main branch; None before its first record."""
        heads = self.heads.get(log, ())
        return heads[0] if heads and heads[0].branch == MAIN else None

    def asked(self, log: str) -> tuple[int, list[int]]:
        """From which record on to send (0: nothing waits for an earlier one), and the numbers in dispute."""
        main, gaps = self.main(log), self.gaps.get(log, ())
        head = 0 if main is None else main.seq
        disputed = [seq for gap in gaps if gap.reason == "disputed" for seq in range(gap.from_seq, gap.to_seq + 1)]
        first = holes.expected(head, [(gap.from_seq, gap.to_seq) for gap in gaps])
        waiting = any(seq > head for seq in self.parked.get(log, ()))
        return first if waiting else 0, disputed

    def keys_at_commissioning(self, site: str) -> Keys | None:
        """The pair that the site's newest act carries: a device that has it needs no telling."""
        return _keys_in(self.acts[site]) if site in self.acts else None


def _logs(replies: Iterable[Reply]) -> list[str]:
    named: set[str] = set()
    for reply in replies:
        named.update(reply.logs)
        if reply.header.ledger is not None:
            named.add(reply.header.ledger.log)
    return sorted(named)


@lru_cache(maxsize=4096)
def _keys_in(act: bytes) -> Keys:
    fields = parse_act(act)
    return Keys(str(fields["ingest_key"]), str(fields["ingest_next"]))
