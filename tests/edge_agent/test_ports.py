"""Lines of a configuration: shared where devices share a port, with the stop bits of their device."""

from __future__ import annotations

import os

import serial

from edge_agent import ports
from edge_agent.config import Device
from edge_agent.transports.serial_line import SerialLine
from edge_agent.transports.shared_line import Seat


def test_devices_on_one_port_get_seats_on_one_line() -> None:
    lines = ports.lines(
        [
            Device("dc", "pzem-017", "/dev/ttyUSB0", 9600),
            Device("dc2", "pzem-017", "/dev/ttyUSB0", 9600, {"address": 2}),
            Device("mppt", "victron-vedirect", "/dev/ttyUSB1", 19_200),
        ]
    )
    dc, dc2, mppt = lines["dc"], lines["dc2"], lines["mppt"]
    assert isinstance(dc, Seat)
    assert isinstance(dc2, Seat)
    assert isinstance(mppt, SerialLine)
    assert dc.bus is dc2.bus


def test_two_stop_bits_are_set_where_the_device_wants_them() -> None:
    master, slave = os.openpty()
    path = os.ttyname(slave)
    for driver, stop_bits in (("pzem-017", serial.STOPBITS_TWO), ("pzem-004t", serial.STOPBITS_ONE)):
        line = ports.lines([Device("meter", driver, path, 9600)])["meter"]
        line.open()
        assert isinstance(line, SerialLine)
        assert line._port.stopbits == stop_bits
        line.close()
    os.close(master)
    os.close(slave)
