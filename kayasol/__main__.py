"""`python -m kayasol`: the same as the command."""

from kayasol.cli import main

main()
