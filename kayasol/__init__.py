"""Composition and command line: the only package that may know all the others."""

__version__ = "0.1.0"
