"""How each kind of device is recognised on a port: by what it says unasked, or by its answer to a read. Opens nothing.

Every question here reads. None of them can change a setting, on a device that it was meant for or on any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from edge_agent.drivers import daly, jbd
from edge_agent.drivers.board_frames import Fields, Impossible
from edge_agent.drivers.modbus_profile import ascii_text
from edge_agent.drivers.victron_fields import product
from edge_agent.transports import daly_frames, jbd_frames
from edge_agent.transports.board_line import BoardFrame, BoardLineParser, frame_bytes
from edge_agent.transports.modbus_frames import (
    HOLDING_REGISTERS,
    INPUT_REGISTERS,
    Answer,
    Request,
    answer_in,
    read_request,
)
from edge_agent.transports.modbus_listener import ModbusListener
from edge_agent.transports.vedirect import TextBlock, VeDirectParser

VEDIRECT_BAUD, FAST_BAUD, SLOW_BAUD = 19_200, 115_200, 9_600
ADDRESSES = (1, 2, 3)
"""Devices leave the factory as 1; two on one bus were given others by hand."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A device on the port."""

    driver: str
    """Its key in DRIVERS; "" if there is no driver for it."""
    baud: int
    what: str
    """For a person: product, name, address."""
    address: int = 1
    """On a Modbus bus."""
    is_asked: bool = False
    """Another program or controller asks it already: nobody else may speak on this line."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A question, and what its answer shows."""

    name: str
    baud: int
    request: bytes
    judge: Callable[[bytes], Finding | None]
    tries: int = 1
    drivers: tuple[str, ...] = field(default=())
    """Not asked once one of these was found at the same address."""
    address: int = 1


def heard(baud: int, raw: bytes) -> list[Finding]:
    """What speaks by itself at this speed."""
    if baud == VEDIRECT_BAUD:
        return _vedirect(raw)
    found = _board(raw) if baud == FAST_BAUD else _other_hosts(raw)
    listener = ModbusListener()
    exchanges = listener.feed(raw)
    for address in sorted({each.request.slave for each in exchanges}):
        starts = sorted({each.request.start for each in exchanges if each.request.slave == address})
        registers = ", ".join(f"{start:04X}" for start in starts[:4])
        what = f"Modbus address {address}, which another master asks for registers {registers}"
        found.append(Finding("epever-tracer" if baud == FAST_BAUD else "", baud, what, address, is_asked=True))
    return found


def _vedirect(raw: bytes) -> list[Finding]:
    blocks = [each.fields for each in VeDirectParser().feed(raw) if isinstance(each, TextBlock)]
    fields = {label: text for block in blocks for label, text in block.items()}
    if not fields:
        return []
    driver = "victron-vedirect" if "VPV" in fields or "PPV" in fields else "victron-bmv" if "H1" in fields else ""
    serial = f", serial {fields['SER#']}" if "SER#" in fields else ""
    return [Finding(driver, VEDIRECT_BAUD, f"Victron {product(fields.get('PID', 'without PID'))}{serial}")]


def _board(raw: bytes) -> list[Finding]:
    frames = BoardLineParser().feed(raw)
    names = {_board_name(frame) for frame in frames if frame.kind == "HELLO"} - {""}
    if not names and any(frame.kind == "METER" for frame in frames):
        names = {"that did not say its name meanwhile"}
    return [Finding("charging-board", FAST_BAUD, f"charging board {name}") for name in sorted(names)]


def _board_name(hello: BoardFrame) -> str:
    try:
        return Fields(hello).text("board_id")
    except Impossible:
        return ""


def _other_hosts(raw: bytes) -> list[Finding]:
    found = []
    if jbd_frames.JbdParser().feed(raw):
        found.append(Finding("jbd", SLOW_BAUD, "JBD battery management, which another program asks", is_asked=True))
    if daly_frames.DalyParser().feed(raw):
        found.append(Finding("daly", SLOW_BAUD, "Daly battery management, which another program asks", is_asked=True))
    return found


def _jbd(raw: bytes) -> Finding | None:
    for reply in jbd_frames.JbdParser().feed(raw):
        if reply.register == jbd.NAME and reply.status == jbd_frames.OK:
            return Finding("jbd", SLOW_BAUD, f"JBD battery management {jbd.name(reply.content)}")
    return None


def _daly(raw: bytes) -> Finding | None:
    if any(reply.command == daly.PACK for reply in daly_frames.DalyParser().feed(raw)):
        return Finding("daly", SLOW_BAUD, "Daly battery management; check its current's sign (docs/devices/daly.md)")
    return None


def _hello(raw: bytes) -> Finding | None:
    return next(iter(_board(raw)), None)


def _epever(words: tuple[int, ...]) -> str:
    return f"EPEVER Tracer: panel {words[0] / 100:.2f} V"


def _srne(words: tuple[int, ...]) -> str:
    model = ascii_text(words)
    return f"SRNE / Renogy {model}" if model.isascii() and model.isprintable() and model else ""


def _pzem_ac(words: tuple[int, ...]) -> str:
    volts, hertz = words[0] / 10, words[7] / 10
    return f"PZEM-004T meter: {volts:.1f} V, {hertz:.1f} Hz" if 45 <= hertz <= 65 else ""


def _pzem_dc(words: tuple[int, ...]) -> str:
    return f"PZEM-017 meter: {words[0] / 100:.2f} V"


# driver: (speed, function, first register, registers, what they show). Order matters at one speed: the surest first.
_MODBUS: dict[str, tuple[int, int, int, int, Callable[[tuple[int, ...]], str]]] = {
    "epever-tracer": (FAST_BAUD, INPUT_REGISTERS, 0x3100, 4, _epever),
    "srne-rover": (SLOW_BAUD, HOLDING_REGISTERS, 0x000C, 8, _srne),
    "pzem-004t": (SLOW_BAUD, INPUT_REGISTERS, 0x0000, 10, _pzem_ac),
    "pzem-017": (SLOW_BAUD, INPUT_REGISTERS, 0x0000, 8, _pzem_dc),
}


def _modbus(driver: str, address: int) -> Probe:
    baud, function, start, count, show = _MODBUS[driver]
    request = read_request(address, function, start, count)
    same_speed = tuple(name for name, row in _MODBUS.items() if row[0] == baud)
    name = f"{driver} at address {address}"
    return Probe(name, baud, request.raw, _modbus_judge(driver, baud, request, show), 1, same_speed, address)


def _modbus_judge(
    driver: str, baud: int, request: Request, show: Callable[[tuple[int, ...]], str]
) -> Callable[[bytes], Finding | None]:
    def judge(raw: bytes) -> Finding | None:
        answer = answer_in(request, raw, echoed=False)
        if answer is None:
            return None
        address = request.slave
        said = show(answer.words) if isinstance(answer, Answer) else ""
        if not said:
            return Finding("", baud, f"a Modbus device at address {address} that is none of those known", address)
        return Finding(driver, baud, f"{said}, address {address}", address)

    return judge


PROBES: tuple[Probe, ...] = (
    Probe("the charging board", FAST_BAUD, frame_bytes(0, "HELLO?", ()), _hello),
    *(_modbus("epever-tracer", address) for address in ADDRESSES),
    # A sleeping BMS wakes at the first question.
    Probe("JBD", SLOW_BAUD, jbd_frames.read_request(jbd.NAME), _jbd, tries=2),
    Probe("Daly", SLOW_BAUD, daly_frames.read_request(daly.PACK), _daly, tries=2),
    *(_modbus(driver, address) for address in ADDRESSES for driver in ("srne-rover", "pzem-004t", "pzem-017")),
)
