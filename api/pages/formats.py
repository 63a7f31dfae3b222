"""Numbers, amounts, dates and spans as a reader of French or English writes them. Knows units, not figures."""

from __future__ import annotations

from datetime import UTC, date, datetime

from babel.dates import format_date
from babel.numbers import format_decimal

from api.pages.texts import text

NO_BREAK = "\u00a0"
_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000


def number(language: str, value: float, decimals: int = 0) -> str:
    """A plain number with the language's separators."""
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, format=pattern, locale=language)


def amount(language: str, amount_minor: int, currency: str) -> str:
    """Money: XOF as whole francs, as people write it in Burkina Faso (`fr_BF`: 48 250 F CFA)."""
    return f"{plain_amount(language, amount_minor, currency)}{NO_BREAK}{currency_sign(currency)}"


def currency_sign(currency: str) -> str:
    """What people write behind an amount."""
    return f"F{NO_BREAK}CFA" if currency == "XOF" else currency


def plain_amount(language: str, amount_minor: int, currency: str) -> str:
    """The same without its unit, for a table that names it once."""
    if currency == "XOF":
        return number(language, amount_minor)
    whole, part = divmod(abs(amount_minor), 100)
    sign = "-" if amount_minor < 0 else ""
    point = "," if language == "fr" else "."
    return f"{sign}{number(language, whole)}{point}{part:02d}"


def energy(language: str, energy_wh: int | None) -> str:
    """Watt-hours; from 10 kWh on in kilowatt-hours."""
    if energy_wh is None:
        return text(language, "unknown")
    if abs(energy_wh) >= 10_000:
        return f"{number(language, energy_wh / 1000, 1)}{NO_BREAK}kWh"
    return f"{number(language, energy_wh)}{NO_BREAK}Wh"


def quantity(language: str, value: float, unit: str, decimals: int = 0) -> str:
    """A number with its unit."""
    return f"{number(language, value, decimals)}{NO_BREAK}{unit}"


def energy_range(language: str, energy_wh: int, uncertainty_wh: int) -> str:
    """From the least to the most that it may be, in one unit; never below nothing."""
    low, high = max(0, energy_wh - uncertainty_wh), energy_wh + uncertainty_wh
    return text(language, "from_to", low=energy(language, low), high=energy(language, high))


def share(language: str, permille: int | None) -> str:
    """A share as whole per cent; never rounded up to 100 where something was missing."""
    if permille is None:
        return text(language, "unknown")
    percent = 99 if 990 <= permille < 1000 else round(permille / 10)
    return f"{percent}{NO_BREAK}%"


def age(language: str, age_ms: int) -> str:
    """How long ago, in the largest unit that is not too coarse."""
    return _span(language, age_ms, "age")


def span(language: str, span_ms: int) -> str:
    """A length of time."""
    return _span(language, max(span_ms, _MINUTE), "span")


def _span(language: str, span_ms: int, form: str) -> str:
    if span_ms < _MINUTE:
        return text(language, "age_now")
    if span_ms < 2 * _HOUR:
        return text(language, f"{form}_minutes", n=span_ms // _MINUTE)
    if span_ms < 2 * _DAY:
        return text(language, f"{form}_hours", n=span_ms // _HOUR)
    return text(language, f"{form}_days", n=span_ms // _DAY)


def day_short(language: str, day: str) -> str:
    """`2026-11-23` as `23 nov.`, the first of a French month as `1er`."""
    at = date.fromisoformat(day)
    if language == "fr" and at.day == 1:
        return f"1er{NO_BREAK}{format_date(at, format='MMM', locale=language)}"
    return format_date(at, format="d MMM", locale=language).replace(" ", NO_BREAK)


def month_long(language: str, day: str) -> str:
    """`2026-11-23` as `novembre 2026`."""
    return format_date(date.fromisoformat(day), format="LLLL y", locale=language).replace(" ", NO_BREAK)


def weekday(language: str, day: str) -> str:
    """`2026-11-23` as `lu` or `Mo`: two letters are what a column of a month has room for on a phone."""
    return format_date(date.fromisoformat(day), format="EEEEEE", locale=language)[:2]


def clock(language: str, utc_ms: int) -> str:
    """Hours and minutes at the sites (Burkina Faso keeps UTC)."""
    at = datetime.fromtimestamp(utc_ms // 1000, UTC)
    return f"{at.hour}{NO_BREAK}h{NO_BREAK}{at:%M}" if language == "fr" else f"{at:%H:%M}"


def moment(language: str, utc_ms: int) -> str:
    """Day and time."""
    day = datetime.fromtimestamp(utc_ms // 1000, UTC).date().isoformat()
    return text(language, "moment", day=day_short(language, day), time=clock(language, utc_ms))
