"""Good messages of the golden vectors, by the file they go into. Deterministic; judges nothing, the tests do."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kiosk.ledger.signing import DOWN_PREFIX
from kiosk.reading import Flag, Row
from kiosk.time import SOURCES, TimeFix
from kiosk.wire import block, boots, down, frame, records, request, schema
from kiosk.wire.down_sections import NO_HASH
from tests.vectors.ledger.stories import DEVICE_KEY, INGEST_KEY, INGEST_NEXT, START_MS, Story, hexadecimal, make_act

Json = Any
LEDGER_VECTORS = Path(__file__).parent.parent / "ledger" / "good.jsonl"
LIMIT = (1 << 63) - 1
"""Largest varint."""
VALUE_LIMIT = (1 << 61) - 1
"""Largest value of a column."""

SITE = "kaya-nord-01"
DEVICE, BOOT, NONCE = (hexadecimal(name, 16) for name in ("device", "boot", "nonce"))
STREAM, LOG = hexadecimal("stream", 32), hexadecimal("log", 32)


@dataclass(frozen=True, slots=True)
class Example:
    """One entry of a file of vectors."""

    name: str
    octets: bytes
    decoded: Json
    deflated: bool = False
    """Holds a deflate stream, which another zlib may write in other bytes."""

    def entry(self) -> dict[str, Json]:
        """As it stands in the file."""
        return {"name": self.name, "hex": self.octets.hex(), "decoded": self.decoded}


def plain(value: Json) -> Json:
    """Whatever a decoder gives, as JSON: bytes in hexadecimal, what has named fields as objects, tuples as lists."""
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def describe_block(octets: bytes, positions: int, coding: int) -> Json:
    """`decoded` of a block."""
    return plain(block.decode_block(octets, positions)) | {"positions": positions, "coding": coding}


def describe_schema(octets: bytes) -> Json:
    """`decoded` of a schema."""
    parsed = schema.parse_schema(octets)
    return {"canonical": octets.decode(), "hash": parsed.hash, "columns": plain(parsed.columns)}


def describe_down(octets: bytes) -> Json:
    """`decoded` of a message to a device; each section says its class."""
    message, part = down.decode_down(octets)
    told = plain(message)
    for section, names in zip(message.sections, told["sections"], strict=True):
        names["section"] = type(section).__name__
    return told | {"key_id": part.key_id, "signature": part.signature.hex(), "signed_bytes": part.signed_bytes.hex()}


def frames() -> list[Example]:
    """Frames: the smallest, the fullest, a damaged section, an unknown kind."""
    calm = frame.Header(SITE, DEVICE, STREAM, BOOT, 1, 1, 61_000, frame.ClockState(), 1, 0, 0, 0, 0, 900)
    head = frame.LedgerHead(LOG, 2**40, "a5" * 32, "XOF", LIMIT, 0, -(2**62) + 1)
    clock = frame.ClockState("ntp", START_MS, 12)
    full = frame.Header("a1", DEVICE, STREAM, BOOT, 300, 128, LIMIT, clock, 900, 1_000, 100, 86_400, 7, 3_600, head)
    asked = frame.Section(frame.KIND_TIME_REQUEST, _time_request())
    sections = [frame.Section(frame.KIND_SCHEMA, b"mppt victron-vedirect - pv_power_w:1"), asked]
    damaged = bytearray(frame.encode_frame(full, sections))
    damaged[-1] ^= 1
    told = {
        "the smallest header, no section": frame.encode_frame(calm, []),
        "a clock, a ledger head, the largest numbers, two sections": frame.encode_frame(full, sections),
        "the second section is damaged, the first is not": bytes(damaged),
        "kinds that are not known, one of them empty": frame.encode_frame(
            calm, [frame.Section(0, b""), asked, frame.Section(255, b"later")]
        ),
    }
    for source in SOURCES[1:]:
        header = frame.Header(SITE, DEVICE, STREAM, BOOT, 2, 9, 5, frame.ClockState(source, 1, 0), 4, 3, 0, 0, 0, 60)
        told[f"clock source {source}; nothing kept"] = frame.encode_frame(header, [])
    return [Example(name, octets, plain(frame.decode_frame(octets))) for name, octets in told.items()]


def schemas() -> list[Example]:
    """Schemas: by this catalogue, and by one that is not known here."""
    mppt = schema.DeviceSchema("mppt", "victron-vedirect", "HQ2129ABCDE", ("battery_voltage_v", "pv_power_w"))
    link = schema.DeviceSchema("link", "ping", "", ("link_latency_ms", "link_loss_percent"))
    many = ",".join(f"m{number}:{number % 7}" for number in range(128))
    told = {
        "two devices, one without a serial": schema.Schema((mppt, link)).canonical,
        "metrics of a later catalogue, 128 positions": f"d d-1 S.e_r-1 {many}".encode(),
    }
    return [Example(name, octets, describe_schema(octets)) for name, octets in told.items()]


def site_minutes(count: int, seed: int = 1) -> tuple[Row, ...]:
    """Plausible rows of five positions with gaps, an absent column, flags and a resting counter."""
    chance = random.Random(seed)
    energy, rows = 1_234_567, []
    for offset in range(count):
        volts = None if offset % 11 == 5 else 1_320 + chance.randint(-4, 4)
        energy += chance.randint(0, 2)
        flags = (Flag(0, 1, 99_999), Flag(4, 200, -5)) if offset % 11 == 5 else ()
        values = (volts, energy, None, 3, chance.randint(0, 9_000) if offset % 3 else None)
        rows.append(Row(1_000 + offset, 60_000 * offset + chance.randint(0, 40), values, flags))
    return tuple(rows)


def blocks() -> list[Example]:
    """Every coding of plausible rows, of one row, and of the largest numbers; those of coding 3 were added behind."""
    far = (0, VALUE_LIMIT, -VALUE_LIMIT, 0, 1, None, VALUE_LIMIT, -1, -VALUE_LIMIT)
    wild = tuple(Row(LIMIT - 8 + at, at // 3 * 10**17, (value, at % 2), ()) for at, value in enumerate(far))
    told = {
        "fifteen site-minutes": (site_minutes(15), 5),
        "one row, every value absent": ((Row(1, 0, (None, None), ()),), 2),
        "one row": ((Row(7, VALUE_LIMIT, (5, -5, 0), (Flag(2, 1, -(2**62) + 1),)),), 3),
        "extreme numbers, the last row numbers, time that stands and jumps": (wild, 2),
        "128 positions that rest": (tuple(Row(5 + at, at, (at // 8,) * 128) for at in range(9)), 128),
    }
    examples = [_block(name, *rows, coding) for name, rows in told.items() for coding in (0, 1, 2)]
    told["an hour of every class of steps"] = (every_class(60), 9)
    return examples + [_block(name, *rows, 3) for name, rows in told.items()]


def _block(name: str, rows: tuple[Row, ...], positions: int, coding: int) -> Example:
    whole = block.Block(rows[0].number, BOOT, 3, hexadecimal(name, 16), rows)
    octets = block.encode_block(whole, positions, coding)
    told_as = describe_block(octets, positions, coding)
    return Example(f"{name}, coding {coding}", octets, told_as, deflated=coding == 1)


def every_class(count: int, seed: int = 2) -> tuple[Row, ...]:
    """Columns whose steps are of mean size 0, 0.1, 0.5, 1, 4, 12, 60, 5,000 and enormous, the last two with holes."""
    chance = random.Random(seed)
    values, rows = [0] * 9, []
    for offset in range(count):
        mono_ms = 7_200_000 + 60_000 * offset + (offset > 40)
        rows.append(Row(1 + offset, mono_ms, (*values[:7], *(each if offset % 7 else None for each in values[7:]))))
        for position, (size, share) in enumerate(((0, 0), (1, 0.1), (1, 0.5), (2, 0.7), (8, 1), (24, 1), (120, 1))):
            values[position] += chance.randint(-size, size) if chance.random() < share else 0
        values[7] += chance.randint(-10_000, 10_000)
        values[8] = chance.randint(-VALUE_LIMIT, VALUE_LIMIT)
    return tuple(rows)


def _story() -> Story:
    story = Story("wire", make_act(SITE, "Kaya Nord", "XOF", "school"))
    story.genesis()
    for ticket in range(3):
        story.add("SALE", svc="phone", qty=1, tar=1, amt=100, cash=100, pay="cash", ticket=f"É{ticket}")
    story.add("REFUND", given=100, pay="cash", ref=2, why="panne")
    return story


def _signed(story: Story) -> list[records.SignedRecord]:
    pairs = zip(story.payloads, story.signatures, strict=True)
    return [records.SignedRecord(payload, signature, DEVICE_KEY.key_id) for payload, signature in pairs]


def ledger() -> list[Example]:
    """Ledger sections: following records, one record, and a payload that is damaged where it lay."""
    story = _story()
    good = _signed(story)
    broken = records.SignedRecord(b"\xff\x00 not JSON", good[2].signature, DEVICE_KEY.key_id)
    told = {
        "a log from its first record": (good, 1),
        "one record": (good[1:2], 2),
        "a record that does not follow": ([good[0], good[2], good[3]], 1),
        "a payload that is no JSON, and one that is empty": (
            [good[0], good[1], broken, good[3], records.SignedRecord(b"", bytes(64), DEVICE_KEY.key_id)],
            1,
        ),
    }
    examples = []
    for name, (chosen, first) in told.items():
        ways = [records.encode_ledger_section(chosen, story.head.log, first, coding) for coding in (0, 1)]
        octets = min(ways, key=len)
        decoded = plain(records.decode_ledger_section(octets))
        examples.append(Example(name, octets, decoded, deflated=octets[_CODING_AT] == 1))
    return examples + _by_table(story, told)


def _by_table(story: Story, told: dict[str, tuple[list[records.SignedRecord], int]]) -> list[Example]:
    """The same in coding 3, and all that the ledger's own vectors have, of every type."""
    spoken = [json.loads(line) for line in LEDGER_VECTORS.read_text(encoding="utf-8").splitlines()]
    every = [
        records.SignedRecord(each["payload"].encode(), bytes.fromhex(each["sig"]), DEVICE_KEY.key_id) for each in spoken
    ]
    examples = []
    for name, (chosen, first) in (told | {"records of every type": (every, 3)}).items():
        octets = records.encode_ledger_section(chosen, story.head.log, first, records.TABLE)
        examples.append(Example(f"coding 3: {name}", octets, plain(records.decode_ledger_section(octets))))
    return examples


_CODING_AT = 16 + 8 + 1 + 1
"""In a ledger section of fewer than 128 records, from a seq below 128 on."""


def boot_lists() -> list[Example]:
    """Boots with and without a time fix."""
    earlier = boots.BootState(BOOT, 4, 900, 900, TimeFix(BOOT, 5_000, START_MS, "phone", 60_000))
    told = {
        "one boot without a clock": [boots.BootState(BOOT, 1, 0, 0)],
        "two boots, one dated": [earlier, boots.BootState(DEVICE, LIMIT, 1, LIMIT)],
    }
    pairs = [(name, boots.encode_boots(states)) for name, states in told.items()]
    return [Example(name, octets, plain(boots.decode_boots(octets))) for name, octets in pairs]


def _time_request() -> bytes:
    return request.encode_time_request(request.TimeRequest(NONCE, BOOT, 123_456))


def requests() -> list[Example]:
    """The one time request."""
    octets = _time_request()
    return [Example("a time request", octets, plain(request.decode_time_request(octets)))]


def downs() -> list[Example]:
    """Messages with no section, with one of each kind, and with a kind that is not known."""
    every = (
        down.ReadingsAck(100, ((102, 3), (200, 1)), ((300, 60),)),
        down.LedgerAck(LOG, 9, "5a" * 32, 900, 100, -50, 1, 8, 10, (3, 5), fork=True),
        down.LedgerAck(LOG, 0, NO_HASH, 0, 0, 0),
        down.TimeAnswer(NONCE, BOOT, 123_456, START_MS),
        down.SchemasWanted((hexadecimal("schema", 16),)),
        down.Keys(INGEST_KEY.public_hex, INGEST_NEXT.public_hex),
        down.Pace(4, 250),
        down.Live(120, 1_000),
    )
    none = down.DownMessage(down.Purpose.ACKNOWLEDGEMENT, SITE, DEVICE, down.NO_STREAM, 0, 0, ())
    full = down.DownMessage(down.Purpose.SETTINGS, SITE, DEVICE, STREAM, START_MS // 1000, LIMIT, every)
    sign = partial(INGEST_KEY.sign_bytes, DOWN_PREFIX)
    empty = down.encode_down(none, sign, INGEST_KEY.key_id)
    later = empty[:-73] + bytes.fromhex("02c80361626306020100")
    told = {
        "no section": empty,
        "every section": down.encode_down(full, sign, INGEST_KEY.key_id),
        "a kind that is not known is passed over": later + bytes.fromhex(INGEST_KEY.key_id) + sign(later),
    }
    return [Example(name, octets, describe_down(octets)) for name, octets in told.items()]


FILES = {
    "frames": frames,
    "schemas": schemas,
    "blocks": blocks,
    "ledger": ledger,
    "boots": boot_lists,
    "requests": requests,
    "down": downs,
}
