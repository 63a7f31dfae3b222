"""The outcomes that ingest counts, each with what it means. They are kept in SQL, so every process can show them."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from store import counters

OUTCOMES: dict[str, str] = {
    "frames": "frames whose header was read",
    "frame_refused": "frames whose version, header or length is wrong: dead letter",
    "frame_oversized": "messages larger than a frame: dead letter with their beginning",
    "frame_late": "frames whose header is older than the newest known: their sections were read",
    "topic_refused": "messages on a topic that is none, or of another partition: dead letter",
    "topic_foreign": "frames whose site is not the topic's: dead letter, security event",
    "device_unknown": "frames or statuses of a device that is not registered for its site: dead letter, security event",
    "status": "retained status texts",
    "status_refused": "status texts that cannot be read: dead letter",
    "section_damaged": "sections with a wrong CRC: the edge sends them again",
    "section_unknown": "sections of a kind that this version does not know: dead letter",
    "section_refused": "sections other than blocks that cannot be decoded: dead letter",
    "section_crashed": "sections that this program could not deal with: dead letter; look into its log",
    "message_crashed": "messages that this program could not deal with: dead letter, not acknowledged; see its log",
    "schemas": "schemas that were new",
    "blocks": "blocks of rows that were stored",
    "block_repeated": "blocks whose rows were all known",
    "block_refused": "blocks that cannot be decoded: dead letter, acknowledged as refused",
    "block_parked": "blocks that wait for their schema",
    "block_parking_full": "blocks of an unknown schema that found no room: the edge keeps them",
    "block_ranges_full": "blocks that would scatter a stream too much: the edge keeps them",
    "block_never_explained": "parked blocks whose schema never came: dead letter",
    "rows": "site-minutes that were new",
    "values_refused": "values that the readings store will never take: dead letter",
    "rows_given_up": "rows that an edge gave up before they came",
    "fixes": "time fixes that became a boot's best",
    "fix_implausible": "time fixes before 2020 or after 2099: not believed",
    "redatings": "boots whose readings have to be dated anew",
    "records": "ledger records that were stored",
    "record_repeated": "ledger records that were known",
    "record_parked": "ledger records that wait for those before them",
    "record_parking_full": "ledger records that found no room to wait: the edge keeps them",
    "record_disputed": "bytes that claim to be a ledger record and are none: kept raw; ALARM",
    "record_disputes_full": "such bytes beyond what is kept of one site; ALARM",
    "record_break": "records stored though they do not follow the one before",
    "record_fork": "records stored in a second branch of a log",
    "record_odd": "records stored with any other mark",
    "holes_passed": "holes in a log that its head has passed",
    "holes_closed": "holes that were filled after all",
    "security_events": "somebody spoke where he may not, or signed with a wrong key; ALARM",
    "letters_dropped": "dead letters dropped for want of room or for age",
    "time_answers": "requests for time that were answered",
    "acknowledgements": "messages sent to devices",
}
"""Names never change: dashboards and alerts use them."""


class Tally:
    """What happened in one transaction; written with it, or not at all."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, outcome: str, times: int = 1) -> None:
        """Count an outcome. Raises KeyError for one that nobody has explained."""
        if outcome not in OUTCOMES:
            raise KeyError(outcome)
        self._counts[outcome] += times

    def save(self, connection: Connection) -> None:
        """Add everything to the counters."""
        counters.add(connection, {name: count for name, count in self._counts.items() if count})


def snapshot(connection: Connection) -> dict[str, int]:
    """Every outcome and how often it happened; 0 where it never did."""
    return dict.fromkeys(OUTCOMES, 0) | counters.snapshot(connection)
