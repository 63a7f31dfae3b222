"""Modbus RTU frames: requests, and what among received bytes answers them. Knows no line, no clock and no device.

From "MODBUS Application Protocol Specification" V1.1b3 and "MODBUS over Serial Line" V1.02. A reply carries no number:
all it shows of its request is slave, function and length, so nothing else is believed to belong together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_agent.transports.crc import crc16

COILS, DISCRETE_INPUTS, HOLDING_REGISTERS, INPUT_REGISTERS = READS = (1, 2, 3, 4)
WRITE_COIL, WRITE_REGISTER, WRITE_REGISTERS = 5, 6, 16
DEVICE_ID = 0x2B
"""Encapsulated interface, type 0x0E: maker, model and, where the device tells it, serial number; read only."""
MEI_DEVICE_ID = 0x0E

REFUSAL = 0x80
"""Set in the function of a reply that refuses."""
EXCEPTIONS = {
    1: "no such function",
    2: "no such register",
    3: "no such value or count",
    4: "device failure",
    5: "accepted, still working",
    6: "busy",
    8: "memory parity error",
}
BUSY = frozenset({5, 6})
"""Asking again later may help."""
FRAME_MAX = 256
REGISTERS_MAX, BITS_MAX, WRITTEN_MAX = 125, 2000, 123
SLAVE_MAX = 247


@dataclass(frozen=True, slots=True)
class Request:
    """One question to one slave."""

    slave: int
    function: int
    start: int
    """Address of the first register or bit; the first object for DEVICE_ID."""
    count: int
    """Registers or bits; 0 for DEVICE_ID."""
    raw: bytes
    """The whole frame."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """All that a reply shows of its request: two requests of one shape cannot be told apart by their replies."""
        return self.slave, self.function, self.count


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply whose CRC was right."""

    words: tuple[int, ...] = ()
    """Registers 0 to 65,535, or bits 0 and 1; empty for writes."""
    objects: Mapping[int, str] = field(default_factory=dict)
    """DEVICE_ID: object number -> text."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An exception reply whose CRC was right."""

    code: int
    """A key of EXCEPTIONS."""


def read_request(slave: int, function: int, start: int, count: int) -> Request:
    """Functions 1 to 4. Raises ValueError for what no slave can answer."""
    most = BITS_MAX if function in (COILS, DISCRETE_INPUTS) else REGISTERS_MAX
    if function not in READS or not 1 <= count <= most or not 0 <= start <= 0x10000 - count:
        raise ValueError(f"function {function} reads 1 to {most} from 0 to 65535, not {count} from {start}")
    return _request(slave, function, start, count, count.to_bytes(2, "big"))


def write_request(slave: int, function: int, start: int, values: tuple[int, ...]) -> Request:
    """Functions 5 (0 or 1), 6 and 16. Raises ValueError for what no slave can take."""
    top = 1 if function == WRITE_COIL else 0xFFFF
    if not values or not all(0 <= value <= top for value in values) or not 0 <= start <= 0x10000 - len(values):
        raise ValueError(f"function {function} writes values of 0 to {top} from 0 to 65535, not {values} to {start}")
    if function == WRITE_REGISTERS and len(values) <= WRITTEN_MAX:
        words = b"".join(value.to_bytes(2, "big") for value in values)
        body = len(values).to_bytes(2, "big") + bytes((len(words),)) + words
    elif function in (WRITE_COIL, WRITE_REGISTER) and len(values) == 1:
        body = (values[0] * 0xFF00 if function == WRITE_COIL else values[0]).to_bytes(2, "big")
    else:
        raise ValueError(f"function {function} does not write {len(values)} values")
    return _request(slave, function, start, len(values), body)


def device_id_request(slave: int, category: int, first_object: int = 0) -> Request:
    """Who are you: category 1 basic, 2 regular, 3 extended."""
    raw = bytes((_slave(slave), DEVICE_ID, MEI_DEVICE_ID, category, first_object))
    return Request(slave, DEVICE_ID, first_object, 0, with_crc(raw))


def _request(slave: int, function: int, start: int, count: int, body: bytes) -> Request:
    raw = with_crc(bytes((_slave(slave), function)) + start.to_bytes(2, "big") + body)
    return Request(slave, function, start, count, raw)


def _slave(slave: int) -> int:
    if not 1 <= slave <= SLAVE_MAX:
        raise ValueError(f"a slave's address is 1 to {SLAVE_MAX}, not {slave}")
    return slave


def with_crc(body: bytes) -> bytes:
    """The frame: low byte of the CRC first."""
    return body + crc16(body).to_bytes(2, "little")


def sound(frame: bytes) -> bool:
    """Whether its CRC is right."""
    return len(frame) > 3 and crc16(frame[:-2]) == int.from_bytes(frame[-2:], "little")


def answer_in(request: Request, raw: bytes, echoed: bool) -> Answer | Refused | None:
    """The first sound frame of `raw` that answers; other slaves' frames and noise around it do not matter.

    `echoed`: the line gives back what is written, so that the first copy of a write is not yet its confirmation.
    """
    head = bytes((request.slave,))
    start = 0
    if echoed and request.function in (WRITE_COIL, WRITE_REGISTER):
        copy = raw.find(request.raw)
        start = len(raw) if copy < 0 else copy + len(request.raw)
    at = raw.find(head, start)
    while at >= 0:
        found = answer_at(request, raw, at)
        if found is not None:
            return found[0]
        at = raw.find(head, at + 1)
    return None


def answer_at(request: Request, raw: bytes, at: int) -> tuple[Answer | Refused, int] | None:
    """The answer that begins exactly here, with its length; None if none does, or not all of it is there."""
    if len(raw) < at + 5 or raw[at] != request.slave:
        return None
    function = raw[at + 1]
    if function == request.function | REFUSAL:
        frame = raw[at : at + 5]
        return (Refused(frame[2]), 5) if sound(frame) else None
    if function != request.function:
        return None
    if function == DEVICE_ID:
        return _objects_at(raw, at)
    length = reply_length(request)
    frame = raw[at : at + length]
    if len(frame) < length or not _belongs(request, frame) or not sound(frame):
        return None
    return Answer(_words(request, frame)), length


def reply_length(request: Request) -> int:
    """Bytes of the reply to a request of functions 1 to 16."""
    return 5 + _content(request) if request.function in READS else 8


def _content(request: Request) -> int:
    return (request.count + 7) // 8 if request.function in (COILS, DISCRETE_INPUTS) else request.count * 2


def _belongs(request: Request, frame: bytes) -> bool:
    if request.function in READS:
        return frame[2] == _content(request)
    if request.function == WRITE_REGISTERS:
        return frame[:6] == request.raw[:6]
    return frame == request.raw


def _words(request: Request, frame: bytes) -> tuple[int, ...]:
    content = frame[3:-2]
    if request.function in (HOLDING_REGISTERS, INPUT_REGISTERS):
        return tuple(int.from_bytes(content[at : at + 2], "big") for at in range(0, len(content), 2))
    if request.function in (COILS, DISCRETE_INPUTS):
        return tuple(content[bit // 8] >> bit % 8 & 1 for bit in range(request.count))
    return ()


def _objects_at(raw: bytes, at: int) -> tuple[Answer, int] | None:
    """Slave, function, type, category, conformity, more, next, number of objects; each object: id, length, text."""
    if len(raw) < at + 10 or raw[at + 2] != MEI_DEVICE_ID:
        return None
    objects: dict[int, str] = {}
    end = at + 8
    for _object in range(raw[at + 7]):
        if len(raw) < end + 2 or end - at > FRAME_MAX:
            return None
        name, length = raw[end], raw[end + 1]
        objects[name] = raw[end + 2 : end + 2 + length].decode("ascii", "replace")
        end += 2 + length
    length = end + 2 - at
    frame = raw[at : at + length]
    return (Answer(objects=objects), length) if len(frame) == length and sound(frame) else None


def asked_by_another(request: Request, raw: bytes) -> bool:
    """Whether another master asked the same slave by the same function meanwhile: whose reply is it then?"""
    head = request.raw[:2]
    at = raw.find(head)
    while at >= 0:
        frame = raw[at : at + 8]
        if len(frame) == 8 and frame != request.raw and sound(frame) and request.function in READS:
            return True
        at = raw.find(head, at + 1)
    return False
