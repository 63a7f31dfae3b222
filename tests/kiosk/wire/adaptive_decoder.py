"""A second reader of coding 3, from docs/wire.md alone, tables included: no kiosk, believes its input."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "wire.md"
NAMES = "presence map|class|first [012]|first sign|changes [1-7]|signs|lengths [1-7]"

Context = list[int]
"""Probability of a 0 in 65,536ths, and bits seen."""


def tables() -> dict[str, bytes]:
    """By name, as the page prints them."""
    found = re.findall(rf"^    ({NAMES}) +([0-9a-f]+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: bytes.fromhex(table) for name, table in found}


def _contexts(table: bytes) -> list[Context]:
    return [[(2 * octet + 1) * 128, 3] for octet in table]


class Adaptive:
    """The coded bytes as one long fraction, narrowed step by step with the zeros behind them in reach."""

    def __init__(self, octets: bytes) -> None:
        self.tables = tables()
        self.head = {
            name: _contexts(self.tables[name].ljust(61, b"\x80") if name[:-1] == "first " else self.tables[name])
            for name in ("presence map", "class", "first 0", "first 1", "first 2", "first sign")
        }
        self.coming = list(octets)
        self.code = 0
        self.range = 2**32 - 1
        for _ in range(4):
            self.code = self.code * 256 + self.octet()

    def octet(self) -> int:
        return self.coming.pop(0) if self.coming else 0

    def renew(self) -> None:
        while self.range < 2**24:
            self.range, self.code = self.range * 256, self.code * 256 + self.octet()

    def bit(self, context: Context) -> int:
        zero, seen = context
        rate = Fraction(655360 // (10 * seen + 16), 65536)
        split = self.range // 65536 * zero
        bit = int(self.code >= split)
        if bit:
            self.code, self.range = self.code - split, self.range - split
            context[0] -= int(zero * rate)
        else:
            self.range = split
            context[0] += int((65536 - zero) * rate)
        context[1] = min(seen + 1, 80)
        self.renew()
        return bit

    def even(self, bits: int) -> int:
        if bits > 16:
            high = self.even(16)
            return high * (1 << bits - 16) + self.even(bits - 16)
        self.range //= 2**bits
        number, self.code = divmod(self.code, self.range)
        self.renew()
        return number

    def ones(self, contexts: list[Context], most: int) -> int:
        """How many ones stand before a zero; the last context serves all further bits."""
        count = 0
        while count < most and self.bit(contexts[min(count, len(contexts) - 1)]):
            count += 1
        return count

    def columns(self, rows: int, columns: int) -> list[list[int | None]]:
        told: list[list[int | None]] = []
        differences: list[dict[int, int]] = []
        class_before = 0
        for position in range(columns):
            there = [True] * rows if position == 0 else self.presence(rows)
            differences.append({})
            if not any(there):
                told.append([None] * rows)
                continue
            contexts, number = self.head["class"][7 * (class_before > 0) :], 1
            for _ in range(3):
                number = 2 * number + self.bit(contexts[number - 1])
            class_before = number - 8
            value = self.first(2 if position == 0 else int(class_before > 0))
            present = [row for row in range(rows) if there[row]]
            if class_before:
                self.differences(class_before, present[1:], differences)
            column: list[int | None] = [None] * rows
            column[present[0]] = value
            step = 60_000
            for row in present[1:]:
                change = differences[-1].get(row, 0)
                step = step + change if position == 0 else change
                value += step
                column[row] = value
            told.append(column)
        assert not self.coming
        return told

    def presence(self, rows: int) -> list[bool]:
        contexts = self.head["presence map"]
        if not self.bit(contexts[0]):
            return [True] * rows
        if self.bit(contexts[1]):
            return [False] * rows
        there = [True]
        for _ in range(rows):
            there.append(bool(self.bit(contexts[2 + there[-1]])))
        return there[1:]

    def first(self, group: int) -> int:
        length = self.ones(self.head[f"first {group}"], 61)
        if not length:
            return 0
        size = (1 << length - 1) + self.even(length - 1)
        return -size if group < 2 and self.bit(self.head["first sign"][0]) else size

    def differences(self, number: int, rows: list[int], told: list[dict[int, int]]) -> None:
        """Those that are not 0, by row, into the last of `told`."""
        changes, lengths = _contexts(self.tables[f"changes {number}"]), _contexts(self.tables[f"lengths {number}"])
        signs, tops = _contexts(self.tables["signs"]), _contexts(b"\x80" * 12)
        *earlier, own = told
        before = 0
        for row in rows:
            busy = sum(row in column for column in earlier)
            beside = earlier[-1].get(row, 0) if earlier else 0
            if not self.bit(changes[6 * min(abs(before), 2) + 2 * min(busy, 2) + (beside != 0)]):
                before = 0
                continue
            negative = self.bit(signs[3 * _sign(before) + _sign(beside)])
            length = self.ones(lengths, 62)
            size = 1
            if length:
                size = (2 + self.bit(tops[min(length, 12) - 1])) * (1 << length - 1) + self.even(length - 1)
            before = own[row] = -size if negative else size


def _sign(difference: int) -> int:
    return (difference > 0) + 2 * (difference < 0)
