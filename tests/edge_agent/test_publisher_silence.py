"""What the publisher does with frames of which nothing is heard: how long it waits, and what goes again."""

from __future__ import annotations

import pytest

from edge_agent.frames import BUDGET_MAX_BYTES
from edge_agent.publisher import SMALL_BUDGET_BYTES
from tests.edge_agent.site import Site


def begin_unheard(site: Site) -> None:
    """A broker that says that it has the boot's first frame, and drops it: nobody has subscribed yet."""
    site.agent.till.sale("phone")
    site.agent.step()
    site.link.sent.clear()


def test_silence_while_draining_sends_again_small_frames_first(site: Site) -> None:
    site.link.connected = False
    site.start()
    site.advance(60_000)
    site.link.connected = True
    site.agent.publisher._budget = 3_000
    site.agent.step()
    site.link.sent.clear()  # lost on the way, although the broker said that it has them
    site.advance(2)
    assert site.agent.publisher._budget == SMALL_BUDGET_BYTES
    assert site.collect() > 0
    assert max(site.receiver.sizes) < SMALL_BUDGET_BYTES + 1_500
    for _ in range(200):
        site.deliver(site.receiver.receipt())
        site.advance(1)
        site.collect()
    assert site.arrived_rows == list(range(1, site.agent.outbox.head + 1))
    assert site.agent.publisher._budget == BUDGET_MAX_BYTES


def test_a_calm_site_waits_for_hours_before_it_sends_again(site: Site) -> None:
    site.begin()
    site.advance(15)
    site.link.sent.clear()
    site.advance(3 * 60)
    frames = site.collect()
    assert frames == 12
    assert 1 not in site.arrived_rows, "the frame that was lost has not been sent again yet"
    site.advance(3 * 60)
    site.collect()
    assert 1 in site.arrived_rows


def test_a_boot_that_the_server_never_answered_does_not_wait_for_hours(site: Site) -> None:
    site.start()
    begin_unheard(site)
    site.advance(2)
    assert site.collect() == 1, "half a minute after the broker had it"
    site.link.sent.clear()
    for _ in range(8):
        site.advance(15)
        site.link.sent.clear()
    site.advance(20)
    site.collect()
    assert len(site.receiver.records) == 1, "never more than a quarter of an hour apart, and what the spread adds"
    site.deliver(site.receiver.receipt())
    site.exchange()
    assert site.agent.outbox.waiting == 0


def test_an_answered_boot_is_calm_again(site: Site) -> None:
    site.start()
    site.agent.till.sale("phone")
    site.agent.step()
    site.exchange()
    site.advance(15)
    site.link.sent.clear()
    site.advance(14)
    assert site.collect() == 0


def test_what_was_sent_before_the_first_answer_is_calm_with_it(site: Site) -> None:
    """Or each backlog's last frame would be sent twice: the server sees no need to answer it."""
    site.sales_at_once = True
    site.start()
    for _ in range(2):
        site.agent.desk.answer({"do": "sale", "service": "phone"})
        site.agent.step()
    assert len(site.link.sent) == 2
    site.receiver.take(site.link.sent.popleft()[1])
    site.deliver(site.receiver.receipt())
    site.link.sent.clear()
    site.advance(10)
    assert site.collect() == 0


def test_an_answer_that_waited_for_an_earlier_boot_does_not_make_this_one_calm(site: Site) -> None:
    site.begin()
    site.advance(15)
    site.collect()
    waited = site.receiver.receipt()
    site.link.connected = False
    site.power_cut()
    site.deliver(waited)
    site.link.connected = True
    begin_unheard(site)
    site.advance(2)
    assert site.collect() == 1


def test_what_an_answer_leaves_out_of_its_frame_does_not_wait_for_hours(site: Site) -> None:
    """As when a block was damaged on the way and the money beside it was not."""
    site.begin()
    site.agent.till.sale("phone")
    site.advance(15)
    site.collect()
    site.deliver(site.receiver.message(site.receiver.ledger_acks()))
    assert site.agent.outbox.waiting == 15
    site.advance(2)
    assert site.collect() == 1
    site.deliver(site.receiver.receipt())
    assert site.agent.outbox.waiting < 15


def test_a_receipt_for_a_later_frame_brings_the_lost_one_back_at_once(site: Site) -> None:
    site.begin()
    site.advance(15)
    site.link.sent.clear()
    site.advance(15)
    site.collect()
    assert site.arrived_rows == list(range(16, 31))
    site.deliver(site.receiver.receipt())
    site.exchange()
    assert site.arrived_rows == list(range(1, 31))
    assert site.agent.outbox.waiting == 0


def test_what_an_earlier_connection_did_not_deliver_goes_again(site: Site) -> None:
    site.begin()
    site.link._delivered.clear()
    site.advance(15)
    site.link._delivered.clear()  # the broker never acknowledged it
    site.link.connected = False
    site.advance(1)
    site.link.connected = True
    site.advance(1, answer=True)
    assert site.arrived_rows == list(range(1, 16))


def test_a_link_that_takes_nothing_changes_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.begin()
    monkeypatch.setattr(site.link, "publish", lambda topic, payload: None)
    site.advance(40)
    monkeypatch.undo()
    site.advance(2, answer=True)
    assert site.agent.outbox.waiting == 0
    assert site.arrived_rows == list(range(1, site.agent.outbox.head + 1))
