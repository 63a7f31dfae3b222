"""Live kiosks as processes: simulated hardware and, while it has power, an agent each; all end with their starter."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

from kayasol.demo.children import ChildError, Children
from kayasol.demo.hardware import CUSTOMER
from kayasol.demo.places import Places


def start_kiosks(places: Places, codes: Sequence[str], children: Children, *, customer: bool = False) -> None:
    """Start the hardware, which says when an agent can run. `customer`: each kiosk sells something at once."""
    words = ["-m", "kayasol.demo.hardware", str(places.root), *([CUSTOMER] if customer else []), *codes]
    hardware = children.start("hardware", words, listen=True)
    threading.Thread(target=_follow_power, args=(hardware.stdout, places, children), daemon=True).start()


@contextmanager
def ending_all(children: Children) -> Iterator[None]:
    """Until Ctrl-C or SIGTERM; every process that was started has then ended."""
    # SIGINT too: a shell that started us in the background has it ignored, and a Ctrl-C must end everything.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        print("\nStopping ...")
    finally:
        # Another Ctrl-C must not leave processes behind; each gets its time to end, and no more.
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        children.stop_all()


def stay(children: Children, every_s: float = 1.0, look: Callable[[], object] = lambda: None) -> None:
    """Until Ctrl-C; `look` is called each time. Raises ChildError as soon as a process has failed."""
    while True:
        time.sleep(every_s)
        children.check()
        look()


def agent_name(code: str) -> str:
    """What the process of a kiosk's agent is called; it is there while the kiosk has power."""
    return f"agent-{code}"


def _follow_power(lines: Iterable[str], places: Places, children: Children) -> None:
    """Each kiosk's agent runs while its simulated power is on; when power goes it is killed, as power does."""
    for line in lines:
        code, _, power = line.strip().partition(" ")
        if power == "on":
            with suppress(ChildError):
                children.start(agent_name(code), ["-m", "edge_agent", "run", "-c", str(places.agent_toml(code))])
        elif power == "off":
            children.stop(agent_name(code), kill=True)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
