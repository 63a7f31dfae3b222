"""How the agent does, as one JSON object and as lines for a terminal. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge_agent.agent import Agent
    from edge_agent.till.book import Book


def report(agent: Agent, now_ms: int) -> dict[str, Any]:
    """Everything that a technician on site asks first."""
    outbox = agent.outbox
    belief = agent.keeper.belief(now_ms)
    counts = agent.downlink.counts
    return {
        "boot": {
            "id": agent.life.boot,
            "number": agent.life.number,
            "uptime_s": (now_ms - agent.life.first_mono_ms) // 1000,
        },
        "time": {"utc_ms": belief.wall, "source": belief.clk, "uncertainty_s": belief.unc},
        "devices": agent.poller.status(now_ms),
        "outbox": {
            "stream": outbox.stream,
            "head": outbox.head,
            "waiting": outbox.waiting,
            "in_memory": outbox.pending,
            "dropped": outbox.dropped,
            "rotten": outbox.rotten,
        },
        "ledger": _ledger(agent.till.book),
        "prices": agent.till.prices,
        "link": {
            "connected": agent.link.connected,
            "latency_ms": agent.link.latency_ms,
            "loss_percent": agent.link.loss_percent,
            "sent_bytes": agent.link.sent_bytes,
            "received_bytes": agent.link.received_bytes,
        }
        | agent.publisher.status(now_ms),
        "down": {
            "accepted": counts.accepted,
            "unreadable": counts.unreadable,
            "forged": counts.forged,
            "foreign": counts.foreign,
            "old": counts.old,
            "refused_rows": counts.refused_rows,
            "late_times": counts.late_times,
        },
        "short_of_space": agent.database.short_of_space,
    }


def _ledger(book: Book) -> dict[str, Any]:
    log, head = book.open_log, book.head
    return {
        "log": "" if log is None else log.log,
        "seq": 0 if head is None else head.seq,
        "acknowledged": 0 if log is None else log.acked,
        "witnessed": 0 if log is None else log.witnessed,
        "disputed": [] if log is None else book.disputed(log.log),
        "income_minor": 0 if head is None else head.totals.income,
        "box_minor": 0 if head is None else head.box,
        "closed_logs": [{"log": each.log, "why": each.closed} for each in book.logs.values() if each.closed],
    }


def lines(said: dict[str, Any]) -> list[str]:
    """The same for a terminal, in a dozen lines."""
    boot, time, outbox, ledger, link = said["boot"], said["time"], said["outbox"], said["ledger"], said["link"]
    shown = [
        f"boot {boot['number']} ({boot['id']}), up {boot['uptime_s']} s",
        f"time: {time['source']}, within {time['uncertainty_s']} s" if time["utc_ms"] else "time: not known yet",
    ]
    for device in said["devices"]:
        age = device["last_reading_age_s"]
        shown.append(
            f"{device['name']} ({device['driver']}): {device['state']}"
            + (f", last reading {age} s ago" if age is not None else "")
            + (f"; {device['check']}" if device["check"] else "")
        )
    shown += [
        f"rows waiting: {outbox['waiting']}, dropped {outbox['dropped']}, unreadable {outbox['rotten']}",
        f"ledger: n° {ledger['seq']}, server has n° {ledger['acknowledged']}, box {ledger['box_minor']}",
        f"link: {'connected' if link['connected'] else 'not connected'}, {link['frames_in_flight']} frames under way",
        f"next frame in {link['next_frame_s']} s",
    ]
    if said["short_of_space"]:
        shown.append("the disk is full: free some space; readings are given up for it, money is not")
    return shown
