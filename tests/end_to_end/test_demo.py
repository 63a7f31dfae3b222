"""`kayasol demo` as a newcomer types it: two days of history, live values, an end that leaves nothing, and going on."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kayasol.demo.places import Places, Village
from kiosk.time import day_of
from tests.end_to_end.broker_village import ROOT, quick_folder
from tests.end_to_end.far_clock import wait_for
from tests.process_table import Process, descendants
from tests.server_process import free_port

READY_S, END_S = 180.0, 40.0
LIVE_S = 20
SUMS = re.compile(r"^  (\w+): (\d+) sales, (\d+) F: .*= server = API$", re.MULTILINE)
DARK = re.compile(r"^  (\w+): (\d+) sales, (\d+) F: .*; no power there now, .* wait on its disk: ", re.MULTILINE)
CODES = Village().codes


@dataclass(frozen=True)
class Demo:
    """A demo that runs and is ready."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int
    folder: Path

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return json.load(answer)

    def age_s(self, code: str) -> int | None:
        """Of the newest value of a site's charge controller."""
        values = self.get(f"/api/v1/sites/{code}/latest")["values"]
        return min((value["age_s"] for value in values if value["device"] == "mppt"), default=None)

    def agent_off_ms(self, code: str) -> int:
        """By the figures, over all days."""
        days = self.get(f"/api/v1/sites/{code}/days")["days"]
        return sum(day["figures"]["agent"]["down_ms"] for day in days)

    def sites_with_power(self) -> list[str]:
        """A kiosk whose battery gave up has no agent now: that is no fault of the demo."""
        words = [each.words for each in descendants(self.process.pid)]
        return [code for code in CODES if any(str(Places(self.folder).agent_toml(code)) in each for each in words)]


@contextmanager
def demo(folder: Path, log: Path) -> Iterator[Demo]:
    """Runs until the end of the block; what is left then is ended, and told as a failure by the tests themselves."""
    port = free_port()
    words = [sys.executable, "-m", "kayasol", "demo", "--days", "2", "--folder", str(folder), "--port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment(), start_new_session=True
        )
    running = Demo(process, log, port, folder)
    try:
        wait_for(lambda: "Ready after" in running.said or process.poll() is not None, lambda: running.said, READY_S)
        assert process.poll() is None, running.said
        yield running
    finally:
        family = descendants(process.pid)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for each in family:
            if each.lives:
                os.kill(each.pid, signal.SIGKILL)


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "200", "NO_COLOR": "1"}


@dataclass(frozen=True)
class Story:
    """What was seen of two starts, one after the other."""

    sums: tuple[Mapping[str, tuple[str, str]], Mapping[str, tuple[str, str]]]
    """At both starts: site -> sales and francs that were said to be the same in all books, or to wait in the dark."""
    dark: tuple[set[str], set[str]]
    """At both starts: sites of which that was said. The demo's past cuts the power of one from 14:12 to 15:42 UTC."""
    days: Mapping[str, list[str]]
    ages_s: Mapping[str, int | None]
    off_ms: Mapping[str, tuple[int, int]]
    """Site -> how long its agent was off, before the end and after the second start."""
    exit_code: int
    left_over: list[Process]
    family: list[Process]
    first_said: str
    second_said: str


def sums_of(said: str) -> dict[str, tuple[str, str]]:
    return {code: (sales, francs) for code, sales, francs in [*SUMS.findall(said), *DARK.findall(said)]}


def dark_of(said: str) -> set[str]:
    return {code for code, _, _ in DARK.findall(said)}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    logs = tmp_path_factory.mktemp("demo")
    with quick_folder("demo") as folder:
        with demo(folder, logs / "first.log") as first:
            sites = first.sites_with_power()
            ages = {code: live_age(first, code) for code in sites}
            days = {code: [day["day"] for day in first.get(f"/api/v1/sites/{code}/days")["days"]] for code in CODES}
            before = {code: first.agent_off_ms(code) for code in sites}
            family = descendants(first.process.pid)
            first.process.send_signal(signal.SIGINT)
            wait_for(lambda: "Stopping" in first.said, lambda: first.said)
            first.process.send_signal(signal.SIGINT)  # by somebody who cannot wait
            exit_code = first.process.wait(END_S)
            left_over = [each for each in family if each.lives]
        with demo(folder, logs / "second.log") as second:
            wait_for(second.sites_with_power, lambda: second.said)
            both = [code for code in sites if code in second.sites_with_power()]
            for code in both:
                wait_for(lambda code=code: second.agent_off_ms(code) > before[code], lambda: second.said)  # type: ignore[misc]
            off = {code: (before[code], second.agent_off_ms(code)) for code in both}
            return Story(
                (sums_of(first.said), sums_of(second.said)), (dark_of(first.said), dark_of(second.said)),
                days, ages, off, exit_code, left_over, family, first.said, second.said,
            )  # fmt: skip


def live_age(running: Demo, code: str) -> int | None:
    """Once a live row has come: the first ones are on their way when the demo says that it is ready."""
    wait_for(lambda: (age := running.age_s(code)) is not None and age < LIVE_S, lambda: f"{code}: {running.said}")
    return running.age_s(code)


def test_three_sites_have_their_history_and_the_same_money_in_every_book(story: Story) -> None:
    first, second = story.sums
    assert set(first) == set(second) == set(CODES), story.first_said + story.second_said
    assert all(len(dark) <= 1 for dark in story.dark)
    for code in CODES:
        assert len(story.days[code]) == 3, "two days back and today"
        assert story.days[code][-1] >= day_of(0)
        assert int(first[code][0]) > 50
        assert int(second[code][1]) >= int(first[code][1])


def test_sites_with_power_are_live(story: Story) -> None:
    assert len(story.ages_s) >= 2
    assert all(age is not None and age < LIVE_S for age in story.ages_s.values())


def test_an_interrupt_ends_every_process(story: Story) -> None:
    assert story.exit_code == 0
    assert len(story.family) >= 5, "broker, server, hardware and agents"
    assert story.left_over == []
    assert "Traceback" not in story.first_said


def test_a_second_start_goes_on_and_the_time_between_is_a_gap(story: Story) -> None:
    assert "Going on with the demo" in story.second_said
    assert story.off_ms
    for before_ms, after_ms in story.off_ms.values():
        assert after_ms > before_ms + 1_000


def run_words(program: str, *words: str) -> tuple[int, str]:
    """Exit code and everything that was said."""
    done = subprocess.run(
        [sys.executable, "-m", program, *words], capture_output=True, text=True, timeout=60, check=False,
        env=environment(),
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("program", "words", "code", "says"),
    [
        ("kayasol", "", 2, "COMMAND [ARGS]"),
        ("kayasol", "frobnicate", 2, "No such command 'frobnicate'"),
        ("kayasol", "demo --port 99999", 2, "65535"),
        ("kayasol", "demo --days 0 --folder {tmp}/demo", 2, "greater than or equal to 1"),
        ("kayasol", "demo --folder {tmp} --port {port}", 1, "choose another --folder"),
        ("kayasol", "demo --folder {tmp}/demo --port {taken}", 1, "choose one: kayasol demo --port"),
        ("kayasol", "site add {tmp}/damaged.json --name N --commune C --folder {tmp}/s", 1, "copy it again from"),
        ("kayasol", "site add {tmp}/absent.json --name N --commune C --folder {tmp}/s", 1, "`kayasol-edge init` wrote"),
        ("kayasol", "serve --folder {tmp}/s --port {port}", 1, "run `kayasol broker` first"),
        ("edge_agent", "", 2, "usage: kayasol-edge"),
        ("edge_agent", "frobnicate", 2, "invalid choice: 'frobnicate'"),
        ("edge_agent", "run -c {tmp}/absent.toml", 2, "sample.toml there and adapt it"),
        ("edge_agent", "status -c {tmp}/damaged.json", 2, "not TOML"),
        ("edge_agent", "init --site Damané --out {tmp}/state", 2, "a-z 0-9 -"),
        ("edge_agent", "accept {tmp}/damaged.json --state {tmp}/state", 2, "`kayasol site add` wrote"),
        ("edge_agent", "decode victron-vedirekt", 2, "victron-vedirect"),
    ],
)  # fmt: skip
def test_a_wrong_command_says_what_to_do(tmp_path: Path, program: str, words: str, code: int, says: str) -> None:
    (tmp_path / "damaged.json").write_text("{", encoding="utf-8")
    with taken_port() as taken:
        written = words.format(tmp=tmp_path, port=free_port(), taken=taken).split()
        exit_code, said = run_words(program, *written)
    assert says in " ".join(said.split())
    assert exit_code == code
    assert "Traceback" not in said
    assert (tmp_path / "damaged.json").exists()


@contextmanager
def taken_port() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])
