"""A second reader of frames, blocks and ledger sections, from docs/wire.md alone: no kiosk, believes its input."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Any

from tests.kiosk.wire.adaptive_decoder import Adaptive
from tests.kiosk.wire.table_decoder import read_table

SOURCES = ["none", "saved", "typed", "phone", "modem", "server", "rtc", "gnss", "ntp"]


class Input:
    """Bytes from the front."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.at = 0

    def bytes(self, count: int) -> bytes:
        piece = self.octets[self.at : self.at + count]
        assert len(piece) == count
        self.at += count
        return piece

    def hex(self, count: int) -> str:
        return self.bytes(count).hex()

    def unsigned(self, count: int) -> int:
        return int.from_bytes(self.bytes(count), "big")

    def varint(self) -> int:
        octet = self.unsigned(1)
        return octet if octet < 128 else octet - 128 + 128 * self.varint()

    def zigzag(self) -> int:
        number = self.varint()
        return -(number + 1) // 2 if number % 2 else number // 2

    def text(self) -> str:
        return self.bytes(self.varint()).decode()

    def done(self) -> bool:
        return self.at == len(self.octets)


def read_frame(octets: bytes) -> dict[str, Any]:
    """Header and sections in the form of the golden vectors."""
    frame = Input(octets)
    assert frame.unsigned(1) == 1
    header = Input(frame.bytes(frame.unsigned(2)))
    covered = octets[: frame.at]
    assert frame.unsigned(4) == zlib.crc32(covered)
    told: dict[str, Any] = {"site": header.text()}
    told |= {"device": header.hex(8), "stream": header.hex(16), "boot": header.hex(8)}
    told |= {name: header.varint() for name in ("boot_number", "counter", "mono_ms")}
    told["clock"] = {
        "source": SOURCES[header.unsigned(1)],
        "utc_ms": header.varint(),
        "uncertainty_ms": header.varint(),
    }
    numbers = ("lowest_kept", "head", "rows_waiting", "oldest_age_s", "rows_dropped", "cadence_s")
    told |= {name: header.varint() for name in numbers}
    told["ledger"] = None
    if header.unsigned(1):
        head: dict[str, Any] = {"log": header.hex(16), "seq": header.varint(), "hash": header.hex(32)}
        head |= {"currency": header.bytes(3).decode(), "sum_in": header.varint(), "sum_out": header.varint()}
        told["ledger"] = head | {"box": header.zigzag()}
    table = [(header.unsigned(1), header.varint(), header.unsigned(4)) for _ in range(header.varint())]
    assert header.done()
    sections = []
    for kind, length, crc in table:
        body = frame.bytes(length)
        sections.append({"kind": kind, "body": body.hex(), "intact": zlib.crc32(body) == crc})
    assert frame.done()
    return {"header": told, "sections": sections}


def _present(source: Input, count: int) -> list[bool]:
    presence = source.unsigned(1)
    if presence < 2:
        return [presence == 0] * count
    octets = source.bytes((count + 7) // 8)
    return [bool(octets[row // 8] >> row % 8 & 1) for row in range(count)]


def _rice(source: Input, count: int) -> list[int]:
    k = source.unsigned(1)
    if k == 255:
        return [0] * count
    taken = ""

    def bits(wanted: int) -> str:
        nonlocal taken
        while len(taken) < wanted:
            taken += f"{source.unsigned(1):08b}"
        piece, taken = taken[:wanted], taken[wanted:]
        return piece

    numbers = []
    for _ in range(count):
        ones = 0
        while ones < 32 and bits(1) == "1":
            ones += 1
        mapped = int(bits(64), 2) if ones == 32 else (ones << k) + int("0" + bits(k), 2)
        numbers.append(-(mapped + 1) // 2 if mapped % 2 else mapped // 2)
    assert set(taken) <= {"0"}
    return numbers


def _column(source: Input, count: int, coding: int) -> list[int | None]:
    present = _present(source, count)
    following = sum(present) - 1
    if following < 0:
        return [None] * count
    value = source.zigzag()
    steps = _rice(source, following) if coding == 2 else [source.zigzag() for _ in range(following)]
    values = [value]
    for step in steps:
        values.append(values[-1] + step)
    return [values.pop(0) if there else None for there in present]


def read_block(octets: bytes, positions: int) -> dict[str, Any]:
    """A block in the form of the golden vectors."""
    block = Input(octets)
    first, count = block.varint(), block.varint()
    told: dict[str, Any] = {"first": first, "boot": block.hex(8), "boot_number": block.varint()}
    told |= {"schema_hash": block.hex(8)}
    coding = block.unsigned(1)
    source = block
    if coding == 1:
        length = block.varint()
        plain = zlib.decompress(block.bytes(block.varint()), -15)
        assert len(plain) == length
        source = Input(plain)
    if coding == 3:
        columns = Adaptive(block.bytes(block.varint())).columns(count, positions + 1)
    else:
        columns = [_column(source, count, coding) for _ in range(positions + 1)]
    assert coding != 1 or source.done()
    flags: list[list[dict[str, int]]] = [[] for _ in range(count)]
    for _ in range(block.varint()):
        offset, position, code = block.varint(), block.varint(), block.unsigned(1)
        flags[offset].append({"position": position, "code": code, "raw": block.zigzag()})
    assert block.done()
    rows = [
        {"number": first + row, "mono_ms": time, "values": [column[row] for column in columns[1:]], "flags": flags[row]}
        for row, time in enumerate(columns[0])
    ]
    return told | {"rows": rows, "positions": positions, "coding": coding}


def read_ledger(octets: bytes) -> dict[str, Any]:
    """A ledger section in the form of the golden vectors."""
    section = Input(octets)
    log, key_id, first, count = section.hex(16), section.hex(8), section.varint(), section.varint()
    coding = section.unsigned(1)
    length = section.varint() if coding == 1 else None
    signatures = [section.hex(64) for _ in range(count)]
    rest = section.bytes(len(octets) - section.at)
    plain = Input(rest if length is None else zlib.decompress(rest, -15))
    assert length in (None, len(plain.octets))
    payloads = read_table(plain, count, log, first, _following) if coding == 3 else []
    while len(payloads) < count:
        form, sent = plain.unsigned(1), plain.bytes(plain.varint())
        payloads.append(_following(sent, payloads[-1]) if form else sent)
    assert plain.done()
    pairs = zip(payloads, signatures, strict=True)
    records = [{"payload": payload.hex(), "signature": sign, "key_id": key_id} for payload, sign in pairs]
    return {"log": log, "first_seq": first, "records": records}


def _following(short: bytes, before: bytes) -> bytes:
    last, own = json.loads(before), json.loads(short)
    own |= {name: last[name] for name in ("site", "dev", "log", "cur")} | {"v": 1, "seq": last["seq"] + 1}
    own["prev"] = hashlib.sha256(b"\0" + before).hexdigest()
    own["sum_in"] = last["sum_in"] + max(own["amt"], 0)
    own["sum_out"] = last["sum_out"] + max(-own["amt"], 0)
    own["box"] = last["box"] + own["cash"]
    return json.dumps(own, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
