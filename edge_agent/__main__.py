"""`python -m edge_agent`: the same as the command `kayasol-edge`."""

import sys

from edge_agent.main import main

sys.exit(main())
