"""A slow line between a client and the broker: lets so many bytes pass as a test grants, counts them, can be cut.

Knows no MQTT and no TLS. Moments are counted in bytes, not in seconds, so a process can be killed at a byte of a drain.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field

PIECE_BYTES = 16_384
HANDSHAKE_BYTES = 4_096
"""Of each connection pass in any case: certificates of both sides and the MQTT session."""
GREETED_BYTES = 2_000
"""After so many the certificates have been exchanged."""
PUBACKS_BYTES = 120
"""What the broker says that nobody answers is shorter: some PUBACKs."""
WAIT_S = 0.2
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


@dataclass
class _Line:
    """One connection: the client's socket, the broker's, and what waits in between."""

    client: socket.socket
    broker: socket.socket
    waiting: dict[socket.socket, bytes] = field(default_factory=dict)
    """Socket that it came from -> bytes that have not passed yet."""
    passed: int = 0
    unanswered: int = 0
    """Bytes of the sending side since the other side last said anything."""
    last: socket.socket | None = None

    def other(self, end: socket.socket) -> socket.socket:
        return self.broker if end is self.client else self.client

    def close(self) -> None:
        for end in (self.client, self.broker):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
            end.close()


class Radio:
    """A port that leads to the broker's; one client speaks over it at a time."""

    def __init__(self, broker_port: int, changed: threading.Condition, *, granted: int | None = None) -> None:
        """`granted`: bytes that may pass, None for any number. `changed` is told whenever something has passed."""
        self._broker = ("127.0.0.1", broker_port)
        self._granted = granted
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.passed = 0
        """Bytes of all connections, both ways, without their handshakes."""
        self.connections = 0
        self._line: _Line | None = None
        self._selector = selectors.DefaultSelector()
        self._wake_out, self._wake_in = socket.socketpair()
        for end in (self._listener, self._wake_in):
            end.setblocking(False)
            self._selector.register(end, selectors.EVENT_READ)
        self._changed = changed
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="radio")
        self._thread.start()

    def grant(self, octets: int | None) -> None:
        """So many bytes may pass from here on; None: any number."""
        with self._changed:
            self._granted = octets
        self._wake()

    @property
    def is_stalled(self) -> bool:
        """Nothing more may pass."""
        return self._granted == 0

    @property
    def is_connected(self) -> bool:
        """Somebody has spoken with the broker over this line for longer than it takes to greet, and still may."""
        line = self._line
        return line is not None and line.passed > GREETED_BYTES

    @property
    def has_something_on_its_way(self) -> bool:
        """Bytes are held back on the line, or one side has not answered the other's yet."""
        line = self._line
        return line is not None and (any(line.waiting.values()) or line.unanswered > 0)

    @property
    def client_owes(self) -> bool:
        """The client has not answered a message of the broker, or the line holds something back."""
        line = self._line
        if line is None:
            return False
        return any(line.waiting.values()) or (line.unanswered > PUBACKS_BYTES and line.last is line.broker)

    def cut(self) -> None:
        """As a radio does: what was on its way is gone, and both sides notice."""
        with self._changed:
            line, self._line = self._line, None
            if line is not None:
                self._forget(line)
        self._wake()

    def close(self) -> None:
        self._ended = True
        self._wake()
        self._thread.join()
        self.cut()
        for end in (self._listener, self._wake_in, self._wake_out):
            end.close()
        self._selector.close()

    def _wake(self) -> None:
        with suppress(OSError):
            self._wake_out.send(b"\0")

    def _run(self) -> None:
        while not self._ended:
            for key, _ in self._selector.select(WAIT_S):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._wake_in:
                    with suppress(BlockingIOError):
                        self._wake_in.recv(PIECE_BYTES)
                else:
                    self._hear(key.fileobj)  # type: ignore[arg-type]
            with self._changed:
                if self._pass_on():
                    self._changed.notify_all()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            broker = socket.create_connection(self._broker, timeout=5.0)
        except OSError:
            client.close()
            return
        self.cut()
        with self._changed:
            self._line = _Line(client, broker)
            self.connections += 1
            for end in (client, broker):
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._selector.register(end, selectors.EVENT_READ)

    def _hear(self, end: socket.socket) -> None:
        """Take one piece and wait with the next until it has passed."""
        with self._changed:
            line = self._line
            if line is None or end not in (line.client, line.broker):
                return
            try:
                piece = end.recv(PIECE_BYTES)
            except BlockingIOError:
                return
            except OSError:
                piece = b""
            if piece:
                line.waiting[end] = piece
                self._selector.unregister(end)
                return
            self._line = None
            self._forget(line)

    def _pass_on(self) -> bool:
        line = self._line
        if line is None:
            return False
        moved = False
        for end, piece in list(line.waiting.items()):
            if not piece:
                continue
            may = self._allowed(line, len(piece))
            sent = self._sent(line, end, piece[:may]) if may else 0
            if self._line is None:
                return True
            if not sent:
                continue
            moved = True
            line.waiting[end] = piece[sent:]
            if not line.waiting[end]:
                self._selector.register(end, selectors.EVENT_READ)
        if moved and any(line.waiting.values()) and self._granted != 0:
            self._wake()
        return moved

    def _allowed(self, line: _Line, wished: int) -> int:
        greeting = max(0, HANDSHAKE_BYTES - line.passed)
        return wished if self._granted is None else min(wished, greeting or self._granted)

    def _sent(self, line: _Line, end: socket.socket, piece: bytes) -> int:
        try:
            sent = line.other(end).send(piece)
        except BlockingIOError:
            return 0
        except OSError:
            self._line = None
            self._forget(line)
            return 0
        is_greeting = line.passed < HANDSHAKE_BYTES
        line.passed += sent
        line.unanswered = sent + (line.unanswered if line.last is end else 0)
        line.last = end
        if not is_greeting:
            self.passed += sent
            if self._granted is not None:
                self._granted -= sent
        return sent

    def _forget(self, line: _Line) -> None:
        for end in (line.client, line.broker):
            with suppress(KeyError, ValueError):
                self._selector.unregister(end)
        line.close()
