"""Columns of integers through the range coder (docs/wire.md section 4, coding 3). Knows no row and no metric.

A difference is expected by the column's own difference before it and by the other columns' in the same row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

from kiosk.errors import WireError
from kiosk.wire.elements import VALUE_LIMIT, check_values
from kiosk.wire.priors import CLASS, FIRST, FIRST_SIGN, HEAD, MAP, PRESENCE, SEEN_BEFORE, STEPS
from kiosk.wire.range_coder import RangeReader, RangeWriter, context

if TYPE_CHECKING:
    from mypy_extensions import i64

CELLS_MAX: Final = 32_768
"""Rows times columns: a reader's time is bounded by it, because coded bytes may stand for any number of bits."""
LENGTHS_MAX: Final = 262_144
"""Sum of the lengths of all differences of a block, for the same reason."""
GRID_MS: Final = 60_000
"""The time column's first difference is expected to be this, every further one to be the one before."""

_VALUE_BITS: Final = 61
_STEP_BITS: Final = 62
_LEVELS: Final = 12
"""Lengths from 11 on share a context."""
_SIGNS: Final = 18
_LENGTHS: Final = 27
_TOPS: Final = 39
"""Where these contexts of a column begin; those of "is not 0" begin at 0."""
_CLASS_BOUNDS = ((1, 7), (2, 3), (2, 1), (6, 1), (20, 1), (100, 1))
"""Classes 1 to 6 take differences whose mean size is below these fractions, 7 all others."""

_HEAD_CONTEXTS: Final = [context(zero, SEEN_BEFORE) for zero in HEAD]
_STEP_CONTEXTS: Final = [[context(zero, SEEN_BEFORE) for zero in zeros] for zeros in STEPS]

Column = Sequence[int | None]


class _Model:
    """What reader and writer both know of the columns before."""

    __slots__ = ("busy", "class_before", "contexts", "lengths", "signs_before")

    class_before: i64
    lengths: i64

    def __init__(self, rows: int) -> None:
        self.contexts = _HEAD_CONTEXTS.copy()
        """Of the columns' heads."""
        self.class_before = 0
        self.signs_before = [0] * rows
        """The column before: the sign of its difference in each row (0 none, 1 +, 2 -)."""
        self.busy = [0] * rows
        """How many columns before have a difference that is not 0, in each row, counted up to 2."""
        self.lengths = 0

    def longer(self, length: i64) -> None:
        """Count a length that was read against the bound of all."""
        self.lengths += length
        if self.lengths > LENGTHS_MAX:
            raise WireError(f"the differences are longer than {LENGTHS_MAX} bits together")

    def changes_at(self, own: i64, row: i64) -> i64:
        """The context of "is not 0": own difference before (0, size 1, more), columns before, the one before."""
        return own * 6 + self.busy[row] * 2 + (self.signs_before[row] != 0)

    def sign_at(self, own_sign: i64, row: i64) -> i64:
        """The context of the sign: own difference before and that of the column before."""
        return _SIGNS + own_sign * 3 + self.signs_before[row]

    def changed(self, row: i64) -> None:
        """Count a difference that is not 0."""
        if self.busy[row] < 2:
            self.busy[row] += 1


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
            model.signs_before = [0] * rows
            continue
        steps = _steps_of(values, not position)
        kind = _class_of(steps)
        _write_class(coder, model, kind)
        _write_first(coder, model, values[0], 2 if not position else min(kind, 1))
        _write_steps(coder, model, kind, present[1:], steps)
    return coder.octets()


def _write_presence(coder: RangeWriter, model: _Model, rows: int, present: Sequence[int]) -> None:
    coder.bit(model.contexts, PRESENCE, len(present) < rows)
    if len(present) == rows:
        return
    coder.bit(model.contexts, PRESENCE + 1, not present)
    if present:
        there, before = set(present), 1
        for row in range(rows):
            coder.bit(model.contexts, MAP + before, row in there)
            before = row in there


def _write_class(coder: RangeWriter, model: _Model, kind: int) -> None:
    base, node = CLASS + 7 * min(model.class_before, 1), 1
    for shift in (2, 1, 0):
        value = kind >> shift & 1
        coder.bit(model.contexts, base + node - 1, value)
        node = node * 2 + value
    model.class_before = kind


def _write_first(coder: RangeWriter, model: _Model, first: int, group: int) -> None:
    size = abs(first)
    length, base = size.bit_length(), FIRST + _VALUE_BITS * group
    for number in range(length):
        coder.bit(model.contexts, base + number, 1)
    if length < _VALUE_BITS:
        coder.bit(model.contexts, base + length, 0)
    if length:
        coder.even(size, length - 1)
        if group < 2:
            coder.bit(model.contexts, FIRST_SIGN, first < 0)


def _write_steps(coder: RangeWriter, model: _Model, kind: int, present: Sequence[int], steps: Sequence[int]) -> None:
    after = [0] * len(model.signs_before)
    if kind:
        contexts = _STEP_CONTEXTS[kind - 1].copy()
        own = own_sign = 0
        for row, step in zip(present, steps, strict=True):
            coder.bit(contexts, model.changes_at(own, row), step != 0)
            if not step:
                own = own_sign = 0
                continue
            coder.bit(contexts, model.sign_at(own_sign, row), step < 0)
            own_sign = 1 if step > 0 else 2
            size = abs(step)
            _write_size(coder, contexts, size)
            own = 1 if size == 1 else 2
            model.changed(row)
            after[row] = own_sign
    model.signs_before = after


def _write_size(coder: RangeWriter, contexts: list[int], size: int) -> None:
    length = size.bit_length() - 1
    for number in range(length):
        coder.bit(contexts, _LENGTHS + min(number, _LEVELS - 1), 1)
    if length < _STEP_BITS:
        coder.bit(contexts, _LENGTHS + min(length, _LEVELS - 1), 0)
    if length:
        coder.bit(contexts, _TOPS + min(length, _LEVELS) - 1, size >> length - 1 & 1)
        coder.even(size, length - 1)


def read_adaptive(octets: bytes, rows: int, columns: int) -> list[list[int | None]]:
    """The columns again; a value outside its bounds is refused, that the times rise is left to be checked."""
    _check_cells(rows, columns)
    model, coder = _Model(rows), RangeReader(octets)
    everywhere = list(range(rows))
    told: list[list[int | None]] = []
    for position in range(columns):
        present = _read_presence(coder, model, everywhere) if position else everywhere
        if not present:
            model.signs_before = [0] * rows
            told.append([None] * rows)
            continue
        kind = _read_class(coder, model)
        if position:
            told.append(_read_sums(coder, model, kind, present, _read_first(coder, model, min(kind, 1))))
        else:
            first = _read_first(coder, model, 2)
            told.append(_times(first, _read_sums(coder, model, kind, present, GRID_MS)))
    coder.end()
    return told


def _times(first: int, paces: list[int | None]) -> list[int | None]:
    """The time column of its differences, each in the row of its later value; the first row's is none."""
    times = list(accumulate([pace for pace in paces[1:] if pace is not None], initial=first))
    check_values(min(times), max(times))
    return [*times]


def _read_presence(coder: RangeReader, model: _Model, everywhere: list[int]) -> list[int]:
    if not coder.bit(model.contexts, PRESENCE):
        return everywhere
    present: list[int] = []
    if coder.bit(model.contexts, PRESENCE + 1):
        return present
    before: i64 = 1
    for row in everywhere:
        before = coder.bit(model.contexts, MAP + before)
        if before:
            present.append(row)
    if not 0 < len(present) < len(everywhere):
        raise WireError("a presence map marks all rows, or none")
    return present


def _read_class(coder: RangeReader, model: _Model) -> i64:
    base: i64 = CLASS + 7 if model.class_before else CLASS
    node: i64 = 1
    for _ in range(3):
        node = node * 2 + coder.bit(model.contexts, base + node - 1)
    model.class_before = node - 8
    return node - 8


def _read_first(coder: RangeReader, model: _Model, group: i64) -> i64:
    contexts = model.contexts
    base = FIRST + _VALUE_BITS * group
    length: i64 = 0
    while length < _VALUE_BITS and coder.bit(contexts, base + length):
        length += 1
    if not length:
        return 0
    size = coder.even(length - 1, 1)
    return -size if group < 2 and coder.bit(contexts, FIRST_SIGN) else size


def _read_sums(coder: RangeReader, model: _Model, kind: i64, present: list[int], first: i64) -> list[int | None]:
    """`first` and what the differences add to it, each in the row of its later value."""
    rows = len(model.signs_before)
    after = [0] * rows
    told: int | None = first
    sums: list[int | None] = [None] * rows
    sums[present[0]] = told
    if not kind:
        for row in present:
            sums[row] = told
        model.signs_before = after
        return sums
    contexts = _STEP_CONTEXTS[kind - 1].copy()
    value = first
    own: i64 = 0
    own_sign: i64 = 0
    for row in present[1:]:
        if coder.bit(contexts, model.changes_at(own, row)):
            own_sign = 1 + coder.bit(contexts, model.sign_at(own_sign, row))
            size = _read_size(coder, model, contexts)
            own = 1 if size == 1 else 2
            value += size if own_sign == 1 else -size
            check_values(value, value)
            told = value
            model.changed(row)
            after[row] = own_sign
        else:
            own = own_sign = 0
        sums[row] = told
    model.signs_before = after
    return sums


def _read_size(coder: RangeReader, model: _Model, contexts: list[int]) -> i64:
    length: i64 = 0
    while length < _STEP_BITS and coder.bit(contexts, _LENGTHS + min(length, _LEVELS - 1)):
        length += 1
    if not length:
        return 1
    model.longer(length)
    if length == _STEP_BITS:
        check_values(0, VALUE_LIMIT)  # no two values are so far apart, and nothing may outgrow a machine word
    top = coder.bit(contexts, _TOPS + min(length, _LEVELS) - 1)
    return coder.even(length - 1, 2 + top)
