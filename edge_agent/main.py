"""The command `kayasol-edge`: commissioning, running, checking, asking. Composes; rules live in the parts.

Exit codes: 0 done; 1 it ran and the answer is no; 2 a person must correct an argument, a file or a setting.
What only a short command needs is imported by that command, so that `run` does not carry it for months.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import logging
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from edge_agent import commission, config, local_socket, ports, status
from edge_agent.agent import SOCKET, Agent
from edge_agent.clock import Machine, SystemClock, kernel_sync_error_ms
from edge_agent.mqtt_link import MqttLink
from edge_agent.outbox.database import StorageFull
from edge_agent.watchdog import Watchdog
from kiosk.errors import ConfigError

WAIT_S = 0.2
"""Longest pause between two steps; bytes on a line or the socket end it earlier."""
LOCK = "agent.lock"
_PRESS_BYTES = 16
_WRONG = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (ConfigError, StorageFull) as error:
        sys.stderr.write(f"kayasol-edge: {error}\n")
        return _WRONG
    except BrokenPipeError:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kayasol-edge", description="The agent on a kiosk's computer.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = commands.add_parser("init", help="make this device's keys and a request for the server")
    command.add_argument("--site", required=True, help="site code, as on the server: 2 to 24 of a-z 0-9 -")
    command.add_argument("--out", required=True, type=Path, help="state folder; becomes [agent] state")
    command.add_argument("--again", action="store_true", help="write the request of keys that exist once more")
    command.set_defaults(run=_init)

    command = commands.add_parser("accept", help="take what the server answered to the request")
    command.add_argument("answer", type=Path, help="the file that `kayasol site add` wrote")
    command.add_argument("--state", required=True, type=Path, help="the folder given to init")
    command.add_argument("--coins", type=int, default=0, help="counted in the cash box now, in minor units")
    command.set_defaults(run=_accept)

    for name, run, words in (
        ("run", _run, "run the agent until it is told to end"),
        ("check", _check, "look at configuration, files, lines and certificates, and say what to do"),
    ):
        command = commands.add_parser(name, help=words)
        _with_config(command)
        command.set_defaults(run=run)

    command = commands.add_parser("status", help="ask the running agent how it does")
    _with_config(command)
    command.add_argument("--json", action="store_true", help="everything, as JSON")
    command.set_defaults(run=_status)

    command = commands.add_parser("sale", help="record a sale through the running agent")
    _with_config(command)
    command.add_argument("service", help="a service of the tariff")
    command.add_argument("--qty", type=int, default=1)
    command.add_argument("--pay", default="cash", choices=("cash", "mobile", "credit", "free", "none"))
    command.add_argument("--ticket", default="")
    command.add_argument("--op", default="", help="who sells")
    command.set_defaults(run=_sale)

    command = commands.add_parser("decode", help="recorded or piped bytes to JSON lines")
    command.add_argument("driver", help="name of the driver, such as victron-vedirect")
    command.set_defaults(run=_decode)

    command = commands.add_parser("detect", help="tell what is on a serial port; asks read-only questions")
    command.add_argument("ports", nargs="+", help="such as /dev/ttyUSB0")
    command.set_defaults(run=_detect)
    return parser


def _with_config(command: argparse.ArgumentParser) -> None:
    command.add_argument("-c", "--config", required=True, type=Path, help="agent.toml")


def _init(options: argparse.Namespace) -> int:
    folder: Path = options.out
    again: bool = options.again
    request = commission.request_again(folder) if again else commission.begin(folder, options.site, os.urandom)
    path = folder / f"{options.site}.request.json"
    path.write_bytes(request)
    sys.stdout.write(
        f"keys made in {folder}; they never leave it\n"
        f"1. carry {path} to the server; there: kayasol site add\n"
        f"2. carry its answer back; here: kayasol-edge accept ANSWER --state {folder}\n"
    )
    return 0


def _accept(options: argparse.Namespace) -> int:
    try:
        answer = options.answer.read_bytes()
    except OSError as error:
        raise ConfigError(f"{options.answer} cannot be read ({error.strerror})") from error
    own = commission.accept(options.state, answer, options.coins)
    sys.stdout.write(
        f"device {own.dev} of site {own.site} is commissioned; key fingerprint {own.ledger_key.key_id}\n"
        "write the fingerprint on the paper act; then: kayasol-edge check -c agent.toml\n"
    )
    return 0


def _run(options: argparse.Namespace) -> int:
    settings = config.load(options.config)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    log = logging.getLogger("kayasol-edge")
    state = settings.agent.state
    own = commission.load(state)
    clock = SystemClock()
    with _only_one(state):
        link = MqttLink(settings.broker, own.site, own.dev, clock=clock, entropy=os.urandom, log=log)
        agent = Agent(
            settings,
            clock=clock,
            transports=ports.lines(settings.devices),
            link=link,
            entropy=os.urandom,
            state=state,
            log=log,
            machine=Machine.of_this_computer(state),
            synchronised_ms=kernel_sync_error_ms,
            sales_at_once=settings.broker.sales_at_once,
            with_socket=True,
        )
        with _told_to_end() as wake:
            log.info("boot %d of site %s", agent.life.number, own.site)
            watchdog = Watchdog(os.environ)
            while not wake.told:
                agent.step()
                watchdog.turn(clock.monotonic_ms())
                select.select([*agent.filenos(), wake.fileno], [], [], WAIT_S)
        agent.close()
    log.info("ended in order")
    return 0


def _check(options: argparse.Namespace) -> int:
    from edge_agent import check  # noqa: PLC0415 - see above

    settings = config.load(options.config)
    findings = check.look(settings)
    for finding in findings:
        sys.stdout.write(f"{'ok  ' if finding.ok else 'NOT '} {finding.what}\n")
        if finding.remedy:
            sys.stdout.write(f"     -> {finding.remedy}\n")
    return 0 if all(finding.ok for finding in findings) else 1


def _status(options: argparse.Namespace) -> int:
    answer = local_socket.ask(config.load(options.config).agent.state / SOCKET, {"do": "status"})
    if options.json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(status.lines(answer)) + "\n")
    return 0


def _sale(options: argparse.Namespace) -> int:
    request = {
        "do": "sale",
        "service": options.service,
        "qty": options.qty,
        "pay": options.pay,
        "ticket": options.ticket,
        "op": options.op,
        # Made before anything is asked: should the answer be lost, the same wish can be said again.
        "press": os.urandom(_PRESS_BYTES).hex(),
    }
    answer = local_socket.ask(config.load(options.config).agent.state / SOCKET, request)
    if not answer.get("ok"):
        sys.stderr.write(f"kayasol-edge: not sold: {answer.get('error', 'no reason given')}\n")
        return 1
    sys.stdout.write(f"n° {answer['seq']}: {answer['amount_minor']}, box {answer['box_minor']}\n")
    return 0


def _decode(options: argparse.Namespace) -> int:
    from edge_agent import decode  # noqa: PLC0415 - see above

    return decode.run(options.driver, sys.stdin.buffer, sys.stdout, sys.stderr)


def _detect(options: argparse.Namespace) -> int:
    from edge_agent import detect  # noqa: PLC0415 - see above

    return detect.run(options.ports, sys.stdout)


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Two agents on one ledger would sign two different records under one number."""
    with (state / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"another agent runs on {state}: stop it first") from error
        yield


class _Wake:
    """Set by SIGTERM and SIGINT; its file ends the pause between two steps."""

    def __init__(self) -> None:
        self.told = False
        self.fileno, self._write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def tell(self, _number: int, _frame: FrameType | None) -> None:
        self.told = True
        os.write(self._write_end, b"\0")

    def close(self) -> None:
        os.close(self.fileno)
        os.close(self._write_end)


@contextmanager
def _told_to_end() -> Iterator[_Wake]:
    wake = _Wake()
    before = {number: signal.signal(number, wake.tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield wake
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        wake.close()


if __name__ == "__main__":
    sys.exit(main())
