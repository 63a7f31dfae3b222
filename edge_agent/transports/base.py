"""What a driver may ask of a byte line, and the one error a line has. Knows no device and no framing."""

from __future__ import annotations

from typing import Protocol

from kiosk.errors import KioskError


class LineError(KioskError):
    """The line cannot be used now: try again later; the message tells a person what to check."""


class Transport(Protocol):
    """A byte line that never blocks."""

    def open(self) -> None:
        """Make the line ready. Raises LineError with what to check."""

    def read(self) -> bytes:
        """What has arrived since last asked, `b""` if nothing. Raises LineError when the line is gone."""

    def write(self, raw: bytes) -> None:
        """Send, keeping back what the line does not take at once. Raises LineError when the line is gone."""

    def fileno(self) -> int | None:
        """For `select`; None where there is nothing to wait on, or while the line is closed."""

    def close(self) -> None:
        """Give the line back; closing twice is no error."""
