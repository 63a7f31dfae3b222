"""Who may speak where: topics, frames, headers and statuses, before anything in them is believed. Knows no section.

MQTT gives ingest no certificate, so topic, header and registration must name the same site; what does not fit is kept
as a dead letter, never raised.
"""

from __future__ import annotations

from ingest import times
from ingest.work import Reply, Work
from kiosk.errors import WireError
from kiosk.wire.frame import FRAME_MAX_BYTES, Frame, Header, decode_frame
from kiosk.wire.topics import Topic, parse_status, parse_topic
from store import status, streams
from store.status import LastHeader

STATUS_MAX_BYTES = 64
KEPT_OF_OVERSIZED = 1_024
"""So many bytes of a message that is larger than any frame are kept."""


def open_topic(work: Work, topic: str, payload: bytes) -> Topic | None:
    """The topic taken apart, or None: it is none of ours, or of a partition that is not the site's."""
    try:
        return parse_topic(topic)
    except WireError as error:
        work.tally.add("topic_refused")
        work.letter(payload[:FRAME_MAX_BYTES], topic=topic, kind="topic", reason=str(error))
        return None


def open_frame(work: Work, topic: Topic, name: str, payload: bytes) -> Frame | None:
    """The frame, or None: it cannot be read, or its sender may not speak for the site."""
    if len(payload) > FRAME_MAX_BYTES:
        work.tally.add("frame_oversized")
        kept, reason = payload[:KEPT_OF_OVERSIZED], f"{len(payload)} bytes are more than a frame; this is the beginning"
        work.letter(kept, site=topic.site, topic=name, kind="frame", reason=reason)
        return None
    try:
        frame = work.opened.get(payload) or decode_frame(payload)
    except WireError as error:
        work.tally.add("frame_refused")
        work.letter(payload, site=topic.site, topic=name, kind="frame", reason=str(error))
        return None
    header = frame.header
    if header.site != topic.site:
        work.tally.add("topic_foreign")
        reason = f"a frame of {header.site} on the topic of {topic.site}"
        work.letter(payload, site=topic.site, topic=name, kind="frame", reason=reason, security=True)
        return None
    if not work.is_registered(header.site, header.device):
        work.tally.add("device_unknown")
        reason = f"device {header.device} is not registered for {header.site}: `kayasol site add` registers it"
        work.letter(payload, site=topic.site, topic=name, kind="frame", reason=reason, security=True)
        return None
    work.tally.add("frames")
    frames, octets = work.arrivals.get((header.site, header.device), (0, 0))
    work.arrivals[header.site, header.device] = (frames + 1, octets + len(payload))
    return frame


def take_header(work: Work, header: Header) -> Reply:
    """Keep the header if it is the newest; what it says of its own boot's clock holds in any case."""
    times.take_header(work, header)
    key = (header.site, header.device, header.stream)
    reply = work.replies.get(key)
    newest = reply.header if reply is not None else None
    work.stream(header.site, header.stream, header.device)
    if _is_newer(work, header, _newest(work, header.site)):
        work.headers[header.site] = header
    else:
        work.tally.add("frame_late")
    if reply is None:
        reply = work.replies[key] = Reply(header)
    elif newest is None or (header.boot_number, header.counter) > (newest.boot_number, newest.counter):
        reply.header = header
    return reply


def take_status(work: Work, topic: Topic, name: str, payload: bytes) -> None:
    """The retained status: online, or the broker's word that the link is lost."""
    try:
        said = parse_status(payload)
    except WireError as error:
        work.tally.add("status_refused")
        work.letter(payload[:STATUS_MAX_BYTES], site=topic.site, topic=name, kind="status", reason=str(error))
        return
    if not work.is_registered(topic.site, said.device):
        work.tally.add("device_unknown")
        reason = f"device {said.device} is not registered for {topic.site}"
        work.letter(payload, site=topic.site, topic=name, kind="status", reason=reason, security=True)
        return
    work.tally.add("status")
    known = status.get(work.connection, topic.site)
    if known is None or (known.online, known.dev) != (said.online, said.device):
        status.note_online(work.connection, topic.site, said.device, work.now_ms, online=said.online)


def save(work: Work) -> None:
    """Keep the newest headers, and count what came in the quarter of an hour of the server's clock."""
    status.save_headers(work.connection, [header for _, header in sorted(work.headers.items())], work.now_ms)
    status.note_arrivals(work.connection, work.arrivals, work.now_ms, work.headers)


def _newest(work: Work, site: str) -> Header | LastHeader | None:
    """The newest header known of a site, in this transaction or before it."""
    if site in work.headers:
        return work.headers[site]
    if site not in work.last_headers:
        work.last_headers[site] = status.last_headers(work.connection, [site]).get(site)
    return work.last_headers[site]


def _is_newer(work: Work, header: Header, known: Header | LastHeader | None) -> bool:
    """Newer by boot number and counter; between streams the one met later wins, since a restored card counts anew."""
    if known is None or known.stream is None or known.boot_number is None or known.counter is None:
        return True
    if known.stream == header.stream:
        return (header.boot_number, header.counter) > (known.boot_number, known.counter)
    connection = work.connection
    met, met_before = (streams.order_of(connection, header.site, each) for each in (header.stream, known.stream))
    return met > met_before
