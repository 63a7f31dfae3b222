"""From messages to committed facts and answers: the whole way of a frame on one screen.

    decode -> header -> sections, each judged apart -> one SQL transaction -> acknowledgements, to publish after it

Bad input never raises: it becomes a dead letter and a count. A store that does not take it raises RetryLater or
RepairFirst: nothing is committed, nothing acknowledged, and the caller tries again.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError

from ingest import acknowledger, ahead, frames, rows, times
from ingest.acknowledger import Outgoing, Policy
from ingest.beside import Beside
from ingest.keys import IngestKeys
from ingest.ledger import Ledger
from ingest.work import Message, Reply, Work
from kiosk.errors import WireError
from kiosk.wire.down_sections import TimeAnswer
from kiosk.wire.frame import (
    FRAME_MAX_BYTES,
    KIND_BLOCK,
    KIND_BOOTS,
    KIND_LEDGER,
    KIND_SCHEMA,
    KIND_TIME_REQUEST,
    Header,
    ReceivedSection,
)
from kiosk.wire.request import decode_time_request
from store import letters
from store.engine import Store
from store.errors import RetryLater, StoreError
from store.letters import Limits
from store.readings.base import ReadingsStore

__all__ = ["CrashError", "Handler", "Message", "is_fault"]

_log = logging.getLogger(__name__)

Answer = Callable[[Work, IngestKeys, Policy], list[Outgoing]]

ORDER = {KIND_SCHEMA: 0, KIND_BOOTS: 1, KIND_LEDGER: 2, KIND_BLOCK: 3, KIND_TIME_REQUEST: 4}
"""What explains comes before what it explains: schemas and clocks before rows."""
NAMES = {
    KIND_SCHEMA: "schema",
    KIND_BOOTS: "boots",
    KIND_LEDGER: "ledger",
    KIND_BLOCK: "block",
    KIND_TIME_REQUEST: "time",
}
WRITERS = 2
"""Requests with values that are on their way at once: while one waits for the disk of the readings, another is read."""
TRIM_EVERY = 256
"""Dead letters and parked blocks are looked through once in so many transactions."""


DRIVER_FAULTS = frozenset({"OperationalError", "InterfaceError", "InternalError"})
"""What every driver calls an error that is not the statement's fault (PEP 249)."""


class CrashError(Exception):
    """This program could not deal with a section, or with a whole message where `section` is None."""

    def __init__(self, message: int, section: int | None) -> None:
        super().__init__(f"section {section} of message {message}")
        self.message = message
        self.section = section


@dataclass(slots=True)
class _Batch:
    """Messages that become one transaction, and the sections of each that are set aside."""

    messages: Sequence[Message]
    crashed: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    retried: bool = False
    """Another worker was in the way once already."""


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
        answer: Answer = acknowledger.answer,
    ) -> None:
        """`clock` gives the server's UTC in milliseconds; `answer` makes the messages to devices."""
        self._store = store
        self._readings = readings
        self._keys = keys
        self._clock = clock
        self._policy = policy or Policy()
        self._letter_limits = letter_limits or Limits()
        self._answer = answer
        self._transactions = 0
        self._threads = ThreadPoolExecutor(WRITERS, "readings") if readings.beside else None

    def handle(self, topic: str, payload: bytes) -> list[Outgoing]:
        """Commit one message; returns the answers to publish. Raises RetryLater or RepairFirst."""
        return self.handle_batch([Message(topic, payload)])

    def handle_batch(self, messages: Sequence[Message]) -> list[Outgoing]:
        """Commit several messages in one transaction, which waits for the disk once."""
        batch = _Batch(messages)
        while True:
            try:
                return self._commit(batch)
            except CrashError as crash:
                if isinstance(crash.__cause__, IntegrityError) and not batch.retried:
                    batch.retried = True
                elif crash.section is not None:
                    _log.exception("a section is set aside as a dead letter: report this trace")
                    batch.crashed[crash.message].add(crash.section)
                elif len(messages) > 1:
                    return [answer for message in messages for answer in self.handle_batch([message])]
                else:
                    _log.exception("a message is set aside as a dead letter: report this trace")
                    self._bury_whole(messages[0])
                    return []
            except StoreError:
                raise
            except Exception as error:
                if is_fault(error):
                    raise RetryLater(f"nothing is committed, it is tried again: {error}") from error
                raise

    def _commit(self, batch: _Batch) -> list[Outgoing]:
        with self._store.write() as connection:
            beside = None if self._threads is None else Beside(self._readings, self._threads)
            work = Work(connection, self._readings, self._clock(), beside)
            ledger = Ledger(work)
            number = 0
            try:
                ahead.look(work, batch.messages)
                for number, message in enumerate(batch.messages):
                    self._take_message(work, ledger, message, (number, batch.crashed[number]))
                return self._finish(work, ledger)
            except CrashError:
                raise
            except Exception as error:
                if is_fault(error):
                    raise
                raise CrashError(number, None) from error
            finally:
                if beside is not None:
                    beside.abandon()

    def _bury_whole(self, message: Message) -> None:
        """Keep a message raw: nothing of it is believed or acknowledged, so the edge keeps it too."""
        with self._store.write() as connection:
            work = Work(connection, self._readings, self._clock())
            work.tally.add("message_crashed")
            payload = message.payload[:FRAME_MAX_BYTES]
            work.letter(payload, topic=message.topic, kind="message", reason="this program failed on it: see its log")
            work.tally.save(connection)

    def _finish(self, work: Work, ledger: Ledger) -> list[Outgoing]:
        """Write what was gathered, and the answers' counters with it."""
        ledger.save()
        rows.write_waiting(work)
        rows.begin_values(work)
        times.save(work)
        frames.save(work)
        self._trim(work)
        outgoing = self._answer(work, self._keys, self._policy)
        work.save_streams_and_days()
        rows.finish_values(work)
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
        sections = frame.sections
        for index in _in_order(sections):
            section = sections[index]
            if index in crashed:
                work.tally.add("section_crashed")
                _bury(work, frame.header, section, "this program failed on it: see its log")
                continue
            try:
                self._take_section(work, ledger, frame.header, reply, section)
            except Exception as error:  # whatever one section breaks, the others are judged
                if is_fault(error):
                    raise
                raise CrashError(number, index) from error
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


def _in_order(sections: Sequence[ReceivedSection]) -> Sequence[int]:
    places = range(len(sections))
    if len(sections) < 2:
        return places
    return sorted(places, key=lambda each: ORDER.get(sections[each].kind, len(ORDER)))


def is_fault(error: Exception) -> bool:
    """Whether the store, the disk or the machine failed, and not the message."""
    if isinstance(error, StoreError | OSError | MemoryError):
        return True
    return not DRIVER_FAULTS.isdisjoint(kind.__name__ for kind in type(error).__mro__)


def _bury(work: Work, header: Header, section: ReceivedSection, reason: str) -> None:
    kind = NAMES.get(section.kind, f"kind {section.kind}")
    work.letter(section.body, site=header.site, kind=kind, reason=reason)
