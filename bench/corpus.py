"""The frozen corpus: one month of site-minutes of one site, as the agent would store them; knows no coding.

The simulated kiosk speaks, the agent's own drivers read, `row_values` makes rows. The rows are made anew in each run
and compared with the pinned hash, so a figure of today can be held against one of last year.
"""

from __future__ import annotations

import hashlib
import logging
import random
from dataclasses import dataclass

from edge_agent.drivers.charging_board import ChargingBoard
from edge_agent.drivers.victron_vedirect import VictronVeDirect
from edge_agent.minute import row_values
from edge_agent.poller import PolledDevice, Poller
from edge_agent.transports.memory import MemoryLine
from firmware_sim.devices.mppt_history import Sense
from firmware_sim.devices.victron_mppt import VictronMppt
from firmware_sim.kiosk import BOARD, MPPT, SimulatedKiosk
from kiosk.reading import Reading
from kiosk.wire.schema import DeviceSchema, Schema

SCENARIO, SEED, START_UTC_MS, DAYS = "damane", 2026, 1_772_323_200_000, 30
"""Damané from 1 March 2026 on: school days and weekends, without the scenario's faults, so all in one boot."""
MINUTE_MS = 60_000
SHELF, SHELF_METRICS = "shelf", ("shelf_energy_total_wh", "shelf_power_w")
"""With the charger's twelve they make the fourteen values of the design's trial."""

SHA256 = "d43fb949bdb8d6ff78eb8d03d1e161e24c15114e3935d994f1ad4a80412186bc"
"""Of the rows' text. If simulator, noise, drivers or rounding change, it differs, and the bench says so."""

BATTERY_NOISE_MV = 1.84
"""Standard deviation, before the charger rounds to 10 mV. From the recorded charger at night: its voltage moves by
2.07 mV a block on average, and two samples of white noise lie 1.128 standard deviations apart."""
BATTERY_NOISE_MA = 0.22
"""The same of its battery current: 0.24 mA a block."""
TRACKER_NOISE = 0.005
"""Share of panel voltage and panel power by which a tracker moves about its point. An assumption: the recording was
made at night, when both rest, and so do they here."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Rows of one boot, a minute apart."""

    schema: Schema
    mono_ms: tuple[int, ...]
    rows: tuple[tuple[int | None, ...], ...]

    @property
    def sha256(self) -> str:
        """Of the text: one line a row, milliseconds first, nothing where a value is absent."""
        text = hashlib.sha256()
        for mono_ms, row in zip(self.mono_ms, self.rows, strict=True):
            said = ",".join("" if value is None else str(value) for value in row)
            text.update(f"{mono_ms},{said}\n".encode())
        return text.hexdigest()

    @property
    def frozen(self) -> bool:
        """These are the rows that earlier figures were measured on."""
        return self.sha256 == SHA256


class NoisyCharger(VictronMppt):
    """The simulated charger, whose senses the plant gives without noise."""

    def __init__(self, serial_number: str, seed: int) -> None:
        super().__init__(serial_number, seed)
        self._chance = random.Random(seed)

    def run(self, duration_ms: int, sense: Sense) -> bytes:
        """One sample with noise on it."""
        noise = self._chance.gauss
        tracking = noise(1.0, TRACKER_NOISE) if sense.stage else 1.0
        more_mw = round(sense.panel_mw * (tracking - 1.0))
        return super().run(
            duration_ms,
            sense._replace(
                battery_mv=sense.battery_mv + round(noise(0, BATTERY_NOISE_MV)),
                battery_ma=sense.battery_ma + round(noise(0, BATTERY_NOISE_MA) + more_mw * 1000 / sense.battery_mv),
                panel_mv=round(sense.panel_mv * (noise(1.0, TRACKER_NOISE) if sense.stage else 1.0)),
                panel_mw=sense.panel_mw + more_mw,
            ),
        )


def make_corpus(days: int = DAYS) -> Corpus:
    """Simulate, read, and lay out `days` days."""
    kiosk = SimulatedKiosk(SCENARIO, SEED, START_UTC_MS, faults=())
    kiosk.mppt = NoisyCharger(kiosk.mppt.serial_number, SEED)
    lines = {name: MemoryLine(line) for name, line in kiosk.lines.items()}
    charger, board = VictronVeDirect(MPPT, lines[MPPT]), ChargingBoard(SHELF, lines[BOARD])
    poller = Poller(
        [PolledDevice(MPPT, charger, lines[MPPT]), PolledDevice(SHELF, board, lines[BOARD])],
        logging.getLogger("bench.corpus"),
    )
    times, rows = [], []
    schema = _fourteen(poller.schema())
    poller.pump(0)
    for mono_ms in range(MINUTE_MS, days * 1440 * MINUTE_MS + 1, MINUTE_MS):
        kiosk.advance(START_UTC_MS + mono_ms)
        for device, event in poller.pump(mono_ms):
            poller.answer(device, event, accepted=True)
        schema = _fourteen(poller.schema())
        values, flags = row_values(schema, [_kept(reading) for reading in poller.sample(mono_ms)])
        if flags:
            raise ValueError(f"a value of the corpus is implausible: {flags}")
        times.append(mono_ms)
        rows.append(values)
    return Corpus(schema, tuple(times), tuple(rows))


def _fourteen(schema: Schema) -> Schema:
    charger, shelf = schema.devices
    return Schema((charger, DeviceSchema(shelf.name, shelf.driver, shelf.serial, SHELF_METRICS)))


def _kept(reading: Reading) -> Reading:
    if reading.device != SHELF:
        return reading
    kept = {metric: reading.values[metric] for metric in SHELF_METRICS if metric in reading.values}
    return Reading(reading.device, kept, reading.serial)
