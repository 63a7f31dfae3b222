"""What the JSON answers look like: the shape that programs may rely on. No rule in them.

Times are UTC: `…_ms` in milliseconds, else RFC 3339. Money is whole minor units of `currency` (XOF has none: francs),
shares are thousandths, null is "not known" and never 0. What lies in a cash box is in none of them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from figures.battery import Battery
from figures.day import Daylight
from figures.energy import Energy
from figures.facts import PastDay
from figures.income import Service
from figures.reasons import Reason
from figures.uptime import Availability, Link

Minor = Annotated[int, Field(description="Minor units, signed.")]
Permille = Annotated[int | None, Field(description="Thousandths; null is not known.")]


class Answer(BaseModel):
    """An answer says what it is made of and nothing else."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class ProblemAnswer(BaseModel):
    """RFC 9457."""

    type: str = Field(examples=["urn:kayasol:problem:unknown-site"])
    title: str
    status: int
    detail: str
    instead: str | None = Field(default=None, description="What to ask instead.")
    errors: list[dict[str, Any]] | None = Field(default=None, description="Each parameter that is not of its form.")


class StateAnswer(Answer):
    """How a site stands."""

    level: Literal["ok", "warn", "bad", "unknown"]
    code: str = Field(description="Why, for programs.", examples=["silent"])
    since_ms: int | None = Field(description="What it rests on: the last arrival, or the reading that tells it.")
    subject: str = Field(description="The device meant.")
    reason: str = Field(description="Why, in French, for people.")


class UptimesAnswer(Answer):
    """The three uptimes of the last days before today: they fail apart, so never one number."""

    power_permille: Permille
    agent_permille: Permille
    link_permille: Permille
    days: int = Field(description="How many days they are of.")


class SiteAnswer(Answer):
    """A site as it stands now."""

    code: str
    name: str
    commune: str
    kind: str = Field(description="school, health or other")
    currency: str
    state: StateAnswer
    last_arrival_ms: int | None = Field(description="When anything of the site came last.")
    income_today_minor: Minor | None = Field(description="null: the kiosk has not told of today yet.")
    income_month_minor: Minor | None
    income_last_month_minor: Minor | None
    income_known_to_ms: int | None = Field(description="Income after this is not known here.")
    records_complete_upto: int | None = Field(description="Every ledger record up to this one is here or explained.")
    records_at_kiosk: int | None = Field(description="Recorded by the kiosk and not received yet, by its last word.")
    income_at_kiosk_minor: Minor | None = Field(description="Income of those.")
    uptimes: UptimesAnswer


class SitesAnswer(Answer):
    """Every site, by code."""

    sites: list[SiteAnswer]


class ValueAnswer(Answer):
    """The newest value of one metric."""

    device: str
    metric: str
    unit: str
    value: float
    time_ms: int
    time: str
    age_s: int


class LatestAnswer(Answer):
    """The newest value of everything that a site measures."""

    site: str
    now_ms: int
    values: list[ValueAnswer]


class SeriesAnswer(Answer):
    """A metric over time, in columns: position n of each list belongs together.

    Raw: `times_ms` and `values`. By interval: `times_ms` (starts) and `means lows highs lasts counts`; intervals
    without values are absent.
    """

    site: str
    device: str
    metric: str
    unit: str
    start_ms: int
    end_ms: int
    interval_s: int | None = Field(description="null: raw values.")
    times_ms: list[int]
    values: list[float] | None = None
    means: list[float] | None = None
    lows: list[float] | None = None
    highs: list[float] | None = None
    lasts: list[float] | None = None
    counts: list[int] | None = None


class MoneyAnswer(Answer):
    """A day's income. A void or refund counts on its own day: the day of the sale is not edited."""

    currency: str
    net_minor: Minor
    sales_minor: Minor
    sales: int
    by_service: dict[str, Service]
    voided_minor: Minor
    voids: int
    refunded_minor: Minor
    refunds: int
    adjusted_minor: Minor


class FiguresAnswer(Answer):
    """Every figure of a day with its coverage; docs/figures.md defines them."""

    until_ms: int = Field(description="The day was judged up to here.")
    solar: Energy
    load: Energy
    shelf: Energy
    power: Availability
    agent: Availability
    link: Link
    battery: Battery
    daylight: Daylight
    income: MoneyAnswer
    coverage_permille: Permille
    reasons: list[Reason]
    history: list[PastDay] = Field(
        description="What each charge controller told later of this day, by its own midnight."
    )


class DayAnswer(Answer):
    """One civil day of a site."""

    day: str
    computed_ms: int
    figures: FiguresAnswer | None = Field(description="null: the definitions changed, the day waits to be computed.")


class DaysAnswer(Answer):
    """The computed days of a span; a day that is absent has no facts at all."""

    site: str
    first: str
    last: str
    days: list[DayAnswer]


class KeyAnswer(Answer):
    """A public key and the records of this log that it may sign."""

    key_id: str
    public_key: str = Field(description="Ed25519, 32 bytes as hex.")
    from_seq: int
    until_seq: int | None


class BranchAnswer(Answer):
    """Where a branch of the log stands; more than one means that the kiosk's card was copied or restored."""

    branch: int
    seq: int
    hash: str


class GapAnswer(Answer):
    """Records that are missing for good, and why."""

    from_seq: int
    to_seq: int
    reason: Literal["loss", "disputed"]


class RecordAnswer(Answer):
    """A signed record: `payload` is its exact text, all else beside the signature is derived from it."""

    seq: int
    branch: int
    hash: str
    payload: str
    signature: str = Field(description="Ed25519, 64 bytes as hex.")
    key_id: str
    day: str | None = Field(description="Civil day by the boot's best time fix; null: the boot has met no clock.")
    utc_ms: int | None
    counts: bool = Field(description="Whether its amounts are part of the sums.")
    marks: list[str] = Field(description="What is odd about it.")
    arrived_ms: int


class LedgerAnswer(Answer):
    """A page of a log, with what a stranger needs to verify it by docs/ledger-format.md."""

    site: str
    log: str | None = Field(description="null: the site has no log yet.")
    logs: list[str] = Field(description="Every log of the site, oldest first.")
    acts: list[str] = Field(description="The site's acts as issued; the first record's prev is the hash of one.")
    keys: list[KeyAnswer]
    branches: list[BranchAnswer]
    gaps: list[GapAnswer]
    records: list[RecordAnswer]
    next_after: int | None = Field(description="Pass as `after` for the next page; null: this was the last.")


class HealthAnswer(Answer):
    """Whether the server can do its work."""

    status: Literal["ok", "broken"]
    database: str = Field(examples=["ok"])
    last_arrival_ms: int | None = None
    last_arrival_age_s: int | None = None
    dirty_days: int | None = Field(
        default=None, description="Days that wait for their figures; at most 1000 are counted."
    )
    dead_letters: int | None = None
