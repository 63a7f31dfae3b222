"""Writes the golden vectors: `python -m tests.vectors.wire.make_vectors`. Frozen: entries may only be added."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.vectors.wire import examples, refusals

FOLDER = Path(__file__).parent


def text_of(entries: list[dict[str, Any]]) -> str:
    """A file of entries, one a line."""
    return "[\n" + ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries) + "\n]\n"


def bad_entries(what: str) -> list[dict[str, Any]]:
    """The refusals of one file."""
    return [{"name": name, "hex": octets.hex(), "error": error} for name, octets, error in refusals.FILES[what]()]


def main() -> None:
    """Write all files."""
    (FOLDER / "bad").mkdir(exist_ok=True)
    for what, make in examples.FILES.items():
        good = text_of([example.entry() for example in make()])
        (FOLDER / f"{what}.json").write_text(good, encoding="utf-8")
        (FOLDER / "bad" / f"{what}.json").write_text(text_of(bad_entries(what)), encoding="utf-8")


if __name__ == "__main__":
    main()
