"""`kayasol-edge` on a computer whose clock nobody keeps: a module with its words, before them perhaps --check-dates.

The kernel of the machine that runs the tests may be synchronised, and no fake of the clock hides that. A kiosk's is
not. With --check-dates, TLS judges the dates of certificates: what would happen without the agent's own choice.
"""

from __future__ import annotations

import sys

from edge_agent import main, mqtt_link


def run(words: list[str]) -> int:
    """The command, on such a computer."""
    main.kernel_sync_error_ms = lambda: None  # type: ignore[attr-defined]
    if words[:1] == ["--check-dates"]:
        mqtt_link.X509_V_FLAG_NO_CHECK_TIME = 0
        words = words[1:]
    return main.main(words)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
