"""Columns of integers through the range coder (docs/wire.md section 4, coding 3). Knows no row and no metric.

A difference is expected by the column's own difference before it and by the other columns' in the same row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from kiosk.errors import WireError
from kiosk.wire.priors import CLASS, FIRST, FIRST_SIGN, HEAD, MAP, PRESENCE, SEEN_BEFORE, STEPS
from kiosk.wire.range_coder import RangeReader, RangeWriter

CELLS_MAX = 32_768
"""Rows times columns: a reader's time is bounded by it, because coded bytes may stand for any number of bits."""
LENGTHS_MAX = 262_144
"""Sum of the lengths of all differences of a block, for the same reason."""
GRID_MS = 60_000
"""The time column's first difference is expected to be this, every further one to be the one before."""

_VALUE_BITS, _STEP_BITS = 61, 62
_LEVELS = 12
"""Lengths from 11 on share a context."""
_SIGNS, _LENGTHS, _TOPS = 18, 27, 39
"""Where these contexts of a column begin; those of "is not 0" begin at 0."""
_CLASS_BOUNDS = ((1, 7), (2, 3), (2, 1), (6, 1), (20, 1), (100, 1))
"""Classes 1 to 6 take differences whose mean size is below these fractions, 7 all others."""

Column = Sequence[int | None]


class _Model:
    """What reader and writer both know of the columns before."""

    __slots__ = ("busy", "class_before", "lengths", "seen", "steps_before", "zeros")

    def __init__(self, rows: int) -> None:
        self.zeros, self.seen = list(HEAD), [SEEN_BEFORE] * len(HEAD)
        self.class_before = 0
        self.steps_before = [0] * rows
        """The column before: its difference in each row, 0 where it has none."""
        self.busy = [0] * rows
        """How many columns before have a difference that is not 0, in each row."""
        self.lengths = 0

    def longer(self, length: int) -> None:
        """Count a length that was read against the bound of all."""
        self.lengths += length
        if self.lengths > LENGTHS_MAX:
            raise WireError(f"the differences are longer than {LENGTHS_MAX} bits together")

    def changes_at(self, own: int, row: int) -> int:
        """The context of "is not 0": own difference before (0, size 1, more), columns before, the one before."""
        return own * 6 + min(self.busy[row], 2) * 2 + (self.steps_before[row] != 0)

    def sign_at(self, own_sign: int, row: int) -> int:
        """The context of the sign: own difference before and that of the column before (0 none, 1 +, 2 -)."""
        return _SIGNS + own_sign * 3 + _sign_of(self.steps_before[row])


def _sign_of(step: int) -> int:
    return 0 if not step else 1 if step > 0 else 2


def _check_cells(rows: int, columns: int) -> None:
    if rows * columns > CELLS_MAX:
        raise WireError(f"{rows} rows of {columns} columns are more than {CELLS_MAX} values for this coding")


def fits(columns: Sequence[Column]) -> bool:
    """Whether this coding can hold the columns: a time column first, and not too much in all."""
    times = [time for time in columns[0] if time is not None]
    rising = len(times) == len(columns[0]) and times[0] >= 0 and times == sorted(times)
    if not rising or len(times) * len(columns) > CELLS_MAX:
        return False
    return sum(_lengths(column, not position) for position, column in enumerate(columns)) <= LENGTHS_MAX


def _steps_of(values: Sequence[int], is_time: bool) -> list[int]:
    steps = [after - before for before, after in pairwise(values)]
    return [step - before for before, step in pairwise([GRID_MS, *steps])] if is_time else steps


def _lengths(column: Column, is_time: bool) -> int:
    steps = _steps_of([value for value in column if value is not None], is_time)
    return sum([step.bit_length() - 1 for step in steps if step])


def _class_of(steps: Sequence[int]) -> int:
    total = sum(map(abs, steps))
    if not total:
        return 0
    for number, (above, below) in enumerate(_CLASS_BOUNDS, 1):
        if total * below < len(steps) * above:
            return number
    return len(_CLASS_BOUNDS) + 1


def write_adaptive(columns: Sequence[Column]) -> bytes:
    """The coded bytes of columns that fit and whose values are within their bounds."""
    rows = len(columns[0])
    model, coder = _Model(rows), RangeWriter()
    for position, column in enumerate(columns):
        present = [row for row, value in enumerate(column) if value is not None]
        values = [value for value in column if value is not None]
        if position:
            _write_presence(coder, model, rows, present)
        if not values:
            model.steps_before = [0] * rows
            continue
        steps = _steps_of(values, not position)
        kind = _class_of(steps)
        _write_class(coder, model, kind)
        _write_first(coder, model, values[0], 2 if not position else min(kind, 1))
        _write_steps(coder, model, kind, present[1:], steps)
    return coder.octets()


def _write_presence(coder: RangeWriter, model: _Model, rows: int, present: Sequence[int]) -> None:
    coder.bit(model.zeros, model.seen, PRESENCE, len(present) < rows)
    if len(present) == rows:
        return
    coder.bit(model.zeros, model.seen, PRESENCE + 1, not present)
    if present:
        there, before = set(present), 1
        for row in range(rows):
            coder.bit(model.zeros, model.seen, MAP + before, row in there)
            before = row in there


def _write_class(coder: RangeWriter, model: _Model, kind: int) -> None:
    base, node = CLASS + 7 * min(model.class_before, 1), 1
    for shift in (2, 1, 0):
        value = kind >> shift & 1
        coder.bit(model.zeros, model.seen, base + node - 1, value)
        node = node * 2 + value
    model.class_before = kind


def _write_first(coder: RangeWriter, model: _Model, first: int, group: int) -> None:
    size = abs(first)
    length, base = size.bit_length(), FIRST + _VALUE_BITS * group
    for number in range(length):
        coder.bit(model.zeros, model.seen, base + number, 1)
    if length < _VALUE_BITS:
        coder.bit(model.zeros, model.seen, base + length, 0)
    if length:
        coder.even(size - (1 << length - 1), length - 1)
        if group < 2:
            coder.bit(model.zeros, model.seen, FIRST_SIGN, first < 0)


def _write_steps(coder: RangeWriter, model: _Model, kind: int, present: Sequence[int], steps: Sequence[int]) -> None:
    before = model.steps_before
    after = [0] * len(before)
    if kind:
        bit, zeros = coder.bit, list(STEPS[kind - 1])
        seen = [SEEN_BEFORE] * len(zeros)
        own = own_sign = 0
        for row, step in zip(present, steps, strict=True):
            bit(zeros, seen, model.changes_at(own, row), step != 0)
            if step:
                bit(zeros, seen, model.sign_at(own_sign, row), step < 0)
                _write_size(coder, zeros, seen, abs(step))
                model.busy[row] += 1
                after[row] = step
            own, own_sign = min(abs(step), 2), _sign_of(step)
    model.steps_before = after


def _write_size(coder: RangeWriter, zeros: list[int], seen: list[int], size: int) -> None:
    length = size.bit_length() - 1
    for number in range(length):
        coder.bit(zeros, seen, _LENGTHS + min(number, _LEVELS - 1), 1)
    if length < _STEP_BITS:
        coder.bit(zeros, seen, _LENGTHS + min(length, _LEVELS - 1), 0)
    if length:
        coder.bit(zeros, seen, _TOPS + min(length, _LEVELS) - 1, size >> length - 1 & 1)
        coder.even(size & (1 << length - 1) - 1, length - 1)


def read_adaptive(octets: bytes, rows: int, columns: int) -> list[list[int | None]]:
    """The columns again; that values lie within their bounds is left to be checked."""
    _check_cells(rows, columns)
    model, coder = _Model(rows), RangeReader(octets)
    told: list[list[int | None]] = []
    for position in range(columns):
        present = _read_presence(coder, model, rows) if position else range(rows)
        if not present:
            model.steps_before = [0] * rows
            told.append([None] * rows)
            continue
        kind = _read_class(coder, model)
        first = _read_first(coder, model, 2 if not position else min(kind, 1))
        steps = _read_steps(coder, model, kind, present[1:])
        if not position:
            steps = list(accumulate(steps, initial=GRID_MS))[1:]
        values: list[int | None] = list(accumulate(steps, initial=first))
        if len(values) < rows:
            spread: list[int | None] = [None] * rows
            for row, value in zip(present, values, strict=True):
                spread[row] = value
            values = spread
        told.append(values)
    coder.end()
    return told


def _read_presence(coder: RangeReader, model: _Model, rows: int) -> Sequence[int]:
    if not coder.bit(model.zeros, model.seen, PRESENCE):
        return range(rows)
    if coder.bit(model.zeros, model.seen, PRESENCE + 1):
        return ()
    present, before = [], 1
    for row in range(rows):
        before = coder.bit(model.zeros, model.seen, MAP + before)
        if before:
            present.append(row)
    if not 0 < len(present) < rows:
        raise WireError("a presence map marks all rows, or none")
    return present


def _read_class(coder: RangeReader, model: _Model) -> int:
    base, node = CLASS + 7 * min(model.class_before, 1), 1
    for _ in range(3):
        node = node * 2 + coder.bit(model.zeros, model.seen, base + node - 1)
    model.class_before = node - 8
    return model.class_before


def _read_first(coder: RangeReader, model: _Model, group: int) -> int:
    length, base = 0, FIRST + _VALUE_BITS * group
    while length < _VALUE_BITS and coder.bit(model.zeros, model.seen, base + length):
        length += 1
    if not length:
        return 0
    size = 1 << length - 1 | coder.even(length - 1)
    return -size if group < 2 and coder.bit(model.zeros, model.seen, FIRST_SIGN) else size


def _read_steps(coder: RangeReader, model: _Model, kind: int, present: Sequence[int]) -> list[int]:
    before = model.steps_before
    after = [0] * len(before)
    steps = [0] * len(present)
    if kind:
        bit, zeros = coder.bit, list(STEPS[kind - 1])
        seen = [SEEN_BEFORE] * len(zeros)
        own = own_sign = 0
        for number, row in enumerate(present):
            if not bit(zeros, seen, model.changes_at(own, row)):
                own = own_sign = 0
                continue
            own_sign = 1 + bit(zeros, seen, model.sign_at(own_sign, row))
            size = _read_size(coder, model, zeros, seen)
            own = min(size, 2)
            model.busy[row] += 1
            steps[number] = after[row] = size if own_sign == 1 else -size
    model.steps_before = after
    return steps


def _read_size(coder: RangeReader, model: _Model, zeros: list[int], seen: list[int]) -> int:
    length = 0
    while length < _STEP_BITS and coder.bit(zeros, seen, _LENGTHS + min(length, _LEVELS - 1)):
        length += 1
    if not length:
        return 1
    model.longer(length)
    top = coder.bit(zeros, seen, _TOPS + min(length, _LEVELS) - 1)
    return 1 << length | top << length - 1 | coder.even(length - 1)
