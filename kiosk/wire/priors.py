"""The tables of coding 3 (docs/wire.md section 4): what a context expects at first. Frozen with that coding.

One byte a context: the probability of a 0 is (2 x byte + 1) / 512. Learnt from simulated sites other than the bench's.
"""

from __future__ import annotations

from typing import Final

SEEN_BEFORE: Final = 3
"""So many bits are taken to have been seen in each context."""

PRESENCE: Final = 0
MAP: Final = 2
CLASS: Final = 4
FIRST: Final = 18
FIRST_SIGN: Final = 201
"""Where the contexts of a column's head begin."""

_EVEN = "80"
_PRESENCE_AND_MAP = "eb0ff914"
_CLASSES = "f4d9e1fb9aacfa759fe5f6755ff5"
_FIRSTS = (
    "6a684a0b010120290f192d3d264ea0fe80808080808080808080808080808080",
    "050102010102060f1f39359f2e69bafe80808080808080808080808080808080",
    "010101010101010101010101010101010101010101010101010103060e1d43b5",
)
"""Lengths 0 to 31 of a first value, of a column that rests, of one that does not, and of the time; longer ones even."""
_FIRST_SIGN = "f1"

_CHANGES = (
    "f380f780f3c3d480fe80fefde180fd80fe80",
    "b980b7e3a3849780ddf2e1e3a280fea1fee5",
    "a480e2e6dae154803c243d3d4880f4c4fbdc",
    "d680e5a8c1b64380311180246d80b8a8dfad",
    "be80cb8ba39d0980160b8005468026368140",
    "ce80e193728f05800a04800a36802125451b",
    "d280ee5a80912480802480240a8002238008",
)
"""By class, 1 to 7."""
_SIGNS = "b9ac5e9faf737f9353"
_LENGTHS = (
    "e7e5f7808080808080808080",
    "f5bb26fce580808080808080",
    "8d2a14ebdde1f48080808080",
    "10100dbea8e2a412fe808080",
    "070f1e85b4d2c51cf28ff280",
    "02040a4775829a37dc39fe80",
    "04040f194f4050547202fd80",
)
"""By class, 1 to 7."""


def _probabilities(table: str) -> tuple[int, ...]:
    return tuple((2 * octet + 1) * 128 for octet in bytes.fromhex(table))


HEAD: Final = _probabilities(
    _PRESENCE_AND_MAP + _CLASSES + "".join(table + _EVEN * 29 for table in _FIRSTS) + _FIRST_SIGN
)
STEPS: Final = tuple(
    _probabilities(changes + _SIGNS + lengths + _EVEN * 12) for changes, lengths in zip(_CHANGES, _LENGTHS, strict=True)
)
"""By class - 1: 18 contexts of "is not 0", 9 of the sign, 12 of the length, 12 of the highest bit below it."""
