"""From messages to committed facts and answers: the whole way of a frame on one screen.

    decode -> header -> sections, each judged apart -> one SQL transaction -> acknowledgements, to publish after it

Bad input never raises: it becomes a dead letter and a count. What TRY_AGAIN names does: nothing is committed, nothing
acknowledged, and the caller tries again.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import InterfaceError, OperationalError

from ingest import acknowledger, frames, rows, times
from ingest.acknowledger import Outgoing, Policy
from ingest.keys import IngestKeys
from ingest.ledger import Ledger
from ingest.work import Reply, Work
from kiosk.errors import WireError
from kiosk.wire.down_sections import TimeAnswer
from kiosk.wire.frame import (
    KIND_BLOCK,
    KIND_BOOTS,
    KIND_LEDGER,
    KIND_SCHEMA,
    KIND_TIME_REQUEST,
    SECTIONS_MAX,
    Header,
    ReceivedSection,
)
from kiosk.wire.request import decode_time_request
from store import letters
from store.engine import Store
from store.errors import RepairFirst, RetryLater
from store.letters import Limits
from store.readings.base import ReadingsStore

_log = logging.getLogger(__name__)

ORDER = {KIND_SCHEMA: 0, KIND_BOOTS: 1, KIND_LEDGER: 2, KIND_BLOCK: 3, KIND_TIME_REQUEST: 4}
"""What explains comes before what it explains: schemas and clocks before rows."""
NAMES = {
    KIND_SCHEMA: "schema",
    KIND_BOOTS: "boots",
    KIND_LEDGER: "ledger",
    KIND_BLOCK: "block",
    KIND_TIME_REQUEST: "time",
}
TRIM_EVERY = 256
"""Dead letters and parked blocks are looked through once in so many transactions."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message from the broker."""

    topic: str
    payload: bytes


TRY_AGAIN = (OperationalError, InterfaceError, RetryLater, RepairFirst)
"""Nothing is wrong with the messages: the database or the readings store does not take them now."""


class SectionCrashError(Exception):
    """This program could not deal with a section: it is set aside and the transaction is done again without it."""

    def __init__(self, message: int, section: int) -> None:
        super().__init__(f"section {section} of message {message}")
        self.message = message
        self.section = section


class FinishCrashError(Exception):
    """This program could not write what it had gathered: messages are tried one by one, then set aside whole."""


_ALL_SECTIONS = frozenset(range(SECTIONS_MAX))


@dataclass(slots=True)
class _Batch:
    """Messages that become one transaction, and the sections of each that are set aside."""

    messages: Sequence[Message]
    crashed: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))


class Handler:
    """Ingest without a network: messages in, answers out."""

    def __init__(
        self,
        store: Store,
        readings: ReadingsStore,
        keys: IngestKeys,
        clock: Callable[[], int],
        *,
        policy: Policy | None = None,
        letter_limits: Limits | None = None,
    ) -> None:
        """`clock` gives the server's UTC in milliseconds."""
        self._store = store
        self._readings = readings
        self._keys = keys
        self._clock = clock
        self._policy = policy or Policy()
        self._letter_limits = letter_limits or Limits()
        self._transactions = 0

    def handle(self, topic: str, payload: bytes) -> list[Outgoing]:
        """Commit one message; returns the answers to publish. Raises only what TRY_AGAIN names."""
        return self.handle_batch([Message(topic, payload)])

    def handle_batch(self, messages: Sequence[Message]) -> list[Outgoing]:
        """Commit several messages in one transaction, which waits for the disk once."""
        batch = _Batch(messages)
        while True:
            try:
                return self._commit(batch)
            except SectionCrashError as crash:
                _log.exception("section set aside as a dead letter: report this trace")
                batch.crashed[crash.message].add(crash.section)
            except FinishCrashError:
                if len(messages) > 1:
                    return [answer for message in messages for answer in self.handle_batch([message])]
                if batch.crashed[0] >= _ALL_SECTIONS:
                    raise
                _log.exception("message set aside as a dead letter: report this trace")
                batch.crashed[0] |= _ALL_SECTIONS

    def _commit(self, batch: _Batch) -> list[Outgoing]:
        with self._store.write() as connection:
            work = Work(connection, self._readings, self._clock())
            ledger = Ledger(work)
            for number, message in enumerate(batch.messages):
                self._take_message(work, ledger, message, (number, batch.crashed[number]))
            try:
                return self._finish(work, ledger)
            except TRY_AGAIN:
                raise
            except Exception as error:
                raise FinishCrashError from error

    def _finish(self, work: Work, ledger: Ledger) -> list[Outgoing]:
        """Write what was gathered, and the answers' counters with it."""
        ledger.save()
        rows.write_waiting(work)
        rows.write_values(work)
        times.save(work)
        frames.save(work)
        self._trim(work)
        outgoing = acknowledger.answer(work, self._keys, self._policy)
        work.save_streams_and_days()
        work.tally.save(work.connection)
        return outgoing

    def _take_message(self, work: Work, ledger: Ledger, message: Message, aside: tuple[int, set[int]]) -> None:
        topic = frames.open_topic(work, message.topic, message.payload)
        if topic is None:
            return
        if topic.channel == "s":
            frames.take_status(work, topic, message.topic, message.payload)
            return
        frame = frames.open_frame(work, topic, message.topic, message.payload)
        if frame is None:
            return
        reply = frames.take_header(work, frame.header)
        number, crashed = aside
        for index, section in sorted(enumerate(frame.sections), key=lambda each: ORDER.get(each[1].kind, len(ORDER))):
            if index in crashed:
                work.tally.add("section_crashed")
                _bury(work, frame.header, section, "this program failed on it: see its log")
                continue
            try:
                self._take_section(work, ledger, frame.header, reply, section)
            except TRY_AGAIN:
                raise
            except Exception as error:  # whatever one section breaks, the others are judged
                raise SectionCrashError(number, index) from error
        rows.take_lowest_kept(work, frame.header)

    def _take_section(self, work: Work, ledger: Ledger, header: Header, reply: Reply, section: ReceivedSection) -> None:
        """One section, judged apart: what cannot be read is a dead letter, what is damaged comes again."""
        if not section.intact:
            work.tally.add("section_damaged")
            return
        try:
            if section.kind == KIND_LEDGER:
                ledger.take_section(header, reply, section.body)
            elif section.kind == KIND_SCHEMA:
                rows.take_schema(work, header, reply, section.body)
            elif section.kind == KIND_BOOTS:
                times.take_boots(work, header, section.body)
            elif section.kind == KIND_BLOCK:
                rows.take_block(work, header, reply, section.body)
            elif section.kind == KIND_TIME_REQUEST:
                asked = decode_time_request(section.body)
                reply.answers.append(TimeAnswer(asked.nonce, asked.boot, asked.mono_ms, work.now_ms))
                work.tally.add("time_answers")
            else:
                work.tally.add("section_unknown")
                _bury(work, header, section, f"section kind {section.kind} is not known to this version")
        except WireError as error:
            work.tally.add("section_refused")
            _bury(work, header, section, str(error))

    def _trim(self, work: Work) -> None:
        self._transactions += 1
        if self._transactions % TRIM_EVERY != 1:
            return
        dropped = letters.trim(work.connection, self._letter_limits, work.now_ms)
        if dropped:
            work.tally.add("letters_dropped", dropped)
        rows.bury_unexplained(work)


def _bury(work: Work, header: Header, section: ReceivedSection, reason: str) -> None:
    kind = NAMES.get(section.kind, f"kind {section.kind}")
    work.letter(section.body, site=header.site, kind=kind, reason=reason)
