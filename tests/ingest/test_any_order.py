"""Whatever the road does to frames, the store ends up the same: lost, doubled, reordered, torn, batched, restarted."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ingest.handler import Message
from kiosk.ledger.signing import SigningKey
from store import blocks
from store.schema import (
    block,
    boot,
    dirty_day,
    ledger_branch,
    ledger_gap,
    ledger_parked,
    ledger_record,
    log_key,
    schema,
    stream,
)
from tests.ingest.server import Server
from tests.ingest.writer import NOON, Kiosk, damaged

NOT_CONTENT = {"arrived_ms", "opened_ms", "id", "marks_ms", "marked_ms", "noted_ms", "fix_mono_ms", "fix_utc_ms"}
"""Columns that tell when or in which order something came. A fix may be any of several that say the same."""


def month() -> tuple[Kiosk, list[bytes]]:
    """Frames of a kiosk's life: two boots, one of them dated late, a rotated key, sales, blocks of several sizes."""
    kiosk = Kiosk(clock="none")
    frames = [kiosk.frame(kiosk.schema_section(), kiosk.block(1, 15))]
    kiosk.open_books(4)
    frames += [kiosk.frame(kiosk.ledger_section(1, 3)), kiosk.frame(kiosk.ledger_section(4, 6), kiosk.block(16, 15))]
    frames.append(kiosk.frame(kiosk.block(31, 60)))
    first = kiosk.boot_state(1, 0, 90 * 60_000, (0, NOON - 86_400_000, "ntp", 40))
    kiosk.restart(mono_ms=400_000)
    kiosk.utc_ms = NOON
    frames.append(kiosk.frame(kiosk.block(91, 9), kiosk.boots_section(first)))
    fresh = SigningKey.from_private_bytes(b"\x07" * 32)
    kiosk.record("KEY_ROTATE", new_pub=fresh.public_hex, new_sig=fresh.sign_rotation(kiosk.log, 7))
    frames.append(kiosk.frame(kiosk.ledger_section(7)))
    kiosk.key = fresh
    for _ in range(3):
        kiosk.sale(tar=1)
    frames.append(kiosk.frame(kiosk.ledger_section(8), kiosk.block(100, 15)))
    return kiosk, frames


def content(server: Server) -> dict[str, Any]:
    """Everything that was kept, but for when it came."""
    tables = (block, boot, ledger_branch, ledger_gap, ledger_parked, ledger_record, log_key, schema, stream)
    with server.store.read() as connection:
        kept: dict[str, Any] = {
            table.name: sorted(
                repr({name: value for name, value in row._asdict().items() if name not in NOT_CONTENT})
                for row in connection.execute(select(table))
            )
            for table in tables
        }
        kept["dirty"] = sorted(connection.scalars(select(dirty_day.c.day)))
        assert blocks.count(connection, "damane", blocks.PARKED) == 0
    kept["readings"] = repr(server.readings.day("damane", 0, 2**60))
    return kept


def reference() -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        server = Server(Path(folder))
        kiosk, frames = month()
        server.register(Kiosk())
        server.send(kiosk, *frames)
        kept = content(server)
        server.close()
        return kept


REFERENCE = reference()


def test_the_reference_is_whole() -> None:
    assert len(REFERENCE["ledger_record"]) == 10
    assert REFERENCE["ledger_parked"] == []
    assert all("'marks': ''" in record for record in REFERENCE["ledger_record"])
    assert all("'state': 'written'" in each for each in REFERENCE["block"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=st.data())
def test_frames_in_any_order_doubled_dropped_and_sent_again_leave_the_same(plan: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        server = Server(Path(folder))
        kiosk, frames = month()
        server.register(Kiosk())
        on_the_road = plan.draw(st.lists(st.sampled_from(range(len(frames))), max_size=14), label="first try")
        torn = plan.draw(st.sets(st.sampled_from(range(len(frames))), max_size=3), label="damaged at first")
        sent = [damaged(frames[each]) if each in torn else frames[each] for each in on_the_road]
        again = plan.draw(st.permutations(range(len(frames))), label="sent again")
        sent += [frames[each] for each in again]
        while sent:
            size = plan.draw(st.integers(1, 4), label="frames a transaction")
            batch, sent = sent[:size], sent[size:]
            server.handler.handle_batch([Message(kiosk.topic, payload) for payload in batch])
            if plan.draw(st.booleans(), label="restart"):
                server.close()
                server.open()
        server.send(kiosk, *frames)
        assert content(server) == REFERENCE
        server.close()
