"""What the kernel counts on a veth pair is what a line would carry."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from bench.veth import ETHERNET_BYTES, MTU_BYTES, SERVER_ADDRESS, VethPair, missing
from tests.servers import give_up

PORT = 7_777
IP_UDP_BYTES = 28
TCP_BYTES = MTU_BYTES - 20 - 32
"""Of payload in a full segment with timestamps."""


@pytest.fixture
def pair() -> Iterator[VethPair]:
    why = missing()
    if why:
        give_up(why)
    with VethPair() as made:
        yield made


def test_a_datagram_counts_with_its_headers(pair: VethPair) -> None:
    with pair.inside(pair.kiosk):
        before = pair.traffic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(bytes(100), (SERVER_ADDRESS, PORT))
        spent = pair.traffic() - before
    assert (spent.up_bytes, spent.up_packets) == (100 + IP_UDP_BYTES + ETHERNET_BYTES, 1)
    assert spent.ip_bytes == spent.bytes - ETHERNET_BYTES * spent.packets


def test_a_large_write_counts_as_the_packets_that_it_becomes(pair: VethPair) -> None:
    with pair.inside(pair.server):
        listener = socket.create_server((SERVER_ADDRESS, PORT))
    with pair.inside(pair.kiosk):
        line = socket.create_connection((SERVER_ADDRESS, PORT), timeout=10)
        other, _ = listener.accept()
        before = pair.traffic()
        line.sendall(bytes(4 * TCP_BYTES))
        received = 0
        while received < 4 * TCP_BYTES:
            received += len(other.recv(65_536))
        spent = pair.traffic() - before
    for each in (line, other, listener):
        each.close()
    assert spent.up_packets >= 4
    assert spent.up_bytes >= 4 * (MTU_BYTES + ETHERNET_BYTES)


def test_who_has_been_inside_comes_back(pair: VethPair) -> None:
    with pair.inside(pair.server):
        listener = socket.create_server((SERVER_ADDRESS, PORT))
    with pair.inside(pair.kiosk), socket.create_connection((SERVER_ADDRESS, PORT), timeout=10):
        listener.close()
    with pytest.raises(OSError, match="assign"):
        socket.create_server((SERVER_ADDRESS, PORT))
