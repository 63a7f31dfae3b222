"""What a device with a battery sensor measures of the plant around it; knows no plant and no protocol."""

from __future__ import annotations

from typing import Protocol

from firmware_sim.devices.mppt_history import Sense


class Around(Protocol):
    """One step's measurements."""

    @property
    def sense(self) -> Sense: ...

    @property
    def soc(self) -> float: ...

    @property
    def battery_c(self) -> float: ...


class AroundPack(Around, Protocol):
    """The same, for electronics that sit in the battery."""

    @property
    def capacity_ah(self) -> float: ...
