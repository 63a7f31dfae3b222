"""A serial port, real or pseudo, as a Transport. Knows speeds and unplugging, no device and no framing."""

from __future__ import annotations

import errno
import os
import termios

import serial

from edge_agent.transports.base import LineError

READ_MAX = 65_536
"""Bytes taken in one read; a line of 115,200 baud brings them in 6 s."""
UNSENT_MAX = 4_096
"""Bytes kept back while the line takes none; a device that takes none for so long is not listening."""

_PLUGGED = "is the cable plugged in? `ls -l /dev/serial/by-id` shows what is"
_ALLOWED = "the agent's user must be in the group dialout: `usermod -aG dialout <user>`, then start the agent again"
_IN_USE = "another program uses it: stop that, or the second agent"
_REMEDIES = {
    errno.ENOENT: _PLUGGED,
    errno.ENODEV: _PLUGGED,
    errno.ENXIO: _PLUGGED,
    errno.EIO: _PLUGGED,
    errno.EACCES: _ALLOWED,
    errno.EPERM: _ALLOWED,
    errno.EBUSY: _IN_USE,
    errno.EAGAIN: _IN_USE,
}
_UNPLUGGED = "check its cable and the device's power; it is tried again by itself"


class SerialLine:
    """8 data bits, no parity, 1 or 2 stop bits, no flow control; held exclusively while open."""

    def __init__(self, port: str, baud: int, stop_bits: int = 1) -> None:
        self._path = port
        self._unsent = bytearray()
        self._port = serial.Serial(baudrate=baud, stopbits=stop_bits, timeout=0, exclusive=True)
        self._port.port = port
        # The isolated RS232 cable of VE.Direct devices takes its power from these two.
        self._port.dtr = True
        self._port.rts = True

    def open(self) -> None:
        self.close()
        try:
            self._port.open()
        except OSError as error:
            code = error.errno or 0
            remedy = _REMEDIES.get(code, "is it a serial port?")
            raise LineError(f"{self._path} cannot be opened ({_words(code, error)}): {remedy}") from error
        except (termios.error, ValueError) as error:
            raise LineError(f"{self._path} cannot be set up ({error}): is it a serial port of this speed?") from error

    def read(self) -> bytes:
        self._flush()
        try:
            return self._port.read(READ_MAX)
        except OSError as error:
            raise self._lost(error) from error

    def write(self, raw: bytes) -> None:
        if len(self._unsent) + len(raw) > UNSENT_MAX:
            raise LineError(f"{self._path} takes no bytes any more: {_UNPLUGGED}")
        self._unsent += raw
        self._flush()

    def fileno(self) -> int | None:
        return self._port.fileno() if self._port.is_open else None

    def close(self) -> None:
        self._unsent.clear()
        self._port.close()

    def _flush(self) -> None:
        """Write what the line takes now. Not by pyserial: its write turns in circles while a line takes nothing."""
        if not self._unsent:
            return
        try:
            sent = os.write(self._port.fileno(), self._unsent)
        except BlockingIOError:
            return
        except OSError as error:
            raise self._lost(error) from error
        del self._unsent[:sent]

    def _lost(self, error: OSError) -> LineError:
        return LineError(f"{self._path} is gone ({error}): {_UNPLUGGED}")


def _words(code: int, error: OSError) -> str:
    return os.strerror(code) if code else str(error)
