"""The whole agent on one page: lines -> poller -> outbox, presses -> till, both -> publisher -> link -> receipts.

The only file that sees every part. It is driven by `step()`, which never blocks and never sleeps: on a Pi by main.py,
in a simulated month by whoever holds the clock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

from edge_agent import commission, state_file, status
from edge_agent.clock import Machine
from edge_agent.commission import Commissioned
from edge_agent.config import Config
from edge_agent.desk import Desk
from edge_agent.downlink import Downlink
from edge_agent.drivers import create
from edge_agent.drivers.base import NO_TARIFF, STORAGE, Event, Press
from edge_agent.frames import FrameCutter
from edge_agent.link import Link
from edge_agent.local_socket import LocalSocket
from edge_agent.minute import row_values
from edge_agent.outbox.boots import Boots
from edge_agent.outbox.database import StorageFull
from edge_agent.outbox.outbox import Outbox
from edge_agent.poller import PolledDevice, Poller
from edge_agent.publisher import Publisher
from edge_agent.sampling import Sampling
from edge_agent.self_metrics import LinkMeter, MachineMeter, NoLine
from edge_agent.till.book import Book
from edge_agent.till.duties import Identity, Price, Shelf
from edge_agent.till.errors import TillError
from edge_agent.till.till import Till
from edge_agent.time_source import RTC_UNCERTAINTY_MS, TimeKeeper, rtc_is_believed
from edge_agent.transports.base import Transport
from kiosk.errors import ConfigError
from kiosk.metric import CATALOGUE
from kiosk.reading import AGENT, LINK, OWN_DEVICES, Reading
from kiosk.time import DAY_MS, Clock, TimeFix
from kiosk.wire import topics

CHORES_EVERY_MS = 60_000
LATE_PRESS_MS = 60_000
SOCKET = "agent.sock"


class Agent:
    """One kiosk's agent, for one life."""

    def __init__(
        self, config: Config, *, clock: Clock, transports: Mapping[str, Transport], link: Link,
        entropy: Callable[[int], bytes], state: Path, log: logging.Logger,
        machine: Machine | None = None, synchronised_ms: Callable[[], int | None] | None = None,
        sales_at_once: bool = False, with_socket: bool = False, page_limit: int = 0,
    ) -> None:  # fmt: skip
        """Begin a life: boot number, time, ledger, lines; the link starts to connect.

        `transports` by device name. `machine`: serial numbers and boot id of the computer. `synchronised_ms`: error of
        the system's clock while a time service keeps it right, None if none does. `sales_at_once` sends a frame for
        each sale instead of waiting for the cadence. `with_socket` answers other programs of this computer on
        `state`/agent.sock. Raises ConfigError, StorageFull.
        """
        own = commission.load(state)
        _check_identity(config, own)
        self._clock, self._entropy, self._log = clock, entropy, log
        self._synchronised_ms = synchronised_ms
        self._sales_at_once = sales_at_once
        self._machine = machine or Machine()
        self.link = link
        self.poller = Poller(_devices(config, transports, link, self._machine), log)
        self._shelf: Shelf | None = None
        self._charger_errors: dict[str, int] = {}
        self._pruned_day = 0
        now_ms = clock.monotonic_ms()
        self._sampling = Sampling(config.agent.sample_s, now_ms)
        self._next_chores_ms = now_ms
        self._low_battery = round(config.agent.low_battery_v * 10 ** CATALOGUE["battery_voltage_v"].decimals)
        self.database, why = state_file.open_or_renew(state, log, page_limit)
        self._keep(config, own, state, now_ms)
        self._send(config, own, now_ms)
        self._begin(config, own, why)
        self.desk = Desk(self.till, status=self.status, offer_time=self.offer_time, written=self._sold)
        self._socket = LocalSocket(state / SOCKET, self.desk.answer) if with_socket else None
        link.start()

    def _keep(self, config: Config, own: Commissioned, state: Path, now_ms: int) -> None:
        """What is kept: rows, lives, time, money."""
        self.outbox = Outbox(
            self.database, chunk_rows=config.agent.chunk_rows, rows_max=config.limits.outbox_rows, entropy=self._entropy
        )
        self.boots = Boots(self.database, state / "boot.number")
        self.life = self.database.with_room(
            lambda: self.boots.begin(now_ms, self._machine.boot_id, self._entropy), self.outbox.make_room
        )
        self.outbox.begin_boot(self.life.boot, self.life.number)
        self.keeper = TimeKeeper(self.life.boot, now_ms, self.life.before, self._entropy)
        book = Book(
            self.database, own.ledger_key, site=own.site, dev=own.dev, currency=own.currency,
            make_room=self.outbox.make_room,
        )  # fmt: skip
        self.till = Till(
            self.database, self.boots, book, Identity(own.site, own.dev, own.currency, own.act_hash, own.coins),
            life=self.life, machine=self._machine, keeper=self.keeper, clock=self._clock, entropy=self._entropy,
            shelf=lambda: self._shelf, log=self._log,
        )  # fmt: skip

    def _send(self, config: Config, own: Commissioned, now_ms: int) -> None:
        """What is sent, and what comes back."""
        cadence_s, book = config.broker.cadence_s, self.till.book
        cutter = FrameCutter(
            own.site, own.dev, cadence_s,
            life=self.life, outbox=self.outbox, boots=self.boots, till=self.till, keeper=self.keeper,
        )  # fmt: skip
        self.publisher = Publisher(
            topics.up(own.site), cadence_s, cutter=cutter, link=self.link, outbox=self.outbox, boots=self.boots,
            book=book, entropy=self._entropy, now_ms=now_ms,
        )  # fmt: skip
        self.downlink = Downlink(
            own.site, own.dev, ingest_keys=own.ingest_keys, database=self.database, outbox=self.outbox,
            boots=self.boots, till=self.till, keeper=self.keeper, publisher=self.publisher,
            live=lambda live: self._sampling.watch(live, self._clock.monotonic_ms()),
        )  # fmt: skip

    def step(self) -> None:
        """One turn of everything that is due now."""
        now_ms = self._clock.monotonic_ms()
        for device, event in self.poller.pump(now_ms):
            self._happened(device, event)
        if self._sampling.is_due(now_ms):
            self._sample(now_ms)
        if self._socket is not None:
            self._socket.turn()
        for message in self.link.received():
            self.downlink.take(message, now_ms)
        if now_ms >= self._next_chores_ms:
            self._next_chores_ms = now_ms + CHORES_EVERY_MS
            self._chores(now_ms)
        self.link.turn(now_ms)
        self.publisher.turn(now_ms)

    def status(self) -> dict[str, object]:
        """How everything stands, for a person on site."""
        return status.report(self, self._clock.monotonic_ms())

    def filenos(self) -> list[int]:
        """What to wait on between two steps."""
        return self.poller.filenos() + ([] if self._socket is None else self._socket.filenos())

    def _sold(self) -> None:
        """A record was written that somebody waits for; it goes at once where the site's setting says so."""
        if self._sales_at_once:
            self.publisher.ask_now(with_rows=False)

    def offer_time(self, source: str, utc_ms: int, uncertainty_ms: int) -> bool:
        """A time from outside (typed, phone, modem, gnss, rtc); True if it is better than what was believed."""
        fix = TimeFix(self.life.boot, self._clock.monotonic_ms(), utc_ms, source, uncertainty_ms)
        if not self.keeper.offer(fix):
            return False
        self.till.time_fix(fix)
        return True

    def close(self) -> None:
        """An orderly end: rows in memory are committed, lines and link given back."""
        self.outbox.commit(self._clock.monotonic_ms())
        self._give_back()
        self.link.stop()
        self.database.close()

    def abandon(self) -> None:
        """The end that a power cut makes, for simulations: nothing is committed, nothing is said."""
        self._give_back()
        self.database.close()

    def _give_back(self) -> None:
        self.poller.close()
        if self._socket is not None:
            self._socket.close()

    def _begin(self, config: Config, own: Commissioned, store_lost: str) -> None:
        """What a new life owes the ledger and the outbox before the first press."""
        self.till.open(store_lost)
        if self.life.carried is not None and self.keeper.offer(self.life.carried):
            self.till.time_fix(self.life.carried)
        self._look_at_system_clock()
        if config.agent.rtc:
            self._look_at_rtc(own.issued_ms)
        self.till.take_prices([Price(each.service, each.price, each.button) for each in config.tariffs])
        self.outbox.use_schema(self.poller.schema(), self._clock.monotonic_ms())

    def _happened(self, device: str, event: Event) -> None:
        """A press becomes a sale before the board hears that it did; sessions are in the shelf's counters."""
        if not isinstance(event, Press):
            self.poller.answer(device, event, accepted=True)
            return
        service = self.till.service_of(event.button)
        if service is None:
            self.poller.answer(device, event, accepted=False, reason=NO_TARIFF)
            return
        why = "" if 0 <= event.age_ms < LATE_PRESS_MS else f"late:{event.age_ms}"
        try:
            self.till.sale(service, press_id=event.press_id, why=why)
        except StorageFull:
            self._log.exception("a sale could not be written: free some space on the disk")
            self.poller.answer(device, event, accepted=False, reason=STORAGE)
            return
        self.poller.answer(device, event, accepted=True)
        self._sold()

    def _sample(self, now_ms: int) -> None:
        """One row of all devices, at its instant."""
        self._sampling.begin_row(now_ms)
        readings = self.poller.sample(now_ms)
        schema = self.poller.schema()
        self.outbox.use_schema(schema, now_ms)
        self._notice(readings)
        values, flags = row_values(schema, readings)
        self.outbox.append(now_ms, values, flags)
        if any(reading.values.get("battery_voltage_v", self._low_battery) < self._low_battery for reading in readings):
            # The controller may cut the power at any minute, and rows in memory with it.
            self.outbox.commit(now_ms)
        if self._sampling.is_live(now_ms):
            self.publisher.ask_now()

    def _notice(self, readings: list[Reading]) -> None:
        """What till and publisher want to know of readings: the shelf's counters, a charger that reports an error."""
        for reading in readings:
            values = reading.values
            if "shelf_energy_total_wh" in values:
                self._shelf = Shelf(values["shelf_energy_total_wh"], values.get("shelf_sessions_total", 0))
            error = values.get("charger_error", 0)
            if error != self._charger_errors.get(reading.device, 0):
                self._charger_errors[reading.device] = error
                if error:
                    self.publisher.ask_now()

    def _chores(self, now_ms: int) -> None:
        """Once a minute: the system's clock, the seal of 24 hours, the reserve, what is old enough to go."""
        self._look_at_system_clock()
        try:
            if self.till.seal_is_due:
                self.till.seal()
        except TillError:
            self._log.info("nothing was written since the last seal: no new one")
        except StorageFull:
            self._log.exception("the day could not be sealed: free some space on the disk")
        if self.database.short_of_space and not self.database.recover():
            self.outbox.make_room()
        utc_ms = self.keeper.trusted_utc_ms(now_ms)
        if utc_ms is not None and utc_ms // DAY_MS != self._pruned_day:
            self._pruned_day = utc_ms // DAY_MS
            self._tidy(self._pruned_day)

    def _tidy(self, utc_day: int) -> None:
        """Once a day: records kept long enough, schemas and boots that nothing refers to."""
        try:
            self.till.book.prune(utc_day)
            with self.database.transaction():
                self.outbox.forget_schemas()
                oldest = self.outbox.oldest
                oldest_boot = self.life.number if oldest is None else oldest.boot_number
                self.boots.forget_before(min(oldest_boot, self.till.sealed_boot))
        except StorageFull:
            self._log.warning("tidying up waits for some free space on the disk")

    def _look_at_system_clock(self) -> None:
        error_ms = None if self._synchronised_ms is None else self._synchronised_ms()
        if error_ms is not None:
            self.offer_time("ntp", self._clock.wall_utc_ms(), error_ms)

    def _look_at_rtc(self, issued_ms: int) -> None:
        """The system began with the time of its battery-backed clock, which is believed unless it is absurd."""
        utc_ms = self._clock.wall_utc_ms()
        if rtc_is_believed(utc_ms, issued_ms):
            self.offer_time("rtc", utc_ms, RTC_UNCERTAINTY_MS)
        else:
            self._log.warning("the computer's own clock is years off: set it, and look at its battery")


def _check_identity(config: Config, own: Commissioned) -> None:
    for name, said, is_ in (("code", config.site.code, own.site), ("currency", config.site.currency, own.currency)):
        if said != is_:
            raise ConfigError(f"[site] {name} is {said!r}, the act says {is_!r}: correct the configuration file")


def _devices(config: Config, transports: Mapping[str, Transport], link: Link, machine: Machine) -> list[PolledDevice]:
    """The configuration's devices on their lines, then the agent's own two."""
    devices = []
    for device in config.devices:
        if device.name in OWN_DEVICES:
            raise ConfigError(f"[[device]] {device.name}: the agent uses this name itself; choose another")
        line = transports[device.name]
        devices.append(PolledDevice(device.name, create(device.driver, device.name, line, device.options), line))
    devices.append(PolledDevice(LINK, LinkMeter(link), NoLine()))
    devices.append(PolledDevice(AGENT, MachineMeter(machine), NoLine()))
    return devices
