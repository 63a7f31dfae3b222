"""The command as a person types it: a real process where one runs, clear errors and exit codes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent import commission, local_socket
from edge_agent.main import main
from tests.edge_agent.broker_ends import until
from tests.edge_agent.site import Site
from tests.edge_agent.test_commission import answer_to
from tests.mosquitto import MosquittoServer

CONFIG = """
[site]
code = "damane"
name = "École de Damané"
[agent]
state = "{state}"
[broker]
host = "127.0.0.1"
port = {port}
plain_loopback = true
[[device]]
name = "mppt"
driver = "victron-vedirect"
port = "{line}"
[[tariff]]
service = "phone"
name = "Téléphone"
price = 100
"""


@pytest.fixture
def line() -> Iterator[str]:
    """A serial line that nobody speaks on."""
    master, slave = pty.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


@pytest.fixture
def config(tmp_path: Path, line: str) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(CONFIG.format(state=tmp_path / "s", port=1, line=line))
    return path


def commissioned(folder: Path, authority: Path) -> None:
    request = commission.begin(folder, "damane", os.urandom)
    commission.accept(folder, answer_to(request, authority))


def test_commissioning_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state"
    assert main(["init", "--site", "damane", "--out", str(state)]) == 0
    request = state / "damane.request.json"
    assert str(request) in capsys.readouterr().out
    answer = tmp_path / "answer.json"
    answer.write_bytes(answer_to(request.read_bytes(), tmp_path / "ca"))
    assert main(["accept", str(answer), "--state", str(state), "--coins", "250"]) == 0
    assert "commissioned" in capsys.readouterr().out
    assert commission.load(state).coins == 250
    assert main(["init", "--site", "damane", "--out", str(state)]) == 2
    assert main(["init", "--site", "damane", "--out", str(state), "--again"]) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["run"],
        ["init", "--site", "damane"],
        ["accept", "x"],
        ["sale", "-c", "x"],
        ["sale", "-c", "x", "phone", "--pay", "cheque"],
        ["sale", "-c", "x", "phone", "--qty", "two"],
    ],
)
def test_wrong_arguments_end_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "-c", "nowhere.toml"],
        ["check", "-c", "nowhere.toml"],
        ["status", "-c", "nowhere.toml"],
        ["init", "--site", "É", "--out", "nowhere"],
        ["accept", "nowhere.json", "--state", "nowhere"],
        ["decode", "victron"],
    ],
)
def test_what_a_person_must_correct_ends_with_2_and_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("kayasol-edge: ")
    assert error.count("\n") == 1


def test_asking_without_an_agent_says_what_to_do(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "-c", str(config)]) == 2
    assert "kayasol-edge run" in capsys.readouterr().err


def test_check_names_what_is_missing_and_is_content_when_nothing_is(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "-c", str(config)]) == 1
    assert "NOT  state folder" in capsys.readouterr().out
    commissioned(tmp_path / "s", tmp_path / "ca")
    assert main(["check", "-c", str(config)]) == 0
    (tmp_path / "s" / commission.LEDGER_KEY).chmod(0o644)
    assert main(["check", "-c", str(config)]) == 1
    assert "chmod 600" in capsys.readouterr().out


def test_check_sees_a_line_that_is_not_there(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commissioned(tmp_path / "s", tmp_path / "ca")
    config.write_text(config.read_text().replace("/dev/pts", "/dev/nowhere"))
    assert main(["check", "-c", str(config)]) == 1
    assert "cable plugged in" in capsys.readouterr().out


def test_an_agent_runs_sells_tells_and_ends_in_order(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "s"
    commissioned(state, tmp_path / "ca")
    config = tmp_path / "agent.toml"
    with MosquittoServer(tmp_path / "broker") as broker:
        config.write_text(CONFIG.format(state=state, port=broker.port, line=line))
        command = [sys.executable, "-m", "edge_agent.main", "run", "-c", str(config)]
        agent = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            until((state / "agent.sock").exists, lambda: None)
            until(lambda: local_socket.ask(state / "agent.sock", {"do": "status"})["link"]["connected"], lambda: None)
            assert main(["run", "-c", str(config)]) == 2, "a second agent on the same state"
            assert "another agent" in capsys.readouterr().err
            assert main(["sale", "-c", str(config), "phone", "--qty", "2"]) == 0
            assert "200, box 200" in capsys.readouterr().out
            assert main(["sale", "-c", str(config), "ghost"]) == 1
            assert main(["status", "-c", str(config)]) == 0
            assert "link: connected" in capsys.readouterr().out
            assert main(["status", "-c", str(config), "--json"]) == 0
            assert json.loads(capsys.readouterr().out)["ledger"]["box_minor"] == 200
            agent.send_signal(signal.SIGTERM)
            _, error = agent.communicate(timeout=15)
        finally:
            agent.kill()
            agent.wait()
    assert agent.returncode == 0
    assert "ended in order" in error
    assert not (state / "agent.sock").exists()


def test_a_sale_goes_at_once_where_the_configuration_says_so(
    tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    state, config = tmp_path / "s", tmp_path / "agent.toml"
    commissioned(state, tmp_path / "ca")

    def frames_under_way() -> int:
        link = local_socket.ask(state / "agent.sock", {"do": "status"})["link"]
        return int(link["frames_in_flight"])

    with MosquittoServer(tmp_path / "broker") as broker:
        text = CONFIG.format(state=state, port=broker.port, line=line)
        config.write_text(text.replace("[broker]", "[broker]\nsales_at_once = true"))
        agent = subprocess.Popen([sys.executable, "-m", "edge_agent.main", "run", "-c", str(config)])
        try:
            until((state / "agent.sock").exists, lambda: None)
            until(lambda: frames_under_way() == 1, lambda: None)
            assert main(["sale", "-c", str(config), "phone"]) == 0
            until(lambda: frames_under_way() == 2, lambda: None)
        finally:
            agent.kill()
            agent.wait()
    assert "box 100" in capsys.readouterr().out


def test_a_killed_agent_has_kept_what_it_answered(tmp_path: Path, line: str) -> None:
    state = tmp_path / "s"
    commissioned(state, tmp_path / "ca")
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG.format(state=state, port=9, line=line))
    sold = 0
    for _ in range(2):
        command = [sys.executable, "-m", "edge_agent.main", "run", "-c", str(config)]
        agent = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            until((state / "agent.sock").exists, lambda: None)
            for _ in range(5):
                answer = local_socket.ask(state / "agent.sock", {"do": "sale", "service": "phone"})
                assert answer["ok"]
                sold += 100
                assert answer["box_minor"] == sold
        finally:
            agent.kill()
            agent.wait()
        (state / "agent.sock").unlink()


def test_decoding_needs_no_configuration(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    command = [sys.executable, "-m", "edge_agent.main", "decode", "victron-vedirect"]
    ended = subprocess.run(command, input=b"rubbish", capture_output=True, check=False)
    assert ended.returncode == 1
    assert b"good=0" in ended.stderr
