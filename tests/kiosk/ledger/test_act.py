"""Acts: writing; reading is in the vectors."""

from __future__ import annotations

import pytest

from kiosk.errors import LedgerError
from kiosk.ledger import act
from tests.vectors.ledger.stories import make_act

GOOD = make_act("kaya-est", "École", "XOF", "school")


def test_an_act_that_lacks_a_key_is_not_written() -> None:
    fields = {name: value for name, value in act.parse(GOOD).items() if name != "ingest_next"}
    with pytest.raises(LedgerError) as refusal:
        act.encode(fields)
    assert refusal.value.code == "field"


def test_an_act_with_a_wrong_value_is_not_written() -> None:
    with pytest.raises(LedgerError) as refusal:
        act.encode(act.parse(GOOD) | {"cur": "franc"})
    assert refusal.value.code == "value"
    assert "cur" in str(refusal.value)


def test_any_change_of_an_act_changes_its_hash() -> None:
    assert act.act_hash(GOOD) != act.act_hash(make_act("kaya-est", "Ecole", "XOF", "school"))
