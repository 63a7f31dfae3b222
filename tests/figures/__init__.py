"""Tests of figures/: days computed by hand."""
