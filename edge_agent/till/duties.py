"""What the till writes by itself: boots, time fixes, tariffs, meters, seals, losses, new logs. Knows no attendant."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edge_agent.clock import Machine
from edge_agent.outbox.boots import Boots, Life
from edge_agent.outbox.database import Database
from edge_agent.till import opening, sealing
from edge_agent.till.book import Book, Log, Written
from edge_agent.till.errors import TillError
from edge_agent.till.sealing import Interval
from edge_agent.time_source import TimeKeeper
from kiosk.ledger.chain import Head
from kiosk.ledger.format import blank, format_list, parse_list
from kiosk.ledger.seal import z_code
from kiosk.time import Clock, TimeFix
from kiosk.wire.boots import BootState

PRESS_BYTES = 16
LOG_BYTES = 16


@dataclass(frozen=True, slots=True)
class Shelf:
    """The charging shelf's lifetime counters, as last read."""

    energy_wh: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Price:
    """What a service costs, in minor units."""

    service: str
    price: int
    button: str = ""


@dataclass(frozen=True, slots=True)
class SealResult:
    """A business day closed."""

    seq: int
    number: int
    z_code: str
    """For the paper cash book."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs: from the act."""

    site: str
    dev: str
    currency: str
    act_hash: str
    coins: int = 0
    """Counted at commissioning, in minor units."""


class Duties:
    """A till that nobody asks anything."""

    def __init__(
        self,
        database: Database,
        boots: Boots,
        book: Book,
        identity: Identity,
        *,
        life: Life,
        machine: Machine,
        keeper: TimeKeeper,
        clock: Clock,
        entropy: Callable[[int], bytes],
        shelf: Callable[[], Shelf | None],
        log: logging.Logger,
    ) -> None:
        self._database = database
        self._boots = boots
        self.book = book
        self._identity = identity
        self._life = life
        self._machine = machine
        self._keeper = keeper
        self._clock = clock
        self._entropy = entropy
        self._shelf = shelf
        self._log = log
        self._uptime_at = (life.uptime_before_ms, life.first_mono_ms)
        """Uptime since the last seal, and the instant at which it was so much."""
        self._fix_seq = 0
        self._tariff = 0
        self._prices: dict[str, int] = {}
        self._buttons: dict[str, str] = {}

    def open(self, why: str = "") -> None:
        """Go on with the log of before, or open a new one; then write BOOT. Once, before anything else.

        `why` is a reason from outside for a new log, such as a database that had to be started anew.
        """
        log = self.book.open_log
        if log is None:
            self._write_genesis(why)
        else:
            self._go_on(log)
        before = self._life.before
        last: dict[str, str | int] = {"last_boot": before.boot, "last_mono": before.last_mono_ms} if before else {}
        self.write("BOOT", last)
        self._recall()

    def take_prices(self, prices: Sequence[Price]) -> None:
        """What things cost from now on; a TARIFF record is written where that differs from the last one."""
        self._buttons = {price.button: price.service for price in prices if price.button}
        wanted = {price.service: price.price for price in prices}
        if wanted and wanted != self._prices:
            self._tariff += 1
            self.write("TARIFF", {"tar": self._tariff, "prices": format_list(wanted.items())})
            self._prices = wanted

    def time_fix(self, fix: TimeFix) -> Written:
        """Sign a fix that was taken, and keep it for its boot."""
        own: dict[str, str | int] = {
            "fix_boot": fix.boot, "fix_mono": fix.mono_ms, "fix_utc": fix.utc_ms, "fix_src": fix.source,
            "fix_unc": fix.uncertainty_ms, "super": self._fix_seq,
        }  # fmt: skip
        written = self.write("TIME_FIX", own, also=[self._boots.fix_statement(self._life.number, fix)])
        self._fix_seq = written.seq
        return written

    def meter(self) -> Written | None:
        """What the shelf's counters say; None on a site without a shelf."""
        shelf = self._shelf()
        if shelf is None:
            return None
        (before,) = self._database.row("SELECT shelf_sessions FROM state")
        # A counter below the last one is another board's: all of its sessions count as new.
        sensed = shelf.sessions - before if shelf.sessions >= before else shelf.sessions
        also = [("UPDATE state SET shelf_sessions = ?", (shelf.sessions,))]
        return self.write("METER", {"shelf_wh": shelf.energy_wh, "sessions": sensed}, also=also)

    def seal(self, press: str | None = None) -> SealResult:
        """Close the business day: METER, then SEAL. Raises TillError where nothing was written since the last one."""
        if press is not None and (known := self.book.by_press(press)) is not None:
            return SealResult(known.seq, int(known.fields.get("num", 0)), z_code(known.payload))
        self.meter()
        log = self._open_log()
        now_ms = self._clock.monotonic_ms()
        self._uptime_at = (0, now_ms)
        if self.book.newest_is_seal(log):
            raise TillError("done", "nothing was written since the last seal; the day is closed already")
        own = sealing.seal_fields(self.book, log, self._interval(log, now_ms))
        also = [
            (
                "UPDATE state SET seal_uptime_ms = 0, last_mono_ms = ?, seal_end_ms = ?, seal_boot = ?",
                (now_ms, own["end"], self._life.number),
            )
        ]
        written = self.write("SEAL", own, press, also)
        return SealResult(written.seq, int(own["num"]), z_code(written.payload))

    @property
    def seal_is_due(self) -> bool:
        """24 hours of uptime have passed since the last seal."""
        uptime_ms, at_ms = self._uptime_at
        return uptime_ms + self._clock.monotonic_ms() - at_ms >= sealing.SEAL_EVERY_MS

    @property
    def sealed_boot(self) -> int:
        """The next seal names the days without power since this boot; 0 before the first one."""
        (number,) = self._database.row("SELECT seal_boot FROM state")
        return int(number)

    def declare_loss(self, log: str, first: int, last: int, why: str) -> Written:
        """Say that records can never be sent, so that nobody waits for them; with their amounts as far as known."""
        totals = opening.lost_totals(self.book.find(log, first - 1), self.book.find(log, last + 1))
        self._log.error("records %d to %d of log %s cannot be read any more: declared lost", first, last, log)
        own: dict[str, str | int] = {
            "lost_log": log, "from": first, "to": last, "why": why,
            "lost_in": totals.sum_in, "lost_out": totals.sum_out, "lost_cash": totals.box,
        }  # fmt: skip
        return self.write("LOSS", own)

    def begin_new_log(self, why: str, seen_seq: int, seen_hash: str) -> None:
        """Close the log at its own head: the server, or this machine, says that it was lived by somebody else."""
        assert self.book.head is not None  # noqa: S101 - open() came first
        self._succeed(self.book.head, opening.Seen(seen_seq, seen_hash), why)
        self._recall()
        prices, self._prices, self._tariff = self._prices, {}, 0
        self.take_prices([Price(name, price, self._button_of(name)) for name, price in prices.items()])

    def write(
        self,
        t: str,
        own: Mapping[str, str | int],
        press: str | None = None,
        also: Sequence[tuple[str, Sequence[object]]] = (),
    ) -> Written:
        """Sign and commit one record of this instant; `own` are the fields that are not blank."""
        return self.book.append(self._fields(t, press, own), also)

    def _fields(self, t: str, press: str | None, own: Mapping[str, str | int]) -> dict[str, str | int]:
        now_ms = self._clock.monotonic_ms()
        belief = self._keeper.belief(now_ms)
        return blank(t, str(own.get("as", ""))) | dict(own) | {
            "id": press or self._entropy(PRESS_BYTES).hex(),
            "boot": self._life.boot, "bn": self._life.number, "mono": now_ms,
            "wall": belief.wall, "clk": belief.clk, "unc": belief.unc,
        }  # fmt: skip

    def _open_log(self) -> Log:
        log = self.book.open_log
        assert log is not None  # noqa: S101 - open() came first
        return log

    def _write_genesis(self, why: str) -> None:
        identity = self._identity
        fields = opening.genesis_fields(
            lambda t: self._fields(t, None, {"why": why}),
            identity.act_hash, self.book.public_hex, self._machine, identity.coins,
        )  # fmt: skip
        self.book.begin_log(self._entropy(LOG_BYTES).hex(), fields, identity.act_hash, why)

    def _go_on(self, log: Log) -> None:
        tail = opening.verify_tail(self.book, log)
        if tail.head is not None:
            self.book.take_head(tail.head)
        why = opening.reason_for_new_log(self.book, log, self._machine, self._identity.currency)
        if tail.head is None or tail.head.seq < log.head_seq:
            why = why or opening.TAIL
        if not why:
            return
        self._log.error("the ledger goes on in a new log: %s", why)
        head = tail.head or Head.empty(log.log, self._identity.currency, self._identity.act_hash)
        self._succeed(head, opening.Seen(log.acked, self.book.hash_at(log.log, log.acked) or ""), why)
        if head.seq < log.head_seq:
            self.declare_loss(log.log, head.seq + 1, log.head_seq, opening.TAIL)

    def _succeed(self, old: Head, seen: opening.Seen, why: str) -> None:
        identity = self._identity
        first = opening.genesis_fields(
            lambda t: self._fields(t, None, {}), identity.act_hash, self.book.public_hex, self._machine, 0
        )
        fields = opening.successor_fields(first, old, seen, why)
        self.book.begin_log(self._entropy(LOG_BYTES).hex(), fields, identity.act_hash, why)

    def _recall(self) -> None:
        """What the newest records say of prices and fixes."""
        log = self._open_log()
        tariff = self.book.newest_of(log.log, ("TARIFF",))
        self._tariff = 0 if tariff is None else int(tariff.fields["tar"])
        if tariff is not None:
            self._prices = {name: int(price) for name, price in parse_list(str(tariff.fields["prices"]))}
        self._fix_seq = 0

    def _button_of(self, service: str) -> str:
        return next((button for button, name in self._buttons.items() if name == service), "")

    def _interval(self, log: Log, now_ms: int) -> Interval:
        """Since the last seal, in UTC as far as clocks were met."""
        start_ms, boot_number = self._database.row("SELECT seal_end_ms, seal_boot FROM state")
        fix = self._keeper.fix
        end_ms = 0 if fix is None else fix.utc_at(now_ms)
        states = self._boots.since(boot_number or 1)
        lit = [
            BootState(each.boot, each.boot_number, each.first_mono_ms, max(each.first_mono_ms, now_ms), fix)
            if each.boot_number == self._life.number
            else each
            for each in states
        ]
        genesis = self.book.genesis(log.log)
        if not start_ms and genesis is not None and genesis.fields["clk"] not in ("none", "saved"):
            start_ms = int(genesis.fields["wall"])
        return Interval(start_ms, end_ms, sealing.days_without_power(lit, start_ms, end_ms))
