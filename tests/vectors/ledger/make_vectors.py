"""Write the ledger's golden vectors: `python -m tests.vectors.ledger.make_vectors`, from the root of the checkout.

They are frozen: version 1 of the format never changes, so a difference that this makes in a file is a mistake in the
code. Further cases may be added.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kiosk.ledger.chain import record_hash
from tests.vectors.ledger.judgements import acts, broken_chains, seals, signatures, trees, whole_chain
from tests.vectors.ledger.refusals import Refusal, all_refusals
from tests.vectors.ledger.stories import Story, good_stories

FOLDER = Path(__file__).parent


def make() -> dict[str, str]:
    """The text of every vector file by its name."""
    told = good_stories()
    everything = next(story for story in told if story.name == "every-type")
    return {
        "good.jsonl": _lines([line for story in told for line in _good(story)]),
        "bad.jsonl": _lines([_bad(refusal) for refusal in all_refusals(everything)]),
        "chains.json": _pretty([*map(whole_chain, told), *broken_chains(everything)]),
        "seals.json": _pretty(seals(everything)),
        "signatures.json": _pretty(signatures(everything)),
        "acts.json": _pretty(acts()),
        "merkle.json": _pretty(trees()),
    }


def _good(story: Story) -> list[dict[str, Any]]:
    told = zip(story.fields, story.payloads, story.keys, story.signatures, strict=True)
    return [
        {
            "name": f"{story.name}/{fields['seq']}-{fields['t']}",
            "payload": payload.decode(),
            "key": key,
            "sig": signature.hex(),
            "hash": record_hash(payload),
        }
        for fields, payload, key, signature in told
    ]


def _bad(refusal: Refusal) -> dict[str, str]:
    name, payload, code = refusal
    return {"name": name, "payload_hex": payload.hex(), "error": code}


def _lines(cases: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(case) + "\n" for case in cases)


def _pretty(cases: Any) -> str:
    return json.dumps(cases, indent=1) + "\n"


def main() -> None:
    """Write the files beside this one."""
    for name, text in make().items():
        (FOLDER / name).write_text(text, encoding="ascii")


if __name__ == "__main__":
    main()
