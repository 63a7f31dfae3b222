"""The packages compiled by tools/compiled.py: they read, refuse and store what plain Python does."""
