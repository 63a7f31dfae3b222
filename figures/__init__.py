"""What a number *is*: pure functions from a day's facts to its figures (docs/figures.md). No I/O, no clock, no page."""
