"""Seals: sums and Z codes beyond what the vectors show."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.ledger.chain import record_hash
from kiosk.ledger.seal import Z_ALPHABET, check_seal, seal_root, seal_sums, z_code
from tests.vectors.ledger.stories import every_type

STORY = every_type()


def test_a_trial_is_in_the_root_but_not_in_the_sums() -> None:
    trial = [fields["t"] for fields in STORY.fields].index("TEST")
    assert "TEST" not in seal_sums(STORY.fields)
    assert seal_sums([STORY.fields[trial]]) == ""
    assert seal_root(STORY.payloads[: trial + 1]) != seal_root(STORY.payloads[:trial])


def test_the_sums_do_not_depend_on_the_order_but_the_root_does() -> None:
    assert seal_sums(STORY.fields) == seal_sums(STORY.fields[::-1])
    assert seal_root(STORY.payloads) != seal_root(STORY.payloads[::-1])


def test_any_record_changed_by_one_franc_is_found() -> None:
    seal = STORY.fields[33]
    for place in range(33):
        records = list(STORY.fields[:33])
        records[place] = records[place] | {"amt": int(records[place]["amt"]) + 1}
        assert "root" in check_seal(seal, records)


def test_the_first_seal_does_not_follow_another() -> None:
    first = STORY.fields[33]
    assert check_seal(first, STORY.fields[:33], first) == ["previous"]


def test_the_alphabet_of_z_codes_has_32_letters_and_none_that_look_alike() -> None:
    assert len(set(Z_ALPHABET)) == len(Z_ALPHABET) == 32
    assert not set(Z_ALPHABET) & set("0O1I")


@settings(deadline=None)
@given(st.binary(max_size=50))
def test_a_z_code_is_the_first_75_bits_of_the_hash(payload: bytes) -> None:
    code = z_code(payload)
    assert [len(group) for group in code.split("-")] == [3] * 5
    bits = "".join(f"{Z_ALPHABET.index(letter):05b}" for letter in code.replace("-", ""))
    assert bits == f"{int(record_hash(payload), 16):0256b}"[:75]
