"""Recorded bytes of a Modbus bus to rows: each request with its reply, named by a profile. Knows no framing."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from edge_agent.drivers.modbus_profile import Profile, Register, Text
from edge_agent.transports.hex_text import HexText
from edge_agent.transports.modbus_frames import DEVICE_ID, EXCEPTIONS, READS, Answer, Refused
from edge_agent.transports.modbus_listener import Exchange, ModbusListener
from kiosk.metric import CATALOGUE, Metric

PLANS_MAX = 256
"""Different blocks remembered; a bus has some ten."""

_OBJECTS = {0: "maker", 1: "model", 2: "version"}
"""The basic objects of a device identification; others are shown by their number."""


class _Plan(NamedTuple):
    """Where in a block's words each thing stands."""

    registers: list[tuple[Register, slice, Metric | None]]
    texts: list[tuple[Text, slice]]
    others: list[tuple[str, int]]


class ModbusDecoder:
    """Bytes of both directions, as a listener on the bus hears them, or the same as a text of hexadecimal pairs."""

    def __init__(self, profile: Profile) -> None:
        self.good = self.bad = self.hex = 0
        self._profile = profile
        self._listener = ModbusListener()
        self._text = HexText()
        self._plan = lru_cache(maxsize=PLANS_MAX)(self._make_plan)

    def feed(self, raw: bytes) -> list[dict[str, object]]:
        found = self._listener.feed(self._text.feed(raw))
        self.good, self.bad = self._listener.good, self._listener.bad
        return [self._row(each) for each in found]

    def _row(self, exchange: Exchange) -> dict[str, object]:
        request = exchange.request
        row: dict[str, object] = {"slave": request.slave, "function": request.function}
        if request.function != DEVICE_ID:
            row |= {"address": f"0x{request.start:04X}", "count": request.count}
        if isinstance(exchange.outcome, Refused):
            code = exchange.outcome.code
            return row | {"exception": code, "means": EXCEPTIONS.get(code, "unknown")}
        if request.function == DEVICE_ID:
            return row | self._objects(exchange.outcome)
        if request.function not in READS:
            return row | {"written": True}
        return row | self._values(exchange.outcome.words, self._plan(request.function, request.start, request.count))

    def _make_plan(self, function: int, start: int, count: int) -> _Plan:
        """What the profile names in a block; a device is asked for the same few blocks over and over."""
        named: set[int] = set()
        registers = []
        for register in (*self._profile.registers, *self._profile.shown):
            place = slice(register.address - start, register.address - start + register.form.words)
            if register.function == function and place.start >= 0 and place.stop <= count:
                registers.append((register, place, CATALOGUE.get(register.name)))
                named.update(range(place.start, place.stop))
        texts = []
        for text in self._profile.texts:
            place = slice(text.address - start, text.address - start + text.words)
            if text.function == function and place.start >= 0 and place.stop <= count:
                texts.append((text, place))
                named.update(range(place.start, place.stop))
        others = [(f"0x{start + offset:04X}", offset) for offset in range(count) if offset not in named]
        return _Plan(registers, texts, others)

    def _values(self, words: tuple[int, ...], plan: _Plan) -> dict[str, object]:
        """What the profile names, in units; other words by their address."""
        row: dict[str, object] = {}
        doubted = []
        for register, place, metric in plan.registers:
            number = register.form.number(words[place])
            if number is None:
                continue
            row[register.name] = number * register.times / register.per if register.per > 1 else number * register.times
            if metric is not None and not metric.plausible(register.scaled(number)):
                doubted.append(register.name)
        for text, place in plan.texts:
            row[text.name] = text.text(words[place])
        for label, offset in plan.others:
            row[label] = words[offset]
        return row | ({"implausible": doubted} if doubted else {})

    def _objects(self, answer: Answer) -> dict[str, object]:
        row: dict[str, object] = {_OBJECTS.get(name, f"object_{name}"): said for name, said in answer.objects.items()}
        serial = self._profile.identity.serial(answer) if self._profile.identity is not None else ""
        return row | ({"serial_number": serial} if serial else {})
