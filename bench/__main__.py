"""`python -m bench [name ...]`: every measurement, or those named; must know none of them inside."""

from __future__ import annotations

import sys

from bench import agent, drivers, figures_day, flash, ingest, page, site_day, sizes

BENCHES = {
    "sizes": sizes.main,
    "site-day": site_day.main,
    "page": page.main,
    "figures": figures_day.main,
    "drivers": drivers.main,
    "agent": agent.main,
    "flash": flash.main,
    "ingest": ingest.main,
}


def main(names: list[str]) -> int:
    """Run in the order asked; 2 where a name is not known."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"not known: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
        return 2
    for name in names or BENCHES:
        print(f"== {name}")
        BENCHES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
