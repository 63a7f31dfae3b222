"""A site's past without network, as a process: `python -m tests.end_to_end.kill_backlog CODE ROOT FROM_MS TO_MS SEED`.

Leaves behind what a kiosk leaves when its power is cut: edge.db with everything unsent, and the simulator's own books.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from edge_agent.agent import Agent
from edge_agent.config import load
from edge_agent.link import Link, MemoryLink
from firmware_sim.kiosk import SimulatedKiosk
from kayasol.demo.history import Life
from kayasol.demo.places import Places, replace_file


class NoNetwork:
    """The world beyond a site that cannot reach it."""

    def open(self) -> Link:
        return MemoryLink(connected=False)

    def settle(self, agent: Agent, up: bool) -> None:
        """Nothing is ever on its way."""


def main() -> None:
    code, root, from_ms, to_ms, seed = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:6])
    logging.basicConfig(level=logging.ERROR)
    places = Places(root)
    kiosk = SimulatedKiosk(code, seed, from_ms)
    life = Life(kiosk, load(places.agent_toml(code)), places.state(code), NoNetwork(), logging.getLogger("backlog"))
    life.run(to_ms, lambda _now_ms: None)
    if life.agent is not None:
        life.agent.abandon()
    replace_file(places.truth(code), kiosk.truth.to_json())


if __name__ == "__main__":
    main()
