"""Rows at once while the server wishes it, at the pace that it names, however often it renews the wish."""

from __future__ import annotations

from kiosk.wire.down import Live
from tests.edge_agent.site import Site


def test_a_wish_renewed_by_each_answer_keeps_its_pace(site: Site) -> None:
    site.begin()
    site.deliver(site.receiver.receipt(Live(600, 10_000)))
    head, frames = site.agent.outbox.head, 0
    for _ in range(600):
        site.pass_ms(100)
        site.agent.step()
        if sent := site.collect():
            frames += sent
            site.deliver(site.receiver.receipt(Live(600, 10_000)))
    assert site.agent.outbox.head - head == frames == 7, "at 0.1 s and at each tenth second"


def test_the_first_row_of_a_wish_is_taken_at_once(site: Site) -> None:
    site.begin()
    site.deliver(site.receiver.receipt(Live(600, 10_000)))
    site.pass_ms(100)
    site.agent.step()
    assert site.agent.outbox.head == 1


def test_a_wish_for_a_faster_pace_holds_from_now_on(site: Site) -> None:
    site.begin()
    site.deliver(site.receiver.receipt(Live(600, 30_000)))
    site.pass_ms(100)
    site.agent.step()
    site.deliver(site.receiver.receipt(Live(600, 1_000)))
    site.pass_ms(1_000)
    site.agent.step()
    assert site.agent.outbox.head == 2
