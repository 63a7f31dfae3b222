"""Errors of the shared language, grouped by what the caller does next.

KioskError
├── FormatError            bytes from outside are not of the format: count, keep aside, go on
│   ├── WireError          a frame, section, block or down message
│   └── LedgerError        a record; `.code` is one of size utf8 json canonical field value rule
└── ConfigError            a person must correct a file: the message says where and how
"""


class KioskError(Exception):
    """Anything this project raises on purpose."""


class FormatError(KioskError):
    """Bytes from outside that are not what they claim to be."""


class WireError(FormatError):
    """A frame, section, block or down message that cannot be read."""


class LedgerError(FormatError):
    """A ledger record that cannot be read."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class ConfigError(KioskError):
    """A setting that a person must correct; the message names the place and the remedy."""
