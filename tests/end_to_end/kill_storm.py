"""Kills agents, broker, ingest and its stores at drawn bytes of a drain, starts them again; a seed draws everything.

What a seed decides: who is killed in which order, after how many bytes on the victim's own lines, when the broker has
saved its store before, when that store is wiped, and whether the attendant waits for an answer. The operating system
still decides how far a process got with these bytes.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.end_to_end import kill_books
from tests.end_to_end.broker_radio import Radio
from tests.end_to_end.broker_village import Village
from tests.end_to_end.kill_books import is_drained
from tests.end_to_end.kill_cashier import Cashier
from tests.server_process import ServerProcess

BROKER, SERVE = "broker", "serve"
LEAST_BYTES = 500
QUANTUM_BYTES = 4_096
"""So much every agent may send at a time while it is another one's turn."""
WAIT_S = 0.1
TURN_LIMIT_S = 120.0
QUIET_S = 10.0
"""So long nothing has passed: they wait for an answer that was lost. They may be killed while they wait."""
CALM_LIMIT_S = 300.0
SAVE_LIMIT_S = 10.0
LAST_LINES = 15
HELD_UP = "the store does not take messages"
"""What ingest logs, once until they are taken."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One kill -9."""

    victim: str
    """A site's code, BROKER, SERVE or a store's name."""
    octets: int
    """On the victim's own lines, both ways, from the strike before; of a store, on the line that feeds it: ingest's."""
    saves: bool = False
    """The broker writes its store half way, so that an old one is found after the kill."""
    wipes: bool = False
    """That store is lost with the kill."""
    answered: bool = True
    """The attendant has her answer before the kill."""


def plan(seed: int, parties: Sequence[str], kills: int, wipes: int, most_bytes: int) -> list[Strike]:
    """The strikes of a run. `most_bytes` between two of them; most often it is far less."""
    chance = random.Random(seed)
    victims = [parties[number % len(parties)] for number in range(kills)]
    chance.shuffle(victims)
    wiped = set(chance.sample([at for at, victim in enumerate(victims) if victim == BROKER], wipes))
    strikes = []
    for at, victim in enumerate(victims):
        octets = int(math.exp(chance.uniform(math.log(LEAST_BYTES), math.log(most_bytes))))
        saves = victim == BROKER and (at in wiped or chance.random() < 0.5)
        strikes.append(Strike(victim, octets, saves, at in wiped, chance.random() < 0.5))
    return strikes


class Storm:
    """The village's processes and the lines between them."""

    def __init__(self, village: Village, seed: int, stores: Mapping[str, ServerProcess]) -> None:
        """`stores`: servers that `kayasol serve` keeps its facts in, by name; they run, and are left running."""
        self.village = village
        self.changed = threading.Condition()
        self.radios = {code: Radio(village.broker.port, self.changed, granted=0) for code in village.codes}
        self.wire = Radio(village.broker.port, self.changed)
        """Between broker and ingest."""
        self.serve = village.serve(self.wire.port)
        self.edges = {code: village.edge(code) for code in village.codes}
        self._victims: dict[str, ServerProcess] = {
            SERVE: self.serve,
            BROKER: village.broker,
            **stores,
            **self.edges,
        }
        self._stores = frozenset(stores)
        chance = random.Random(seed)
        self.cashiers = {code: Cashier(village.places.state(code), chance) for code in village.codes}
        self.kills: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()
        """Kills while bytes were on their way on the victim's lines and something was left to drain."""
        self.wiped_octets: list[int] = []
        self.story: list[str] = []
        """A line for each kill, for whoever has to understand a run."""

    @property
    def parties(self) -> Sequence[str]:
        """Who can be struck."""
        return tuple(self._victims)

    def start(self) -> None:
        for code, radio in self.radios.items():
            self.village.agent_config(code, radio.port)
        self.village.broker.start()
        self.serve.start()
        for edge in self.edges.values():
            edge.start()

    def strike(self, strike: Strike) -> None:
        """Let as many bytes pass as the strike says, then kill and start again."""
        begun_s = time.monotonic()
        self._connected(strike.victim)
        connected_s = time.monotonic()
        self._let_pass(strike)
        passed_s = time.monotonic()
        cashier = self.cashiers.get(strike.victim)
        if cashier is not None:
            cashier.ask_again()
            cashier.press()
            if strike.answered:
                cashier.ask_again()
        left = self._has_something_left(strike.victim)
        hit = left and any(line.is_connected and line.has_something_on_its_way for line in self._lines(strike.victim))
        victim = self._victims[strike.victim]
        assert victim.is_running, f"{strike.victim} had ended by itself: {victim.log_text()[-2000:]}"
        victim.kill9()
        if strike.victim not in self._stores:
            for line in self._lines(strike.victim):
                line.cut()
        self.wire.grant(None)
        self.kills[strike.victim] += 1
        self.hits[strike.victim] += hit
        if strike.wipes:
            self.wiped_octets.append(self.village.broker.store_file.stat().st_size)
            self.village.broker.wipe_store()
        victim.start()
        self.story.append(
            f"{strike.victim}: {connected_s - begun_s:.1f} s until connected, {passed_s - connected_s:.1f} s for "
            f"{strike.octets} bytes, {time.monotonic() - passed_s:.1f} s to kill{' and wipe' * strike.wipes}, hit {hit}"
        )

    def drain(self) -> None:
        """Let everything pass until every site has an answer for all that it keeps, then kill the agents."""
        for radio in self.radios.values():
            radio.grant(None)
        for code, edge in self.edges.items():
            state = self.village.places.state(code)
            while edge.is_running:
                self._until_drained(code)
                edge.kill9()
                if not is_drained(state):
                    edge.start()  # a row was committed between the look and the kill

    @property
    def held_up(self) -> int:
        """How often ingest stood with messages that it could not commit, because a store was away."""
        return self.serve.log_text().count(HELD_UP)

    def told(self) -> str:
        """What happened, in figures."""
        cashiers = self.cashiers.values()
        return (
            f"killed {dict(self.kills)}, with bytes on their way {dict(self.hits)}; "
            f"{sum(each.sum.sales for each in cashiers)} sales meanwhile, "
            f"{sum(each.recorded_before_the_answer for each in cashiers)} on the disk when a kill took the answer; "
            f"ingest held up by a store {self.held_up} times"
        )

    def close(self) -> None:
        for process in (*self.edges.values(), self.serve, self.village.broker):
            process.kill9() if process in self.edges.values() else process.stop()
        for radio in (*self.radios.values(), self.wire):
            radio.close()

    def _connected(self, victim: str) -> None:
        lines = self._lines(victim)
        self.until(lambda: any(line.is_connected for line in lines), TURN_LIMIT_S, f"{victim} connects")

    def _let_pass(self, strike: Strike) -> None:
        lines = self._lines(strike.victim)
        begun = seen = self._passed(lines)
        seen_s, saved = time.monotonic(), not strike.saves
        is_edge = strike.victim in self.radios
        if strike.victim != BROKER:
            lines[0].grant(strike.octets)

        def enough() -> bool:
            nonlocal saved, seen, seen_s
            if self._passed(lines) != seen:
                seen, seen_s = self._passed(lines), time.monotonic()
            passed = seen - begun
            if not saved and passed >= strike.octets // 2:
                saved = self._save()
            if not self._has_something_left(strike.victim):
                return True
            if not is_edge:
                self._feed()
            return passed >= strike.octets or time.monotonic() - seen_s > QUIET_S

        self.until(enough, TURN_LIMIT_S, f"{strike.octets} bytes pass at {strike.victim}")
        if not saved:
            self._save()

    def _until_drained(self, code: str) -> None:
        cashier, state = self.cashiers[code], self.village.places.state(code)
        self.until(lambda: cashier.ask_again() and is_drained(state), CALM_LIMIT_S, f"{code} drains")

    def _feed(self) -> None:
        if self.wire.client_owes:
            return  # more would only pile up in the broker, and be gone at once when ingest goes on
        for radio in self.radios.values():
            if radio.is_stalled:
                radio.grant(QUANTUM_BYTES)

    def _save(self) -> bool:
        file = self.village.broker.store_file
        before = file.stat().st_mtime_ns if file.exists() else 0
        self.village.broker.save()
        self.until(
            lambda: file.exists() and file.stat().st_mtime_ns > before, SAVE_LIMIT_S, "the broker saves its store"
        )
        return True

    def _lines(self, victim: str) -> list[Radio]:
        if victim == BROKER:
            return [*self.radios.values(), self.wire]
        return [self.radios.get(victim, self.wire)]

    def _has_something_left(self, victim: str) -> bool:
        sites = [victim] if victim in self.radios else self.village.codes
        return not all(is_drained(self.village.places.state(code)) for code in sites)

    def _as_it_stands(self) -> str:
        """What everybody keeps, has passed and said last, for whoever has to understand why nothing goes on."""
        kept = [f"{code} keeps {kill_books.kept(self.village.places.state(code))}" for code in self.village.codes]
        lines = {**self.radios, SERVE: self.wire}
        passed = [
            f"line of {name}: {line.passed} bytes in {line.connections} connections, connected {line.is_connected}, "
            f"stalled {line.is_stalled}, on its way {line.has_something_on_its_way}"
            for name, line in lines.items()
        ]
        said = [f"{name} said last: {process.last_words(LAST_LINES)}" for name, process in self._victims.items()]
        return "\n".join([*kept, *passed, *said])

    @staticmethod
    def _passed(lines: Sequence[Radio]) -> int:
        return sum(line.passed for line in lines)

    def until(self, condition: Callable[[], bool], limit_s: float, what: str) -> None:
        """Look again whenever bytes have passed, and now and then."""
        end_s = time.monotonic() + limit_s
        while not condition():
            gone = [name for name, process in self._victims.items() if process.has_ended_by_itself]
            assert not gone, f"{gone} ended while waited for: {what}\n{self._as_it_stands()}"
            assert time.monotonic() < end_s, f"not within {limit_s:.0f} s: {what}\n{self._as_it_stands()}"
            with self.changed:
                self.changed.wait(WAIT_S)
