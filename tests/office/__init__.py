"""Tests of office/ on a real SQLite store."""
