"""Slaves on a Modbus RTU bus: requests in, replies or silence out, with the faults of real buses; knows no register.

Written from the public standard ("MODBUS Application Protocol" V1.1b3, "MODBUS over Serial Line" V1.02).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from firmware_sim.devices.board_frames import crc16_modbus

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
_BITS, _WORDS = (1, 2), (3, 4)
_WRITE_COIL, _WRITE_REGISTER, _WRITE_REGISTERS, _WHO = 5, 6, 16, 0x2B
_CONFORMITY = 0x01  # basic objects as a stream, which is what a Tracer2215BN said of itself


class Refusal(Exception):
    """Becomes an exception reply."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class Registers(Protocol):
    """What stands behind a slave; each method may raise Refusal."""

    def read(self, function: int, address: int, count: int) -> Sequence[int]:
        """Words for functions 3 and 4, bits for 1 and 2."""

    def write(self, function: int, address: int, values: Sequence[int]) -> None:
        """Functions 5, 6 and 16."""

    def identify(self, category: int) -> dict[int, str]:
        """Objects of the device identification."""


@dataclass(slots=True)
class BusFaults:
    """What is wrong with the wiring or the slave; all off by default."""

    echo: bool = False
    """The adapter hears its own sending."""
    dead: bool = False
    late_by: int = 0
    """So many further requests arrive before the reply to one is sent."""
    spoil: Callable[[bytes], bytes] = bytes
    """What becomes of a reply on its way: cut off, noise in it."""


class ModbusSlave:
    """Answers what is addressed to it and whole; to everything else it is silent, as on a real bus."""

    def __init__(self, address: int, registers: Registers, faults: BusFaults | None = None) -> None:
        self.address = address
        self.faults = faults or BusFaults()
        self.heard = self.answered = 0
        self._registers = registers
        self._held = b""
        self._late: list[bytes] = []

    def receive(self, received: bytes) -> bytes:
        """Bytes from the bus; a request may come in pieces. Returns echo and replies."""
        self._held = (self._held + received)[-512:]
        said = received if self.faults.echo else b""
        while True:
            found = _first_request(self._held)
            if found is None:
                return said
            request, self._held = found
            said += self._reply_in_time(request)

    def forget(self) -> None:
        """A pause on the bus: what has begun will never be finished."""
        self._held = b""

    def _reply_in_time(self, request: bytes) -> bytes:
        if request[0] != self.address:
            return b""
        self.heard += 1
        if self.faults.dead:
            return b""
        self._late.append(self.faults.spoil(_framed(self._reply(request))))
        if len(self._late) <= self.faults.late_by:
            return b""
        self.answered += 1
        return self._late.pop(0)

    def _reply(self, request: bytes) -> bytes:
        head = request[:2]
        try:
            return head + self._body(request[1], request[2:-2])
        except Refusal as refusal:
            return bytes((request[0], request[1] | 0x80, refusal.code))

    def _body(self, function: int, body: bytes) -> bytes:
        if function == _WHO:
            objects = self._registers.identify(body[1])
            listed = b"".join(bytes((name, len(said))) + said.encode("ascii") for name, said in objects.items())
            return body[:2] + bytes((_CONFORMITY, 0, 0, len(objects))) + listed
        address, second = struct.unpack(">HH", body[:4])
        if function in _BITS:
            return _packed(self._registers.read(function, address, second))
        if function in _WORDS:
            words = self._registers.read(function, address, second)
            return struct.pack(f">B{len(words)}H", 2 * len(words), *words)
        if function == _WRITE_REGISTERS:
            self._registers.write(function, address, struct.unpack(f">{second}H", body[5:]))
        elif function == _WRITE_COIL:
            if second not in (0x0000, 0xFF00):
                raise Refusal(ILLEGAL_VALUE)
            self._registers.write(function, address, (int(second == 0xFF00),))
        elif function == _WRITE_REGISTER:
            self._registers.write(function, address, (second,))
        else:
            raise Refusal(ILLEGAL_FUNCTION)
        return body[:4]


class RegisterMap:
    """Registers that a function computes when asked; holes between them cannot be read."""

    def __init__(self, tables: dict[int, Callable[[], dict[int, int]]], identity: dict[int, str] | None = None) -> None:
        """`tables`: function -> the words or bits by address, at this instant."""
        self._tables = tables
        self._identity = identity or {}
        self.written: list[tuple[int, int, tuple[int, ...]]] = []
        """(function, address, values) of every write."""

    def read(self, function: int, address: int, count: int) -> Sequence[int]:
        if function not in self._tables:
            raise Refusal(ILLEGAL_FUNCTION)
        table = self._tables[function]()
        if not all(address + offset in table for offset in range(count)):
            raise Refusal(ILLEGAL_ADDRESS)
        return [table[address + offset] & 0xFFFF for offset in range(count)]

    def write(self, function: int, address: int, values: Sequence[int]) -> None:
        self.written.append((function, address, tuple(values)))
        raise Refusal(ILLEGAL_ADDRESS)

    def identify(self, category: int) -> dict[int, str]:
        wanted = {name: said for name, said in self._identity.items() if (name < 3) == (category == 1)}
        if not wanted:
            raise Refusal(ILLEGAL_FUNCTION)
        return wanted


class Bus:
    """Several slaves on one pair of wires: each hears every request."""

    def __init__(self, *slaves: ModbusSlave) -> None:
        self.slaves = slaves

    def receive(self, received: bytes) -> bytes:
        return b"".join(slave.receive(received) for slave in self.slaves)


def words_32(value: int, *, low_first: bool) -> tuple[int, int]:
    """A 32-bit value, signed or not, as two registers."""
    low, high = value & 0xFFFF, value >> 16 & 0xFFFF
    return (low, high) if low_first else (high, low)


def _framed(body: bytes) -> bytes:
    return body + struct.pack("<H", crc16_modbus(body))


def _packed(bits: Sequence[int]) -> bytes:
    packed = bytearray((len(bits) + 7) // 8)
    for number, bit in enumerate(bits):
        packed[number >> 3] |= (bit & 1) << (number & 7)
    return bytes((len(packed),)) + bytes(packed)


def _first_request(held: bytes) -> tuple[bytes, bytes] | None:
    """The first whole request in these bytes and what follows it; noise before it is skipped."""
    for start in range(len(held) - 6):
        length = _request_length(held[start:])
        request = held[start : start + length]
        if length and len(request) == length and crc16_modbus(request) == 0:
            return request, held[start + length :]
    return None


def _request_length(held: bytes) -> int:
    """By the function; a request of a function that nobody here knows is 8 bytes, as most are."""
    if held[1] == _WHO:
        return 7
    return 9 + held[6] if held[1] == _WRITE_REGISTERS else 8
