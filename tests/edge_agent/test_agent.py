"""Stories of the whole agent: simulated devices on real drivers, power cuts at bad moments, clocks, refusals."""

from __future__ import annotations

import random

import pytest

from edge_agent import status
from edge_agent.drivers.base import Press
from edge_agent.transports.memory import MemoryLine
from firmware_sim.kiosk import BOARD, MPPT, SimulatedKiosk
from kiosk.errors import ConfigError
from kiosk.ledger.format import parse
from kiosk.reading import Reading
from kiosk.time import DAY_MS, TimeFix
from tests.edge_agent import site as module
from tests.edge_agent.site import MINUTE_MS, START_UTC_MS, Site

MORNING_UTC_MS = START_UTC_MS // DAY_MS * DAY_MS + 6 * 3_600_000


@pytest.fixture
def kiosk(site: Site) -> SimulatedKiosk:
    """The site's lines end at simulated devices."""
    simulated = SimulatedKiosk("damane", 4, MORNING_UTC_MS, faults=())
    site.lines = {"mppt": MemoryLine(simulated.lines[MPPT]), "shelf": MemoryLine(simulated.lines[BOARD])}
    site.clock.wall_ms = MORNING_UTC_MS
    return simulated


def pass_minutes(site: Site, kiosk: SimulatedKiosk, minutes: int, *, answer: bool = True) -> None:
    for _ in range(minutes):
        for _ in range(4):
            site.pass_ms(MINUTE_MS // 4)
            kiosk.advance(kiosk.now_utc_ms + MINUTE_MS // 4)
            site.agent.step()
            kiosk.pump()
        if answer:
            site.exchange()


def sales(site: Site) -> list[dict[str, str | int]]:
    book = site.agent.till.book
    found = [parse(record.payload) for log in book.logs for _, record in book.stored(log, 1, 100_000)]
    return [fields for fields in found if fields["t"] == "SALE"]


def presses(kiosk: SimulatedKiosk) -> int:
    """Taken by the board, by the simulator's own books."""
    return sum(sum(day.sales.values()) for day in kiosk.truth.days.values())


def test_a_day_at_the_kiosk_arrives_whole(site: Site, kiosk: SimulatedKiosk) -> None:
    site.start()
    pass_minutes(site, kiosk, 600)
    site.agent.close()
    assert len(sales_of(site)) == presses(kiosk) > 5
    amounts = [sum(day.amounts_minor.values()) for day in kiosk.truth.days.values()]
    assert sum(int(fields["amt"]) for fields in sales_of(site)) == sum(amounts)
    rows = site.receiver.rows[site.receiver.headers[-1].stream]
    assert sorted(rows) == list(range(1, 601))
    schema = next(iter(site.receiver.schemas.values()))
    voltage = schema.columns.index(("mppt", "battery_voltage_v", 2))
    assert all(row.values[voltage] is not None for number, row in rows.items() if number > 2)


def sales_of(site: Site) -> list[dict[str, str | int]]:
    """As the far end has them."""
    found = [parse(payload) for records in site.receiver.records.values() for payload in records.values()]
    return [fields for fields in found if fields["t"] == "SALE"]


@pytest.mark.parametrize("seed", range(3))
def test_power_cuts_at_any_moment_neither_lose_nor_repeat_a_press(site: Site, kiosk: SimulatedKiosk, seed: int) -> None:
    chance = random.Random(seed)
    site.start()
    for _ in range(25):
        pass_minutes(site, kiosk, chance.randrange(1, 20), answer=chance.random() < 0.7)
        site.agent.abandon()
        site.clock.mono_ms = 500
        site.start()
    pass_minutes(site, kiosk, 3)
    assert presses(kiosk) > 5
    assert len(sales(site)) == presses(kiosk)
    assert len({fields["id"] for fields in sales(site)}) == presses(kiosk)


def test_an_agent_killed_between_commit_and_answer_sells_once(
    site: Site, kiosk: SimulatedKiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PowerCutError(Exception):
        pass

    def cut(*_: object, **__: object) -> None:
        raise PowerCutError

    agent = site.start()
    monkeypatch.setattr(agent.poller, "answer", cut)
    with pytest.raises(PowerCutError):
        pass_minutes(site, kiosk, 600)
    assert len(sales(site)) == 1
    site.agent.abandon()
    site.start()
    kiosk.pump()
    for _ in range(3):
        site.pass_ms(3_000)
        kiosk.advance(kiosk.now_utc_ms + 3_000)
        site.agent.step()
        kiosk.pump()
    assert len(sales(site)) == presses(kiosk)
    assert len({fields["id"] for fields in sales(site)}) == len(sales(site))


def test_a_button_without_a_price_is_refused(site: Site) -> None:
    agent = site.start()
    answers: list[tuple[object, ...]] = []
    agent.poller.answer = lambda *given, **named: answers.append((*given[2:], *named.values()))  # type: ignore[method-assign]
    agent._happened("shelf", Press("ab" * 16, "G", 0, "00" * 8, 1))
    assert answers == [(False, "no-tariff")]
    agent._happened("shelf", Press("ac" * 16, "A", -1, "00" * 8, 2))
    assert answers[1] == (True,)
    assert sales(site)[0]["why"] == "late:-1"


@pytest.mark.parametrize("years", [-10, 10])
def test_a_clock_years_off_changes_neither_order_nor_dates(site: Site, years: int) -> None:
    site.clock.wall_ms = START_UTC_MS + years * 365 * DAY_MS
    site.start()
    site.agent.till.sale("phone")
    site.advance(15, answer=True)
    assert site.receiver.headers[-1].clock.source == "none"
    walls = {parse(payload)["wall"] for records in site.receiver.records.values() for payload in records.values()}
    assert walls == {0}
    site.deliver(site.receiver.message([site.receiver.time_answer(START_UTC_MS)]))
    site.agent.till.sale("phone")
    assert abs(int(sales(site)[-1]["wall"]) - START_UTC_MS) < DAY_MS


def fix_of(site: Site) -> TimeFix | None:
    return site.agent.keeper.fix


def test_the_system_s_clock_counts_only_while_a_time_service_keeps_it(site: Site) -> None:
    site.start()
    site.advance(2)
    assert fix_of(site) is None
    site.synchronised = 15
    site.advance(1)
    fix = fix_of(site)
    assert fix is not None
    assert (fix.source, fix.utc_ms) == ("ntp", site.clock.wall_ms)


def test_an_agent_that_starts_again_on_the_same_machine_keeps_its_time(site: Site) -> None:
    site.start()
    site.agent.offer_time("ntp", START_UTC_MS, 20)
    site.pass_ms(60_000)
    site.power_cut(reboot=False)
    fix = fix_of(site)
    assert fix is not None
    assert fix.utc_at(site.clock.mono_ms) == START_UTC_MS + 60_000
    site.power_cut(reboot=True)
    assert fix_of(site) is None
    site.agent.till.sale("phone")
    assert sales(site)[-1]["clk"] == "saved"


def test_a_charger_that_reports_an_error_is_heard_at_once(site: Site) -> None:
    site.begin()
    site.agent._notice([Reading("mppt", {"charger_error": 2})])
    site.advance(1)
    assert site.exchange() == 1
    site.agent._notice([Reading("mppt", {"charger_error": 2})])
    site.advance(1)
    assert site.exchange() == 0


@pytest.mark.parametrize(("old", "new"), [('code = "damane"', 'code = "louda"'), ('name = "shelf"', 'name = "link"')])
def test_a_configuration_that_contradicts_the_device_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    monkeypatch.setattr(module, "CONFIG", module.CONFIG.replace(old, new))
    with pytest.raises(ConfigError):
        site.start()


def test_a_folder_that_was_not_accepted_is_refused(site: Site) -> None:
    (site.folder / "act.json").unlink()
    with pytest.raises(ConfigError, match="kayasol-edge accept"):
        site.start()


def test_the_status_names_every_part(site: Site) -> None:
    agent = site.start()
    agent.till.sale("phone")
    site.advance(20, answer=True)
    said = agent.status()
    assert said["ledger"]["box_minor"] == 100  # type: ignore[index]
    lines = "\n".join(status.lines(said))
    assert "mppt (victron-vedirect): silent" in lines
    assert "link: connected" in lines
