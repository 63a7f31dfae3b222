"""Tests of the composition: settings, the stores they name, and `kayasol serve` on real servers."""
