"""One log, two histories: a cloned card. Both are kept, shown and acknowledged; a press in both counts once."""

from __future__ import annotations

import pytest

from kiosk.ledger.chain import record_hash
from kiosk.wire.down import DownMessage
from kiosk.wire.down_sections import LedgerAck
from store import ledger_logs, ledger_records
from tests.ingest.server import Server
from tests.ingest.writer import Kiosk


@pytest.fixture
def kiosk(server: Server) -> Kiosk:
    made = server.register(Kiosk())
    made.open_books(2)
    return made


def acks(message: DownMessage) -> list[LedgerAck]:
    return [section for section in message.sections if isinstance(section, LedgerAck)]


def test_both_histories_are_stored_and_acknowledged_by_branch(server: Server, kiosk: Kiosk) -> None:
    clone = kiosk.clone()
    kiosk.sale()
    kiosk.sale()
    clone.sale(200)
    clone.sale(300)
    server.send(kiosk, kiosk.frame(kiosk.ledger_section()))
    (message,) = server.send(clone, clone.frame(clone.ledger_section(5)))
    main, branch = acks(message)
    assert main.fork
    assert branch.fork
    assert (main.branch, main.upto, main.hash) == (0, 6, kiosk.head.hash)
    assert (branch.branch, branch.upto, branch.hash) == (1, 6, clone.head.hash)
    assert branch.sum_in == 700
    stored = server.records(kiosk.log)
    assert [(each.seq, each.branch) for each in stored] == [
        (1, 0),
        (2, 0),
        (3, 0),
        (4, 0),
        (5, 0),
        (5, 1),
        (6, 0),
        (6, 1),
    ]
    assert {each.marks for each in stored if each.branch} == {"fork"}
    with server.store.read() as connection:
        assert ledger_logs.branches(connection, kiosk.log)[1].name == record_hash(clone.records[4].payload)
        sums = ledger_records.sums(connection, kiosk.site, "2026-09-21", "2026-09-21")
    assert sum(each.amt for each in sums) == 200 + 200 + 500


def test_a_branch_goes_on_past_the_main_head(server: Server, kiosk: Kiosk) -> None:
    clone = kiosk.clone()
    kiosk.sale()
    for _ in range(3):
        clone.sale()
    server.send(kiosk, kiosk.frame(kiosk.ledger_section()))
    server.send(clone, clone.frame(clone.ledger_section(5, 5)), clone.frame(clone.ledger_section(6)))
    with server.store.read() as connection:
        heads = [(branch.branch, branch.seq) for branch in ledger_logs.branches(connection, kiosk.log)]
    assert heads == [(0, 5), (1, 7)]
    assert server.count("record_break") == 0


def test_a_branch_that_comes_backwards_is_one_branch(server: Server, kiosk: Kiosk) -> None:
    clone = kiosk.clone()
    for _ in range(3):
        kiosk.sale()
        clone.sale()
    server.send(kiosk, kiosk.frame(kiosk.ledger_section()))
    for seq in (7, 6, 5):
        server.send(clone, clone.frame(clone.ledger_section(seq, seq)))
    with server.store.read() as connection:
        branches = ledger_logs.branches(connection, kiosk.log)
    assert [(branch.branch, branch.seq) for branch in branches] == [(0, 7), (1, 7)]
    assert branches[1].name == record_hash(clone.records[4].payload)


@pytest.mark.parametrize("clone_first", [False, True])
def test_a_press_in_both_histories_counts_once(server: Server, kiosk: Kiosk, *, clone_first: bool) -> None:
    clone = kiosk.clone(presses=0)
    clone.mono_ms += 5
    kiosk.sale(100)
    clone.sale(100)
    clone.sale(300)
    frames = [kiosk.frame(kiosk.ledger_section()), clone.frame(clone.ledger_section())]
    if clone_first:
        frames.reverse()
    server.send(kiosk, *frames)
    fifth = [each for each in server.records(kiosk.log) if each.seq == 5]
    assert [(each.branch, each.counts) for each in fifth] == [(0, True), (1, False)]
    with server.store.read() as connection:
        sums = ledger_records.sums(connection, kiosk.site, "2026-09-21", "2026-09-21")
    assert sum(each.amt for each in sums) == 200 + 100 + 300


def test_a_press_that_the_main_branch_holds_later_counts_there(server: Server, kiosk: Kiosk) -> None:
    clone = kiosk.clone()
    kiosk.sale(100)
    clone.sale(300, id="aa" * 16)
    server.send(kiosk, kiosk.frame(kiosk.ledger_section()))
    server.send(clone, clone.frame(clone.ledger_section(5)))
    kiosk.sale(300, id="aa" * 16)
    server.send(kiosk, kiosk.frame(kiosk.ledger_section(6)))
    pressed = [each for each in server.records(kiosk.log) if each.press_id == "aa" * 16]
    assert [(each.branch, each.counts, each.marks) for each in pressed] == [
        (1, False, "fork press"),
        (0, True, "press"),
    ]


def test_repeats_of_a_branch_are_acknowledged_again(server: Server, kiosk: Kiosk) -> None:
    clone = kiosk.clone()
    kiosk.sale()
    clone.sale()
    server.send(kiosk, kiosk.frame(kiosk.ledger_section()))
    (first,) = server.send(clone, clone.frame(clone.ledger_section(5)))
    (second,) = server.send(clone, clone.frame(clone.ledger_section(5)))
    assert acks(first) == acks(second)
    assert server.count("record_fork") == 1


def test_a_log_has_not_branches_without_bound(server: Server, kiosk: Kiosk) -> None:
    clones = [kiosk.clone(presses=100 * number) for number in range(20)]
    kiosk.sale()
    server.send(kiosk, kiosk.frame(kiosk.ledger_section()))
    for number, clone in enumerate(clones, 1):
        clone.sale(1000 + number)
        server.send(clone, clone.frame(clone.ledger_section(5)))
    with server.store.read() as connection:
        assert len(ledger_logs.branches(connection, kiosk.log)) == 16
    assert len(server.disputed(kiosk.site)) == 5
