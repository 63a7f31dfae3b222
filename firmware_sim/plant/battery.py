"""A 12 V battery: voltage, resistance, charge acceptance, losses, temperature; knows no charger and no load."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from dataclasses import dataclass

from firmware_sim.states import State, number


@dataclass(frozen=True, slots=True)
class Chemistry:
    """What lead-acid and lithium iron phosphate differ in; voltages of a 12 V battery at rest and 25 deg C."""

    ocv_curve: tuple[tuple[float, float], ...]
    """(state of charge 0..1, open-circuit volts), rising."""
    resistance_ohm_ah: float
    """Internal resistance times capacity: a larger battery resists less."""
    charge_ratio: float
    """Resistance while charging, in multiples of the discharge resistance, when far from full."""
    full_ratio: float
    full_soc: float
    full_width: float
    """Near full the ratio grows by full_ratio * exp((soc - full_soc) / full_width): this is charge acceptance."""
    coulombic_efficiency: float
    gassing_soc: float
    gassing_efficiency: float
    """Above `gassing_soc` part of the current splits water: the efficiency falls to this at full."""
    absorption_v: float
    float_v: float
    compensation_v_per_k: float
    """Change of the charging voltages per kelvin above 25 deg C."""
    absorption_h: float
    tail_current_c: float
    """Charging is over when the current falls below this share of the capacity."""


LEAD_ACID = Chemistry(
    ocv_curve=(
        (0.0, 11.60), (0.1, 11.81), (0.2, 11.96), (0.3, 12.10), (0.4, 12.20), (0.5, 12.30),
        (0.6, 12.40), (0.7, 12.50), (0.8, 12.60), (0.9, 12.70), (1.0, 12.85),
    ),
    resistance_ohm_ah=1.5, charge_ratio=5.0, full_ratio=7.0, full_soc=0.8, full_width=0.0755,
    coulombic_efficiency=0.97, gassing_soc=0.85, gassing_efficiency=0.70,
    absorption_v=14.4, float_v=13.8, compensation_v_per_k=-0.016, absorption_h=3.0, tail_current_c=0.012,
)  # fmt: skip

LFP = Chemistry(
    ocv_curve=(
        (0.0, 10.80), (0.05, 12.40), (0.1, 12.80), (0.2, 12.95), (0.3, 13.05), (0.4, 13.12), (0.5, 13.15),
        (0.6, 13.18), (0.7, 13.28), (0.8, 13.32), (0.9, 13.34), (0.97, 13.40), (1.0, 13.60),
    ),
    resistance_ohm_ah=0.8, charge_ratio=1.5, full_ratio=12.0, full_soc=0.98, full_width=0.02,
    coulombic_efficiency=0.995, gassing_soc=0.999, gassing_efficiency=0.99,
    absorption_v=14.2, float_v=13.5, compensation_v_per_k=0.0, absorption_h=1.0, tail_current_c=0.03,
)  # fmt: skip

CHEMISTRIES = {"lead-acid": LEAD_ACID, "lfp": LFP}


@dataclass(frozen=True, slots=True)
class BatterySpec:
    """One battery as installed."""

    chemistry: Chemistry
    nominal_ah: float
    health: float
    """Share of the nominal capacity that is left, 0..1."""
    resistance_factor: float
    """1 when new; grows with age."""
    initial_soc: float

    @property
    def capacity_ah(self) -> float:
        return self.nominal_ah * self.health


class Battery:
    """State of charge and temperature over time. Current is + when charging."""

    _LAG_MS = 6 * 3_600_000.0  # a 30 kg block in a box follows the air within some hours

    def __init__(self, spec: BatterySpec) -> None:
        self.spec = spec
        self.soc = spec.initial_soc
        self.temperature_c = 28.0
        self.heat_wh = 0.0
        """Everything lost inside since the start: resistance, side reactions, overcharge."""
        self._socs = [soc for soc, _ in spec.chemistry.ocv_curve]

    def ocv_v(self) -> float:
        """Voltage at rest."""
        curve = self.spec.chemistry.ocv_curve
        upper = min(max(bisect_right(self._socs, self.soc), 1), len(curve) - 1)
        (soc_a, v_a), (soc_b, v_b) = curve[upper - 1], curve[upper]
        return v_a + (v_b - v_a) * (self.soc - soc_a) / (soc_b - soc_a)

    def discharge_ohm(self) -> float:
        """A cold battery resists more: 0.8 % per kelvin."""
        spec = self.spec
        warmth = 1.0 - 0.008 * (self.temperature_c - 25.0)
        return spec.chemistry.resistance_ohm_ah * spec.resistance_factor * warmth / spec.nominal_ah

    def charge_ohm(self) -> float:
        """Rises steeply near full, which is why the current tails off at constant voltage."""
        chemistry = self.spec.chemistry
        near_full = chemistry.full_ratio * math.exp((self.soc - chemistry.full_soc) / chemistry.full_width)
        return self.discharge_ohm() * (chemistry.charge_ratio + near_full)

    def current_at_power_a(self, power_w: float) -> float:
        """Current that carries `power_w` at the terminals (+ charging), at most what the battery can give."""
        ocv = self.ocv_v()
        ohm = self.charge_ohm() if power_w > 0.0 else self.discharge_ohm()
        return (math.sqrt(max(0.0, ocv * ocv + 4.0 * ohm * power_w)) - ocv) / (2.0 * ohm)

    def voltage_v(self, current_a: float) -> float:
        """Terminal voltage under this current."""
        return self.ocv_v() + current_a * (self.charge_ohm() if current_a > 0.0 else self.discharge_ohm())

    def run(self, current_a: float, duration_ms: int, air_c: float) -> None:
        """Moves charge for a while and books what turned into heat."""
        hours = duration_ms / 3_600_000.0
        ohm = self.charge_ohm() if current_a > 0.0 else self.discharge_ohm()
        kept_share = self._efficiency() if current_a > 0.0 else 1.0
        wanted_soc = self.soc + current_a * kept_share * hours / self.spec.capacity_ah
        ocv = self.ocv_v()
        self.soc = min(1.0, max(0.0, wanted_soc))
        overcharge_ah = (wanted_soc - self.soc) * self.spec.capacity_ah
        lost_ah = current_a * (1.0 - kept_share) * hours + overcharge_ah
        self.heat_wh += current_a * current_a * ohm * hours + lost_ah * ocv
        self.temperature_c += (air_c - self.temperature_c) * min(1.0, duration_ms / self._LAG_MS)

    def _efficiency(self) -> float:
        chemistry = self.spec.chemistry
        if self.soc <= chemistry.gassing_soc:
            return chemistry.coulombic_efficiency
        share = (self.soc - chemistry.gassing_soc) / (1.0 - chemistry.gassing_soc)
        return chemistry.coulombic_efficiency + (chemistry.gassing_efficiency - chemistry.coulombic_efficiency) * share

    def stored_wh(self) -> float:
        """Energy held, as the area under the rest-voltage curve."""
        area = 0.0
        curve = self.spec.chemistry.ocv_curve
        for (soc_a, v_a), (soc_b, v_b) in itertools.pairwise(curve):
            if self.soc <= soc_b:
                v_here = v_a + (v_b - v_a) * (self.soc - soc_a) / (soc_b - soc_a)
                return (area + (self.soc - soc_a) * (v_a + v_here) / 2.0) * self.spec.capacity_ah
            area += (soc_b - soc_a) * (v_a + v_b) / 2.0
        return area * self.spec.capacity_ah

    def to_state(self) -> State:
        return {"soc": self.soc, "temperature_c": self.temperature_c, "heat_wh": self.heat_wh}

    def load_state(self, state: State) -> None:
        self.soc = number(state, "soc")
        self.temperature_c = number(state, "temperature_c")
        self.heat_wh = number(state, "heat_wh")
