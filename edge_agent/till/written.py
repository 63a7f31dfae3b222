"""What the book hands out: a log of the ledger and a record of it. Knows no disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kiosk.ledger.format import parse


@dataclass(frozen=True, slots=True)
class Log:
    """One life of the ledger."""

    number: int
    """Its number on this disk."""
    log: str
    acked: int
    """The server has records up to this one, by a hash of our own chain."""
    witnessed: int
    head_seq: int
    closed: str
    """Why it was closed, "" = open."""


@dataclass(frozen=True, slots=True)
class Written:
    """A record that is on the disk."""

    log: str
    seq: int
    payload: bytes
    fields: Mapping[str, Any]


def read_record(payload: bytes) -> Written:
    """A record from its exact bytes. Raises LedgerError where they are none."""
    fields = parse(payload)
    return Written(str(fields["log"]), int(fields["seq"]), payload, fields)
