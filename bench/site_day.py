"""A whole site-day on the wire, at both cadences, against the same site-minutes as JSON; bytes counted by the kernel.

`python -m bench site-day` as root prints the tables. Needs network namespaces and Mosquitto, and names what is missing.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.corpus import make_corpus
from bench.results import Figure, at_most, keep
from bench.site_day_kiosk import PORT, QUIET_S, Day, SiteDay, Stuck
from bench.site_day_link import WAIT_S
from bench.sizes import messages
from bench.veth import SERVER_ADDRESS, Traffic, VethPair, missing
from edge_agent.mqtt_link import tls_context
from kiosk.wire import frame, topics
from tests.servers import missing_servers

CADENCES = {"15 minutes": (900, 1 / 12, 60_500), "hourly": (3_600, 1 / 20, 36_300)}
"""Name -> seconds, at most this share of J, and the same share of the 726 kB that J once was."""
SALES, ROWS = 90, 1_440
KINDS = {
    frame.KIND_LEDGER: "records",
    frame.KIND_SCHEMA: "schemas",
    frame.KIND_BOOTS: "boots",
    frame.KIND_BLOCK: "blocks",
    frame.KIND_TIME_REQUEST: "time requests",
}


def json_day(pair: VethPair, site: SiteDay) -> Traffic:
    """J: a message a site-minute at QoS 1 over one TLS session of the same device to the same broker."""
    corpus = make_corpus(days=2)
    payloads = [json.dumps(each, separators=(",", ":")).encode() for each in messages(corpus, ROWS, 2 * ROWS)]
    with pair.inside(pair.kiosk):
        begun = pair.traffic()
        taken, there = threading.Semaphore(0), threading.Event()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="json", protocol=paho.MQTTv311)
        context = tls_context(site.config.broker)
        assert context is not None, "the bench speaks TLS"
        client.tls_set_context(context)
        client.on_connect = lambda *_: there.set()
        client.on_publish = lambda *_: taken.release()
        client.connect(SERVER_ADDRESS, PORT)
        client.loop_start()
        if not there.wait(WAIT_S):
            raise Stuck("the JSON client met no broker")
        topic = topics.up(site.config.site.code)
        for payload in payloads:
            client.publish(topic, payload, qos=1)
            if not taken.acquire(timeout=WAIT_S):
                raise Stuck("a JSON message was not acknowledged")
            time.sleep(QUIET_S)
        spent = pair.traffic() - begun
        client.disconnect()
        client.loop_stop()
    return spent


def show(name: str, day: Day, plain: Traffic) -> None:
    """One cadence as a table."""
    rest = day.total - day.connect - day.keep_alive
    total = day.total
    print(
        f"{name}: {total.bytes} B ({total.up_bytes} up, {total.down_bytes} down) in {total.packets} packets, "
        f"{total.ip_bytes} B without Ethernet headers; J / {plain.bytes / total.bytes:.1f}"
    )
    rows = [
        ("connect", day.connect.bytes, f"{day.connect.packets} packets"),
        ("keep-alive", day.keep_alive.bytes, f"{day.pings} pings, {day.keep_alive.packets} packets"),
        ("frames", day.frame_bytes, f"{day.frames} frames"),
        ("answers", day.answer_bytes, f"{day.answers} answers"),
        ("TCP, TLS, MQTT around both", rest.bytes - day.frame_bytes - day.answer_bytes, f"{rest.packets} packets"),
    ]
    for what, octets, words in rows:
        print(f"  {what:28}{octets:8}   {words}")
    inside = ", ".join(f"{KINDS.get(kind, kind)} {octets}" for kind, octets in sorted(day.section_bytes.items()))
    heads = day.frame_bytes - sum(day.section_bytes.values())
    print(f"  of the frames: {inside}, headers and tables {heads}")


def figures_of(name: str, day: Day, plain: Traffic, share: float, absolute: int) -> list[Figure]:
    """With the issue's goals."""
    what = f"site-day: {name}"
    return [
        at_most(f"{what}, of J", day.total.bytes / plain.bytes, "ratio", round(share, 5)),
        at_most(f"{what}, both ways", day.total.bytes, "B", absolute),
        Figure(f"{what}, up", day.total.up_bytes, "B"),
        Figure(f"{what}, down", day.total.down_bytes, "B"),
        Figure(f"{what}, packets", day.total.packets, "packets"),
        Figure(f"{what}, without Ethernet headers", day.total.ip_bytes, "B"),
    ]


def reasons_missing() -> list[str]:
    """What this bench cannot do without."""
    reasons = [missing()]
    if "mosquitto" in missing_servers():
        reasons.append(f"mosquitto is missing: {missing_servers()['mosquitto']}")
    return [reason for reason in reasons if reason]


def main() -> None:
    """Measure, print, keep."""
    reasons = reasons_missing()
    if reasons:
        for reason in reasons:
            print(f"not measured: {reason}")
        keep([Figure("site-day: measured", 0, "yes/no", "; ".join(reasons), holds=False)])
        return
    days: dict[str, Day] = {}
    plain = Traffic()
    for name, (cadence_s, _share, _absolute) in CADENCES.items():
        with tempfile.TemporaryDirectory() as folder, VethPair() as pair:
            site = SiteDay(Path(folder), pair, cadence_s)
            try:
                days[name] = site.run()
                if not plain.bytes:
                    plain = json_day(pair, site)
            finally:
                site.close()
    print(
        f"J: {plain.bytes} B ({plain.up_bytes} up, {plain.down_bytes} down) in {plain.packets} packets, "
        f"{plain.ip_bytes} B without Ethernet headers"
    )
    figures = [Figure("site-day: measured", 1, "yes/no", "= 1", holds=True), Figure("site-day: J", plain.bytes, "B")]
    for name, day in days.items():
        if (day.rows, day.sales) != (ROWS, SALES):
            raise ValueError(f"a day of {day.rows} rows and {day.sales} sales is not the one that is meant")
        show(name, day, plain)
        _, share, absolute = CADENCES[name]
        figures += figures_of(name, day, plain, share, absolute)
    keep(figures)


if __name__ == "__main__":
    main()
