"""Two network namespaces joined by a veth pair, and the kernel's counters of it. Knows nothing of what travels.

Needs root. Segmentation and receive offload are off and the MTU is 1500, so a packet counted is a packet as a line
would carry it. IPv6 and address resolution are silent: a SIM link has neither here.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SERVER_ADDRESS, KIOSK_ADDRESS = "10.77.0.1", "10.77.0.2"
MTU_BYTES = 1500
ETHERNET_BYTES = 14
"""Header that the counters include; preamble and check sequence are not in them."""

_CLONE_NEWNET = 0x40000000
_SIOCETHTOOL = 0x8946
_OFFLOADS = {"tcp segmentation": 0x1F, "generic segmentation": 0x24, "generic receive": 0x2C}
"""Numbers of <linux/ethtool.h> that switch an offload."""
_COUNTERS = Path("/proc/thread-self/net/dev")
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What an end of the pair has sent (up) and received (down): Ethernet frames without preamble and check."""

    up_bytes: int = 0
    up_packets: int = 0
    down_bytes: int = 0
    down_packets: int = 0

    def __add__(self, other: Traffic) -> Traffic:
        return Traffic(
            self.up_bytes + other.up_bytes, self.up_packets + other.up_packets,
            self.down_bytes + other.down_bytes, self.down_packets + other.down_packets,
        )  # fmt: skip

    def __sub__(self, other: Traffic) -> Traffic:
        return self + Traffic(-other.up_bytes, -other.up_packets, -other.down_bytes, -other.down_packets)

    @property
    def bytes(self) -> int:
        """Both ways."""
        return self.up_bytes + self.down_bytes

    @property
    def packets(self) -> int:
        """Both ways."""
        return self.up_packets + self.down_packets

    @property
    def ip_bytes(self) -> int:
        """Both ways without the Ethernet headers: what a SIM's bill counts."""
        return self.bytes - ETHERNET_BYTES * self.packets


def missing() -> str:
    """Why no namespaces can be had here, "" if they can."""
    if os.geteuid() != 0:
        return "network namespaces need root: run it as root"
    if shutil.which("ip") is None:
        return "`ip` is missing: install iproute2"
    try:
        _ip("netns", "add", _named("try"))
        _ip("netns", "del", _named("try"))
    except subprocess.CalledProcessError as error:
        return f"this machine gives no network namespace: {error.stderr.strip()}"
    return ""


class VethPair:
    """The server's end and the kiosk's end, each in a namespace of its own."""

    def __init__(self) -> None:
        self.server, self.kiosk = _named("server"), _named("kiosk")
        self._ends = {self.server: "kserver", self.kiosk: "kkiosk"}

    def __enter__(self) -> Self:
        for name in self._ends:
            _ip("netns", "add", name)
        try:
            self._join()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._ends:
            _ip("netns", "del", name)

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """This thread, and threads and processes that it starts, are in a namespace; others stay where they are."""
        with Path(f"/proc/self/task/{threading.get_native_id()}/ns/net").open("rb") as before:
            with Path(f"/var/run/netns/{name}").open("rb") as wanted:
                _enter(wanted.fileno())
            try:
                yield
            finally:
                _enter(before.fileno())

    def traffic(self) -> Traffic:
        """Of the kiosk's end since it was made; to be asked from inside the kiosk's namespace."""
        name = self._ends[self.kiosk]
        line = next(each for each in _COUNTERS.read_text(encoding="ascii").splitlines() if f"{name}:" in each)
        counters = [int(word) for word in line.split(":")[1].split()]
        return Traffic(counters[8], counters[9], counters[0], counters[1])

    def _join(self) -> None:
        addresses = {self.server: SERVER_ADDRESS, self.kiosk: KIOSK_ADDRESS}
        _ip(
            "link", "add", self._ends[self.server], "netns", self.server, "mtu", str(MTU_BYTES),
            "type", "veth", "peer", "name", self._ends[self.kiosk], "netns", self.kiosk, "mtu", str(MTU_BYTES),
        )  # fmt: skip
        hardware: dict[str, str] = {}
        for name, end in self._ends.items():
            with self.inside(name):
                _switch_offloads_off(end)
                _ip("link", "set", end, "addrgenmode", "none")
                _ip("addr", "add", f"{addresses[name]}/30", "dev", end)
                _ip("link", "set", end, "up")
                _ip("link", "set", "lo", "up")
                hardware[name] = _hardware_address(end)
        for name, other in ((self.server, self.kiosk), (self.kiosk, self.server)):
            _ip(
                "-n", name, "neigh", "replace", addresses[other], "lladdr", hardware[other],
                "dev", self._ends[name], "nud", "permanent",
            )  # fmt: skip


def _named(what: str) -> str:
    return f"kayasol-{what}-{os.getpid()}"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def _enter(namespace: int) -> None:
    if _LIBC.setns(namespace, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "a network namespace could not be entered")


def _switch_offloads_off(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for number in _OFFLOADS.values():
            value = ctypes.create_string_buffer(struct.pack("II", number, 0))
            request = struct.pack("16sQ16x", interface.encode(), ctypes.addressof(value))
            fcntl.ioctl(control.fileno(), _SIOCETHTOOL, request)


def _hardware_address(interface: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        answer = fcntl.ioctl(control.fileno(), 0x8927, struct.pack("40s", interface.encode()))  # SIOCGIFHWADDR
    return answer[18:24].hex(":")
