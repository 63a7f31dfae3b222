"""One line with several devices on it: opened by the first, closed by the last. Knows no device and no frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from edge_agent.transports.base import Transport
from edge_agent.transports.modbus_rtu import ModbusBus, ModbusClient


class SharedLine:
    """A line and the bus on it; every device gets a seat, which is its Transport."""

    def __init__(self, line: Transport) -> None:
        self.line = line
        self.bus = ModbusBus(line)
        self.seated: list[Seat] = []
        """Seats that are open, in the order of opening."""

    def seat(self) -> Seat:
        """One device's end of the line."""
        return Seat(self)


class Seat:
    """Opens and closes the line with the others; a line that is lost is lost for all of them."""

    def __init__(self, shared: SharedLine) -> None:
        self._shared = shared

    @property
    def bus(self) -> ModbusBus:
        """Where this line's requests take turns."""
        return self._shared.bus

    def open(self) -> None:
        if not self._shared.seated:
            self._shared.line.open()
        if self not in self._shared.seated:
            self._shared.seated.append(self)

    def read(self) -> bytes:
        return self._shared.line.read()

    def write(self, raw: bytes) -> None:
        self._shared.line.write(raw)

    def fileno(self) -> int | None:
        """The line's file, for one of the seats only: nobody waits for the same file twice."""
        return self._shared.line.fileno() if self._shared.seated[:1] == [self] else None

    def close(self) -> None:
        if self in self._shared.seated:
            self._shared.seated.remove(self)
        if not self._shared.seated:
            self._shared.line.close()


def client_on(line: Transport, slave: int) -> ModbusClient:
    """A Modbus client for a device: on the shared bus if its line has one, else on a bus of its own."""
    bus = line.bus if isinstance(line, Seat) else ModbusBus(line)
    return bus.client(slave)


def lines_of(places: Iterable[tuple[str, str]], make: Callable[[str], Transport]) -> dict[str, Transport]:
    """Device name -> its line, for (device name, port) pairs: devices on one port share it, `make` is called once."""
    found = list(places)
    ports = [port for _name, port in found]
    shared = {port: SharedLine(make(port)) for port in dict.fromkeys(ports) if ports.count(port) > 1}
    return {name: shared[port].seat() if port in shared else make(port) for name, port in found}
