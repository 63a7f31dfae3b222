"""Tests of the HTTP side, on a real SQLite store."""
