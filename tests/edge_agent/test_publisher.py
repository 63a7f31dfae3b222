"""When frames go, and what they hold."""

from __future__ import annotations

from itertools import pairwise

from edge_agent.publisher import FIRST_BUDGET_BYTES, SMALL_BUDGET_BYTES
from kiosk.wire.down import Live, Pace, SchemasWanted
from kiosk.wire.frame import FRAME_MAX_BYTES, KIND_BLOCK, KIND_BOOTS, KIND_LEDGER, KIND_SCHEMA
from tests.edge_agent.site import START_UTC_MS, Site


def test_a_new_boot_reports_at_once_and_then_at_the_cadence(site: Site) -> None:
    site.start()
    site.agent.step()
    assert site.exchange() == 1
    site.advance(14, answer=True)
    assert len(site.receiver.headers) == 1
    site.advance(16, answer=True)
    assert len(site.receiver.headers) == 3
    assert site.arrived_rows == list(range(1, 31))


def test_rows_are_deleted_by_a_receipt_and_by_nothing_else(site: Site) -> None:
    site.start()
    site.advance(46)
    site.collect()
    assert site.agent.outbox.waiting == 45
    site.deliver(site.receiver.receipt())
    assert site.agent.outbox.waiting == 0


def test_the_schema_is_told_until_a_receipt_covers_it_and_then_no_more(site: Site) -> None:
    site.begin()
    site.advance(31)
    site.collect()
    assert [KIND_SCHEMA in kinds for kinds in site.receiver.kinds] == [False, True, True]
    site.deliver(site.receiver.receipt())
    site.advance(15, answer=True)
    assert KIND_SCHEMA not in site.receiver.kinds[-1]


def test_a_schema_that_the_server_asks_for_goes_again_at_once(site: Site) -> None:
    site.start()
    site.advance(30, answer=True)
    schema_hash = next(iter(site.receiver.schemas))
    frames = len(site.receiver.kinds)
    site.deliver(site.receiver.message([SchemasWanted((schema_hash, "00" * 8))]))
    site.exchange()
    assert site.receiver.kinds[frames] == (KIND_SCHEMA,)
    site.advance(14, answer=True)
    assert len(site.receiver.kinds) == frames + 1, "it was told once, not in every step"


def test_a_sale_waits_for_the_cadence_unless_the_site_says_otherwise(site: Site) -> None:
    site.begin()
    site.agent.desk.answer({"do": "sale", "service": "phone"})
    site.advance(1)
    assert site.collect() == 0


def test_a_sale_goes_at_once_where_the_site_says_so(site: Site) -> None:
    site.sales_at_once = True
    site.begin()
    site.agent.desk.answer({"do": "sale", "service": "phone"})
    site.agent.step()
    site.exchange()
    assert site.receiver.kinds[-1] == (KIND_LEDGER,)


def test_money_comes_first_in_a_frame(site: Site) -> None:
    site.link.connected = False
    site.start()
    site.advance(200)
    site.agent.till.sale("phone")
    site.link.connected = True
    site.advance(1)
    site.collect()
    kinds = [kind for kind in site.receiver.kinds[0] if kind in (KIND_LEDGER, KIND_SCHEMA, KIND_BLOCK)]
    assert kinds == sorted(kinds)
    assert kinds[0] == KIND_LEDGER


def test_the_first_frame_after_an_absence_holds_the_newest_minute(site: Site) -> None:
    site.link.connected = False
    site.start()
    site.agent.publisher._budget = SMALL_BUDGET_BYTES
    site.advance(3_000)
    site.link.connected = True
    site.agent.step()
    assert site.link.sent
    site.receiver.take(site.link.sent.popleft()[1])
    assert site.arrived_rows[-1] == site.agent.outbox.head == 3_000


def test_a_backlog_drains_within_the_window_oldest_first_and_whole(site: Site) -> None:
    site.link.connected = False
    site.start()
    site.advance(20_000)
    site.link.connected = True
    site.agent.publisher._budget = 600
    for frames in range(1, 9):
        site.agent.step()
        assert len(site.link.sent) == frames, "one a step: a press waits for one frame, not for the window"
    site.pass_ms(1_000)
    site.agent.step()
    assert len(site.link.sent) == 8, "no more without a receipt"
    for _ in range(60):
        site.exchange()
        site.advance(1)
    site.exchange()
    assert site.arrived_rows == list(range(1, site.agent.outbox.head + 1))
    assert site.agent.outbox.waiting == 0
    assert max(site.receiver.sizes) <= FRAME_MAX_BYTES
    assert site.receiver.repeated_rows == 0


def test_the_server_sets_window_and_pace(site: Site) -> None:
    site.begin()
    site.deliver(site.receiver.message([Pace(2, 10_000)]))
    site.link.connected = False
    site.advance(5_000)
    site.link.connected = True
    site.agent.publisher._budget = 600
    sent = []
    for pause_ms in (0, 5_000, 5_000, 5_000, 5_000):
        site.pass_ms(pause_ms)
        site.agent.step()
        sent.append(site.collect())
    assert sent == [1, 0, 1, 0, 0], "10 s between frames, and two on their way at most"


def test_the_first_frames_of_a_life_are_such_as_a_poor_link_takes(site: Site) -> None:
    site.link.connected = False
    site.start()
    for _ in range(200):
        site.agent.till.sale("phone")
    site.link.connected = True
    site.agent.step()
    site.collect()
    assert FIRST_BUDGET_BYTES // 2 < site.receiver.sizes[0] < 20_000
    site.deliver(site.receiver.receipt())
    assert site.agent.publisher._budget == 2 * FIRST_BUDGET_BYTES


def test_boots_before_this_one_are_told_with_their_end_and_fix(site: Site) -> None:
    site.start()
    first = site.agent.life.boot
    site.agent.offer_time("ntp", START_UTC_MS, 20)
    site.advance(20)
    site.power_cut()
    site.advance(16, answer=True)
    told = site.receiver.boots[first]
    assert told.fix is not None
    assert (told.fix.utc_ms, told.fix.source, told.last_mono_ms) == (START_UTC_MS, "ntp", 901_000)
    site.advance(30, answer=True)
    assert KIND_BOOTS not in site.receiver.kinds[-1], "the receipt covered it"


def test_rows_of_an_earlier_life_keep_its_boot(site: Site) -> None:
    site.link.connected = False
    site.start()
    first = site.agent.life.boot
    site.advance(15)
    site.power_cut()
    site.link.connected = True
    site.advance(15, answer=True)
    stream = site.agent.outbox.stream
    assert site.receiver.row_boots[stream, 1] == first
    assert site.receiver.row_boots[stream, 16] == site.agent.life.boot


def test_live_rows_go_out_one_by_one_for_a_while(site: Site) -> None:
    site.begin()
    site.deliver(site.receiver.message([Live(20, 5_000)]))
    frames = len(site.receiver.headers)
    for _ in range(12):
        site.pass_ms(5_000)
        site.agent.step()
        site.exchange()
    assert len(site.receiver.headers) - frames == 3
    times = [row.mono_ms for _, row in sorted(site.receiver.rows[site.agent.outbox.stream].items())]
    assert [later - earlier for earlier, later in pairwise(times)] == [5_000, 5_000]


def test_the_header_says_what_waits_and_how_old_it_is(site: Site) -> None:
    site.link.connected = False
    site.start()
    site.agent.till.sale("phone")
    site.advance(60)
    site.link.connected = True
    site.agent.step()
    header = site.receiver.take(site.link.sent[0][1])
    assert (header.rows_waiting, header.oldest_age_s, header.lowest_kept, header.head) == (60, 59 * 60, 1, 60)
    assert header.ledger is not None
    assert (header.ledger.sum_in, header.ledger.box) == (100, 100)
