"""Why the till did not do what it was asked. Nothing was written; `code` is for programs, the message for people."""

from __future__ import annotations

from kiosk.errors import KioskError


class TillError(KioskError):
    """A request that the rules refuse.

    `code`: service, amount, pay, reference, late, done, person, text.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
