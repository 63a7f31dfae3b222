"""What a person may have meant by a name that is not known. Knows no file and no driver."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def hint(name: str, known: Iterable[str]) -> str:
    """`did you mean "..."?`, or all known names where none is near."""
    names = list(known)
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    return f'did you mean "{nearest[0]}"?' if nearest else f"there are: {', '.join(names)}"
