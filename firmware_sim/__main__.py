"""`python -m firmware_sim`: the command without the rest of the project; decides nothing itself."""

import sys

from firmware_sim.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
