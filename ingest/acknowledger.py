"""What a device is told, read from what is committed with it: built anew each time, so a lost answer is no loss.

Epoch and counter are written in the transaction of what they acknowledge; the epoch only grows, and does so when a
server is restored from a backup.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from ingest import holes
from ingest.keys import IngestKeys
from ingest.work import Reply, ReplyKey, Work
from kiosk.ledger.act import parse as parse_act
from kiosk.ledger.signing import DOWN_PREFIX
from kiosk.wire import topics
from kiosk.wire.down import DownMessage, DownSection, Purpose, encode_down
from kiosk.wire.down_sections import (
    DISPUTED_MAX,
    NO_HASH,
    SCHEMAS_WANTED_MAX,
    Keys,
    LedgerAck,
    Live,
    Pace,
    ReadingsAck,
    SchemasWanted,
)
from store import blocks, ledger_aside, ledger_table, settings, sites, status
from store.ledger_table import MAIN, Branch
from store.status import DownState

EPOCH = "epoch"
"""Name of the setting."""
LEDGER_ACKS_MAX = 6
"""So many logs and branches fit a message beside all else."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When devices are answered, and how fast their backlog may come."""

    calm_cadences: int = 8
    """In calm times one answer in so many cadences: it costs as many bytes as a frame. Edges wait for 16."""
    calm_ms: int = 24 * 3_600_000
    """At the latest after so long. 0 answers every frame."""
    frames_in_flight: int = 8
    least_ms: int = 0
    """Between frames of a backlog."""
    live_s: int = 0
    """Ask for rows at once during so many seconds after each contact; 0 does not ask."""
    live_row_ms: int = 10_000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish once the transaction is committed."""

    topic: str
    payload: bytes


def epoch_of(connection: Connection, now_ms: int) -> int:
    """The server's epoch: UTC seconds of its first life, more after each restore."""
    known = settings.get(connection, EPOCH)
    if known is not None:
        return int(known)
    return begin_epoch(connection, now_ms)


def begin_epoch(connection: Connection, now_ms: int) -> int:
    """A new epoch, to be called after a restore from a backup: devices then believe the marks of this database."""
    known = settings.get(connection, EPOCH)
    epoch = max(0 if known is None else int(known) + 1, now_ms // 1000)
    settings.put(connection, EPOCH, str(epoch))
    return epoch


def answer(work: Work, keys: IngestKeys, policy: Policy) -> list[Outgoing]:
    """The messages that are due, each with the counter that is kept in this transaction."""
    epoch = epoch_of(work.connection, work.now_ms)
    outgoing: list[Outgoing] = []
    for key, reply in sorted(work.replies.items()):
        site, dev, stream = key
        before = status.down(work.connection, site, dev)
        if not _is_due(work, policy, reply, before, epoch):
            continue
        counter = before.counter + 1 if before is not None and before.epoch == epoch else 1
        after = DownState(epoch, counter, work.now_ms, reply.header.boot)
        status.save_down(work.connection, site, dev, after)
        message = DownMessage(
            Purpose.ACKNOWLEDGEMENT, site, dev, stream, epoch, counter, tuple(_sections(work, keys, policy, key, reply))
        )
        payload = encode_down(message, partial(keys.current.sign_bytes, DOWN_PREFIX), keys.current.key_id)
        outgoing.append(Outgoing(topics.down(site), payload))
        work.tally.add("acknowledgements")
    return outgoing


def _is_due(work: Work, policy: Policy, reply: Reply, before: DownState | None, epoch: int) -> bool:
    """At once while something is asked, repeated, odd or still on the edge; else once the calm has lasted enough."""
    header = reply.header
    if before is None or before.epoch != epoch or before.boot != header.boot:
        return True
    if reply.urgent or reply.answers or policy.live_s:
        return True
    if work.now_ms - before.sent_ms >= min(policy.calm_ms, policy.calm_cadences * header.cadence_s * 1000):
        return True
    if work.stream(header.site, header.stream, header.device).done.missing(1, header.head):
        return True
    if header.ledger is None:
        return False
    main = _main(work, header.ledger.log)
    return main is None or main.seq < header.ledger.seq


def _sections(work: Work, keys: IngestKeys, policy: Policy, key: ReplyKey, reply: Reply) -> Iterator[DownSection]:
    site, dev, stream_id = key
    stream = work.stream(site, stream_id, dev)
    yield ReadingsAck(stream.done.upto, stream.done.lowest(), tuple(sorted(stream.refused)))
    yield from _ledger_acks(work, reply)
    yield from reply.answers[-1:]
    wanted = blocks.wanted_schemas(work.connection, site, SCHEMAS_WANTED_MAX)
    if wanted:
        yield SchemasWanted(tuple(wanted))
    if reply.header.rows_waiting:
        yield Pace(policy.frames_in_flight, policy.least_ms)
    if policy.live_s:
        yield Live(policy.live_s, policy.live_row_ms)
    pair = Keys(keys.current.public_hex, keys.next.public_hex)
    if pair != _keys_at_commissioning(work, site):
        yield pair


def _ledger_acks(work: Work, reply: Reply) -> Iterator[LedgerAck]:
    """The logs that records came for, and the one that the header says is open, by branch."""
    logs = dict(reply.logs)
    if reply.header.ledger is not None:
        logs[reply.header.ledger.log] = None
    room = LEDGER_ACKS_MAX
    for log in logs:
        row = ledger_table.lock_log(work.connection, log)
        if row is not None and row.site != reply.header.site:
            continue
        branches = ledger_table.branches(work.connection, log)
        main = next((branch for branch in branches if branch.branch == MAIN), None)
        send_from, disputed = _asked(work, log, 0 if main is None else main.seq)
        if main is None:
            yield LedgerAck(log, 0, NO_HASH, 0, 0, 0, send_from=send_from, disputed=disputed)
            room -= 1
        for branch in branches[:room]:
            yield LedgerAck(
                log,
                branch.seq,
                branch.hash,
                branch.sum_in,
                branch.sum_out,
                branch.box,
                branch=branch.branch,
                send_from=send_from if branch.branch == MAIN else 0,
                disputed=disputed if branch.branch == MAIN else (),
                fork=row is not None and row.forked,
            )
            room -= 1
        if room <= 0:
            return


def _asked(work: Work, log: str, head: int) -> tuple[int, tuple[int, ...]]:
    """From which record on to send (0: nothing waits for an earlier one), and the newest numbers in dispute."""
    gaps = ledger_aside.gaps(work.connection, log)
    disputed = [seq for gap in gaps if gap.reason == "disputed" for seq in range(gap.from_seq, gap.to_seq + 1)]
    first = holes.expected(head, [(gap.from_seq, gap.to_seq) for gap in gaps])
    waiting = any(seq > head for seq in ledger_aside.parked_seqs(work.connection, log))
    return first if waiting else 0, tuple(disputed[-DISPUTED_MAX:])


def _main(work: Work, log: str) -> Branch | None:
    branches = ledger_table.branches(work.connection, log)
    return branches[0] if branches and branches[0].branch == MAIN else None


def _keys_at_commissioning(work: Work, site: str) -> Keys | None:
    """The pair that the site's newest act carries: a device that has it needs no telling."""
    acts = sites.acts_of(work.connection, site)
    if not acts:
        return None
    fields = parse_act(acts[-1])
    return Keys(str(fields["ingest_key"]), str(fields["ingest_next"]))
