"""Tests of the simulated kiosk; they read its lines with parsers of their own."""
