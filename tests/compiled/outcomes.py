"""What bytes from outside become, in words that two processes can compare: `python -m tests.compiled.outcomes`.

As a program it answers each line of its input, JSON as `ask` writes it, with a line. The first line that it says is the
file that its codec comes from.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from kiosk.errors import WireError
from kiosk.wire import block, boots, down, frame, schema


def of_block(octets: bytes, positions: int) -> Any:
    """As columns, as rows, and written again."""
    read = block.decode_block(octets, positions)
    return block.decode_columns(octets, positions), read, block.encode_block(read, positions).hex()


def of_down(octets: bytes) -> Any:
    """As it was read, and written again."""
    read, signed = down.decode_down(octets)
    return read, signed, down.encode_down(read, lambda _: signed.signature, signed.key_id).hex()


READERS: dict[str, Callable[[bytes, int], Any]] = {
    "frames": lambda octets, _: frame.decode_frame(octets),
    "schemas": lambda octets, _: schema.parse_schema(octets),
    "blocks": of_block,
    "boots": lambda octets, _: boots.decode_boots(octets),
    "down": lambda octets, _: of_down(octets),
}


def outcome(what: str, octets: bytes, positions: int) -> str:
    """The value, with the kind of each number in it, or the refusal."""
    try:
        return repr(READERS[what](octets, positions))
    except WireError as error:
        return f"WireError: {error}"


def ask(what: str, octets: bytes, positions: int) -> str:
    """One line of the program's input."""
    return json.dumps([what, octets.hex(), positions]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(f"{block.__file__}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        asked, digits, count = json.loads(line)
        sys.stdout.write(json.dumps(outcome(asked, bytes.fromhex(digits), count)) + "\n")
        sys.stdout.flush()
