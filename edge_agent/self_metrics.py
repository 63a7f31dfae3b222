"""The agent's own two devices in the schema, `link` and `agent`: drivers without a line, asked like the others."""

from __future__ import annotations

from edge_agent.clock import Machine
from edge_agent.drivers.base import WithoutEvents
from edge_agent.link import Link
from kiosk.reading import AGENT, LINK, Reading


class NoLine:
    """The transport of a device that is no device."""

    def open(self) -> None:
        """Always open."""

    def read(self) -> bytes:
        return b""

    def write(self, raw: bytes) -> None:
        """Nobody listens."""

    def fileno(self) -> int | None:
        return None

    def close(self) -> None:
        """Never closed."""


class _SelfDriver(WithoutEvents):
    """What both share: no line, no events, a reading each time it is asked."""

    stale_ms = 60_000

    def opened(self, now_ms: int) -> None:
        """Nobody to greet."""

    def counters(self) -> dict[str, int]:
        return {}


class LinkMeter(_SelfDriver):
    """How the link does: round trip to the broker, share of messages that it never acknowledged, bytes."""

    driver_name = "agent-link"
    metrics = ("link_latency_ms", "link_loss_percent", "link_sent_bytes", "link_received_bytes")

    def __init__(self, link: Link) -> None:
        self._link = link

    def read(self, now_ms: int) -> Reading | None:  # noqa: ARG002 - what the link counts is always new
        link = self._link
        values = {"link_sent_bytes": link.sent_bytes, "link_received_bytes": link.received_bytes}
        if link.connected and link.latency_ms is not None:
            values["link_latency_ms"] = link.latency_ms
        if link.loss_percent is not None:
            values["link_loss_percent"] = link.loss_percent
        return Reading(LINK, values)


class MachineMeter(_SelfDriver):
    """How the computer does: free space, temperature."""

    driver_name = "agent-machine"
    metrics = ("agent_free_disk_mb", "agent_temperature_c")

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._reading = Reading(AGENT, {})
        self._read_ms: int | None = None

    def read(self, now_ms: int) -> Reading | None:
        if self._read_ms is None or now_ms - self._read_ms >= self.stale_ms:
            said = {
                "agent_free_disk_mb": self._machine.free_disk_mb(),
                "agent_temperature_c": self._machine.temperature_dc(),
            }
            self._reading = Reading(AGENT, {name: value for name, value in said.items() if value is not None})
            self._read_ms = now_ms
        return self._reading
