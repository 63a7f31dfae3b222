"""What a page calls missing."""

from api.pages.missing import DARK_MS, is_dark
from figures.reasons import Reason, Why


def test_an_early_morning_without_energy_is_no_fault_and_a_day_without_is() -> None:
    assert not is_dark(Reason(Why.NO_YIELD, "solar", 600_000))
    assert is_dark(Reason(Why.NO_YIELD, "solar", DARK_MS))
    assert not is_dark(Reason(Why.DEVICE_SILENT, "mppt", DARK_MS))
