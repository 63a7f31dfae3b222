"""Boots and time fixes: which statement about UTC dates a boot, and what has to be dated anew. Reads no clock.

A boot keeps two things apart: its best *fix*, and the *offset* that its readings and records are dated by. A better fix
that moves a boot by a second or more takes over at once while no reading of the boot is written; else the boot is
flagged and office rewrites all its readings, so that nothing is ever counted under two dates.
"""

from __future__ import annotations

from ingest.work import Work
from kiosk.errors import WireError
from kiosk.time import TimeFix, supersedes
from kiosk.wire.boots import decode_boots
from kiosk.wire.frame import Header
from store import blocks, boots
from store.boots import Boot, plausible_utc
from store.errors import RetryLater

MONO_MAX_MS = 100 * 366 * 86_400_000
"""No agent lives a century."""
SAME_DATE_MS = 1_000
"""A shift below this is not worth rewriting a boot for: site-minutes are a minute apart."""


def boot_of(work: Work, site: str, boot_id: str) -> Boot | None:
    """A boot as it stands in this transaction."""
    key = (site, boot_id)
    if key not in work.boots:
        known = boots.get(work.connection, site, boot_id)
        if known is None:
            return None
        work.boots[key] = known
    return work.boots[key]


def seen(work: Work, site: str, boot_id: str, number: int, span_ms: tuple[int, int]) -> Boot:
    """A boot is known to have lived from the first to the last of these monotonic instants; `number` 0 is not known."""
    first_ms, last_ms = span_ms
    known = boot_of(work, site, boot_id)
    if known is None:
        state = Boot(site, boot_id, number, first_ms, last_ms, None, None, needs_redating=False)
    elif number <= known.boot_number and known.first_mono_ms <= first_ms and last_ms <= known.last_mono_ms:
        return known
    else:
        first_ms, last_ms = min(first_ms, known.first_mono_ms), max(last_ms, known.last_mono_ms)
        # Not `_replace`, which takes longer: each frame makes its boot longer.
        life = (site, boot_id, max(number, known.boot_number), first_ms, last_ms)
        state = Boot(*life, known.fix, known.offset_ms, needs_redating=known.needs_redating)
    work.boots[site, boot_id] = state
    work.changed_boots.add((site, boot_id))
    return state


def offer_fix(work: Work, site: str, number: int, fix: TimeFix) -> None:
    """Take a statement about a boot's UTC if it is better than the one known."""
    if fix.mono_ms > MONO_MAX_MS or not plausible_utc(fix.utc_ms):
        work.tally.add("fix_implausible")
        return
    # A fix may be older than the agent's life, carried over from the one before: it does not lengthen a known life.
    state = boot_of(work, site, fix.boot) or seen(work, site, fix.boot, number, (fix.mono_ms, fix.mono_ms))
    if not supersedes(fix, state.fix):
        return
    work.tally.add("fixes")
    work.changed_boots.add((site, fix.boot))
    offset_ms = fix.utc_ms - fix.mono_ms
    state = state._replace(fix=fix)
    if state.offset_ms is None or abs(offset_ms - state.offset_ms) >= SAME_DATE_MS:
        work.archive()
        if state.offset_ms is not None and blocks.count(work.connection, site, blocks.WRITTEN, fix.boot):
            work.tally.add("redatings")
            state = state._replace(needs_redating=True)
        else:
            state, days = boots.adopt_fix(work.connection, state)
            # The boot's row is ours now. A boot that nobody had met cannot be locked before: another worker may have
            # dated it in the meantime, and its readings would be taken for what a failed commit has left.
            if blocks.count(work.connection, site, blocks.WRITTEN, fix.boot):
                raise RetryLater(f"another worker has dated boot {fix.boot} of {site} meanwhile: it is judged again")
            work.dated_boots.add((site, fix.boot))
            work.mark_dirty(site, days)
    work.boots[site, fix.boot] = state


def take_header(work: Work, header: Header) -> None:
    """The header names the boot of now and what its clock believes."""
    if header.mono_ms > MONO_MAX_MS:
        return
    seen(work, header.site, header.boot, header.boot_number, (header.mono_ms, header.mono_ms))
    if header.clock.source != "none":
        clock = header.clock
        fix = TimeFix(header.boot, header.mono_ms, clock.utc_ms, clock.source, clock.uncertainty_ms)
        offer_fix(work, header.site, header.boot_number, fix)


def take_boots(work: Work, header: Header, body: bytes) -> None:
    """The boots section: earlier lives, and the best fix that the edge has for each. Raises WireError."""
    states = decode_boots(body)
    if any(state.last_mono_ms > MONO_MAX_MS for state in states):
        raise WireError("a boot of more than a century")
    for state in states:
        seen(work, header.site, state.boot, state.boot_number, (state.first_mono_ms, state.last_mono_ms))
        if state.fix is not None:
            offer_fix(work, header.site, state.boot_number, state.fix)


def save(work: Work) -> None:
    """Write the boots that changed."""
    boots.save(work.connection, *(work.boots[key] for key in sorted(work.changed_boots)))
    work.changed_boots.clear()
