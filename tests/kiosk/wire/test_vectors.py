"""The golden vectors: frozen bytes, what they mean, and what must be refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.errors import WireError
from kiosk.ledger.signing import DOWN_PREFIX, verify, verify_bytes
from kiosk.wire import block, boots, down, frame, records, request, schema
from tests.kiosk.wire.decoder import read_block, read_frame, read_ledger
from tests.vectors.ledger.stories import DEVICE_KEY, INGEST_KEY
from tests.vectors.wire import examples, make_vectors

FOLDER = Path(make_vectors.__file__).parent

Entry = dict[str, Any]

READERS: dict[str, Callable[[bytes, Entry], Any]] = {
    "frames": lambda octets, _: examples.plain(frame.decode_frame(octets)),
    "schemas": lambda octets, _: examples.describe_schema(octets),
    "blocks": lambda octets, told: examples.describe_block(octets, told["positions"], told["coding"]),
    "ledger": lambda octets, _: examples.plain(records.decode_ledger_section(octets)),
    "boots": lambda octets, _: examples.plain(boots.decode_boots(octets)),
    "requests": lambda octets, _: examples.plain(request.decode_time_request(octets)),
    "down": lambda octets, _: examples.describe_down(octets),
}

REFUSERS: dict[str, Callable[[bytes], Any]] = {
    "frames": frame.decode_frame,
    "schemas": schema.parse_schema,
    "blocks": lambda octets: block.decode_block(octets, 1),
    "ledger": records.decode_ledger_section,
    "boots": boots.decode_boots,
    "requests": request.decode_time_request,
    "down": down.decode_down,
}


def entries(name: str) -> list[Entry]:
    """One file of vectors."""
    read: list[Entry] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return read


def cases(folder: str = "") -> list[Any]:
    """Every entry of the files of a folder, named."""
    return [
        pytest.param(what, entry, id=f"{what}: {entry['name']}")
        for what in READERS
        for entry in entries(f"{folder}{what}.json")
    ]


@pytest.mark.parametrize(("what", "entry"), cases())
def test_a_good_vector_means_what_it_says(what: str, entry: Entry) -> None:
    assert READERS[what](bytes.fromhex(entry["hex"]), entry["decoded"]) == entry["decoded"]


@pytest.mark.parametrize(("what", "entry"), cases("bad/"))
def test_a_bad_vector_is_refused(what: str, entry: Entry) -> None:
    with pytest.raises(WireError):
        REFUSERS[what](bytes.fromhex(entry["hex"]))


@pytest.mark.parametrize("what", READERS)
def test_the_script_writes_the_frozen_bytes(what: str) -> None:
    frozen = entries(f"{what}.json")
    made = examples.FILES[what]()
    assert [example.name for example in made] == [entry["name"] for entry in frozen]
    for example, entry in zip(made, frozen, strict=True):
        assert example.decoded == entry["decoded"]
        assert example.deflated or example.octets.hex() == entry["hex"]


@pytest.mark.parametrize("what", READERS)
def test_the_script_spells_the_frozen_refusals(what: str) -> None:
    assert [(entry["name"], entry["error"]) for entry in make_vectors.bad_entries(what)] == [
        (entry["name"], entry["error"]) for entry in entries(f"bad/{what}.json")
    ]
    stable = [entry for entry in make_vectors.bad_entries(what) if "bomb" not in entry["name"]]
    assert stable == [entry for entry in entries(f"bad/{what}.json") if "bomb" not in entry["name"]]


def test_the_names_of_the_vectors_are_distinct() -> None:
    for what in READERS:
        for folder in ("", "bad/"):
            names = [entry["name"] for entry in entries(f"{folder}{what}.json")]
            assert len(set(names)) == len(names)


@pytest.mark.parametrize("entry", entries("frames.json"), ids=lambda entry: entry["name"])
def test_a_reader_written_from_the_page_alone_reads_the_frames(entry: Entry) -> None:
    assert read_frame(bytes.fromhex(entry["hex"])) == entry["decoded"]


@pytest.mark.parametrize("entry", entries("blocks.json"), ids=lambda entry: entry["name"])
def test_a_reader_written_from_the_page_alone_reads_the_blocks(entry: Entry) -> None:
    assert read_block(bytes.fromhex(entry["hex"]), entry["decoded"]["positions"]) == entry["decoded"]


@pytest.mark.parametrize("entry", entries("ledger.json"), ids=lambda entry: entry["name"])
def test_a_reader_written_from_the_page_alone_rebuilds_the_records(entry: Entry) -> None:
    assert read_ledger(bytes.fromhex(entry["hex"])) == entry["decoded"]


def test_the_signatures_of_the_messages_to_a_device_are_real() -> None:
    for entry in entries("down.json"):
        _, part = down.decode_down(bytes.fromhex(entry["hex"]))
        assert part.key_id == INGEST_KEY.key_id
        assert verify_bytes(INGEST_KEY.public_hex, DOWN_PREFIX, part.signed_bytes, part.signature)


def test_the_signatures_of_intact_records_are_real() -> None:
    section = records.decode_ledger_section(bytes.fromhex(entries("ledger.json")[0]["hex"]))
    assert all(verify(DEVICE_KEY.public_hex, each.payload, each.signature) for each in section.records)
