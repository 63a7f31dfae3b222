"""What one arrival leaves in the status of its site: the same whether its header was kept just before or not."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from kiosk.wire.frame import ClockState, Header
from store import status
from store.engine import Store

DEVICE, OTHER = "ab" * 8, "cd" * 8
ARRIVED = {("boken", DEVICE): (1, 500), ("damane", DEVICE): (2, 900), ("damane", OTHER): (1, 300)}


def header(device: str) -> Header:
    return Header(
        site="damane", device=device, stream="ef" * 16, boot="01" * 8, boot_number=1, counter=1, mono_ms=60_000,
        clock=ClockState(), lowest_kept=1, head=1, rows_waiting=0, oldest_age_s=0, rows_dropped=0,
        cadence_s=900, ledger=None,
    )  # fmt: skip


@pytest.mark.parametrize("device", [DEVICE, OTHER])
def test_telling_which_headers_are_kept_changes_nothing_but_the_statements(store: Store, device: str) -> None:
    kept = {"damane": header(device)}
    stands = []
    for saved in (None, kept):
        with store.write() as connection, connection.begin_nested() as tried:
            status.save_headers(connection, kept.values(), 5_000)
            status.note_arrivals(connection, ARRIVED, 5_000, saved)
            stands.append(status.all_statuses(connection))
            tried.rollback()
    assert stands[0] == stands[1]
    assert [(each.site, each.dev, each.arrival_ms) for each in stands[0]] == [
        ("boken", DEVICE, 5_000),
        ("damane", OTHER, 5_000),
    ]


def test_a_site_whose_header_is_kept_is_not_written_again(store: Store) -> None:
    statements: list[str] = []
    with store.write() as connection:
        event.listen(connection, "before_cursor_execute", lambda *call: statements.append(call[2]))
        status.note_arrivals(connection, {("damane", DEVICE): (1, 500)}, 5_000, {"damane": header(DEVICE)})
    assert [each for each in statements if "site_status" in each] == []
