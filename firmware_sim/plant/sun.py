"""Where the sun is and what a clear sky lets through; low precision, no weather, no panel temperature."""

from __future__ import annotations

import math
from typing import NamedTuple

SOLAR_CONSTANT_W_M2 = 1361.0
_MS_PER_DAY = 86_400_000
_J2000_UNIX_DAY = 10_957.5


class SunVector(NamedTuple):
    """Unit vector from the site to the sun; `up` is the sine of the altitude."""

    east: float
    north: float
    up: float

    @property
    def altitude_deg(self) -> float:
        """Height above the horizon, negative at night."""
        return math.degrees(math.asin(max(-1.0, min(1.0, self.up))))


def sun_vector(utc_ms: int, lat_deg: float, lon_deg: float) -> SunVector:
    """Astronomical Almanac's low precision formulas, good to 0.02 degrees until 2050; east longitude is positive."""
    days = utc_ms / _MS_PER_DAY - _J2000_UNIX_DAY
    anomaly = math.radians((357.529 + 0.98560028 * days) % 360.0)
    mean_longitude = 280.459 + 0.98564736 * days
    longitude = math.radians((mean_longitude + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly)) % 360.0)
    obliquity = math.radians(23.439 - 0.00000036 * days)
    sin_longitude = math.sin(longitude)
    sin_declination = math.sin(obliquity) * sin_longitude
    cos_declination = math.sqrt(1.0 - sin_declination * sin_declination)
    right_ascension = math.atan2(math.cos(obliquity) * sin_longitude, math.cos(longitude))
    sidereal = math.radians((280.46061837 + 360.98564736629 * days + lon_deg) % 360.0)
    hour_angle = sidereal - right_ascension
    lat = math.radians(lat_deg)
    sin_lat, cos_lat, cos_hour = math.sin(lat), math.cos(lat), math.cos(hour_angle)
    return SunVector(
        east=-cos_declination * math.sin(hour_angle),
        north=sin_declination * cos_lat - cos_declination * cos_hour * sin_lat,
        up=sin_lat * sin_declination + cos_lat * cos_declination * cos_hour,
    )


class Irradiance(NamedTuple):
    """Clear-sky irradiance in W/m2: `beam` on a surface facing the sun, `diffuse` on a horizontal one."""

    beam_w_m2: float
    diffuse_w_m2: float


NIGHT = Irradiance(0.0, 0.0)


def clear_sky(sine_altitude: float, linke_turbidity: float) -> Irradiance:
    """Kasten's Rayleigh depth with the Linke turbidity; a fixed share of what the beam lost comes as diffuse light."""
    if sine_altitude <= 0.0:
        return NIGHT
    # Plane-parallel air mass is infinite at the horizon; the small term keeps it near the true 38.
    air_mass = 1.0 / (sine_altitude + 0.025 * math.exp(-11.0 * sine_altitude))
    depth = 6.6296 + air_mass * (1.7513 - air_mass * (0.1202 - air_mass * (0.0065 - air_mass * 0.00013)))
    beam = SOLAR_CONSTANT_W_M2 * math.exp(-0.8662 * linke_turbidity * air_mass / max(depth, 6.6296))
    diffuse = 0.42 * (SOLAR_CONSTANT_W_M2 - beam) * sine_altitude
    return Irradiance(beam, diffuse)


class Plane:
    """A fixed panel's orientation."""

    def __init__(self, tilt_deg: float, azimuth_deg: float) -> None:
        tilt, azimuth = math.radians(tilt_deg), math.radians(azimuth_deg)
        self._east = math.sin(tilt) * math.sin(azimuth)
        self._north = math.sin(tilt) * math.cos(azimuth)
        self._up = math.cos(tilt)

    def irradiance_w_m2(self, sun: SunVector, beam_w_m2: float, diffuse_w_m2: float) -> float:
        """Light on the panel; the sky is taken as evenly bright, the ground reflects one fifth."""
        cosine = sun.east * self._east + sun.north * self._north + sun.up * self._up
        ground = 0.2 * (beam_w_m2 * max(0.0, sun.up) + diffuse_w_m2) * (1.0 - self._up) / 2.0
        return beam_w_m2 * max(0.0, cosine) + diffuse_w_m2 * (1.0 + self._up) / 2.0 + ground
