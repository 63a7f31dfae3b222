"""Recorded bytes of a Modbus bus to rows: each request with its reply, named by a profile. Knows no framing."""

from __future__ import annotations

from edge_agent.drivers.modbus_profile import Profile
from edge_agent.transports.hex_text import HexText
from edge_agent.transports.modbus_frames import DEVICE_ID, EXCEPTIONS, READS, Answer, Refused
from edge_agent.transports.modbus_listener import Exchange, ModbusListener
from kiosk.metric import CATALOGUE

_OBJECTS = {0: "maker", 1: "model", 2: "version"}
"""The basic objects of a device identification; others are shown by their number."""


class ModbusDecoder:
    """Bytes of both directions, as a listener on the bus hears them, or the same as a text of hexadecimal pairs."""

    def __init__(self, profile: Profile) -> None:
        self.good = self.bad = self.hex = 0
        self._profile = profile
        self._listener = ModbusListener()
        self._text = HexText()

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
        words = {(request.function, request.start + offset): word for offset, word in enumerate(exchange.outcome.words)}
        return row | self._values(words)

    def _values(self, words: dict[tuple[int, int], int]) -> dict[str, object]:
        """What the profile names, in units; other words by their address."""
        row: dict[str, object] = {}
        doubted = []
        named: set[tuple[int, int]] = set()
        for each in (*self._profile.registers, *self._profile.shown):
            number = each.number(words)
            if number is None:
                continue
            named |= {(each.function, each.address + offset) for offset in range(each.form.words)}
            row[each.name] = number * each.times / each.per if each.per > 1 else number * each.times
            value = each.value(words) if each.name in CATALOGUE else None
            if value is not None and not CATALOGUE[each.name].plausible(value):
                doubted.append(each.name)
        for text in self._profile.texts:
            places = [(text.function, text.address + offset) for offset in range(text.words)]
            if all(place in words for place in places):
                named |= set(places)
                row[text.name] = text.text(tuple(words[place] for place in places))
        row |= {
            f"0x{address:04X}": word for (function, address), word in words.items() if (function, address) not in named
        }
        return row | ({"implausible": doubted} if doubted else {})

    def _objects(self, answer: Answer) -> dict[str, object]:
        row: dict[str, object] = {_OBJECTS.get(name, f"object_{name}"): said for name, said in answer.objects.items()}
        serial = self._profile.identity.serial(answer) if self._profile.identity is not None else ""
        return row | ({"serial_number": serial} if serial else {})
