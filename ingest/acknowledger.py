"""What a device is told, read from what is committed with it: built anew each time, so a lost answer is no loss.

Epoch and counter are written in the transaction of what they acknowledge; the epoch only grows, and does so when a
server is restored from a backup.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from ingest.keys import IngestKeys
from ingest.standing import Standing
from ingest.work import Reply, ReplyKey, Work
from kiosk.ledger.signing import DOWN_PREFIX
from kiosk.wire import topics
from kiosk.wire.down import DownMessage, DownSection, Purpose, encode_down
from kiosk.wire.down_sections import (
    DISPUTED_MAX,
    NO_HASH,
    Keys,
    LedgerAck,
    Live,
    Pace,
    ReadingsAck,
    SchemasWanted,
)
from store import settings, status
from store.ledger_logs import MAIN
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
    standing = Standing.of(work)
    due = {key: reply for key, reply in sorted(work.replies.items()) if _is_due(standing, policy, key, reply, epoch)}
    if not due:
        return []
    standing.read(due)
    outgoing: list[Outgoing] = []
    said: dict[tuple[str, str], DownState] = {}
    for key, reply in due.items():
        site, dev, stream = key
        before = said.get((site, dev)) or standing.downs.get((site, dev))
        counter = before.counter + 1 if before is not None and before.epoch == epoch else 1
        said[site, dev] = DownState(epoch, counter, work.now_ms, reply.header.boot)
        message = DownMessage(
            Purpose.ACKNOWLEDGEMENT, site, dev, stream, epoch, counter, tuple(_sections(standing, keys, policy, key))
        )
        payload = encode_down(message, partial(keys.current.sign_bytes, DOWN_PREFIX), keys.current.key_id)
        outgoing.append(Outgoing(topics.down(site), payload))
        work.tally.add("acknowledgements")
    status.save_downs(work.connection, said)
    return outgoing


def _is_due(standing: Standing, policy: Policy, key: ReplyKey, reply: Reply, epoch: int) -> bool:
    """At once while something is asked, repeated, odd or still on the edge; else once the calm has lasted enough."""
    work, header, before = standing.work, reply.header, standing.downs.get(key[:2])
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
    main = standing.main(header.ledger.log)
    return main is None or main.seq < header.ledger.seq


def _sections(standing: Standing, keys: IngestKeys, policy: Policy, key: ReplyKey) -> Iterator[DownSection]:
    site, dev, stream_id = key
    reply = standing.work.replies[key]
    stream = standing.work.stream(site, stream_id, dev)
    yield ReadingsAck(stream.done.upto, stream.done.lowest(), tuple(sorted(stream.refused)))
    yield from _ledger_acks(standing, reply)
    yield from reply.answers[-1:]
    wanted = standing.wanted.get(site)
    if wanted:
        yield SchemasWanted(tuple(wanted))
    if reply.header.rows_waiting:
        yield Pace(policy.frames_in_flight, policy.least_ms)
    if policy.live_s:
        yield Live(policy.live_s, policy.live_row_ms)
    pair = Keys(keys.current.public_hex, keys.next.public_hex)
    if pair != standing.keys_at_commissioning(site):
        yield pair


def _ledger_acks(standing: Standing, reply: Reply) -> Iterator[LedgerAck]:
    """The logs that records came for, and the one that the header says is open, by branch."""
    logs = dict(reply.logs)
    if reply.header.ledger is not None:
        logs[reply.header.ledger.log] = None
    room = LEDGER_ACKS_MAX
    for log in logs:
        row = standing.rows.get(log)
        if row is not None and row.site != reply.header.site:
            continue
        send_from, all_disputed = standing.asked(log)
        disputed = tuple(all_disputed[-DISPUTED_MAX:])
        if standing.main(log) is None:
            yield LedgerAck(log, 0, NO_HASH, 0, 0, 0, send_from=send_from, disputed=disputed)
            room -= 1
        for branch in standing.heads.get(log, [])[:room]:
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
