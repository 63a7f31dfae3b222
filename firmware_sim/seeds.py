"""Where every random draw comes from: one generator per purpose and day; must not know the time or the machine."""

from __future__ import annotations

import random


def generator(seed: int, *purpose: str | int) -> random.Random:
    """A fresh generator for one purpose: the same words give the same draws, so a saved run needs no state."""
    return random.Random(":".join(map(str, (seed, *purpose))))
