"""Topics and status texts."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.errors import WireError
from kiosk.wire import topics
from kiosk.wire.topics import Status, Topic, parse_status, parse_topic, status_text

DEVICE = "0123456789abcdef"

sites = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=2, max_size=24)


@given(sites)
def test_a_topic_comes_back(site: str) -> None:
    number = hashlib.sha256(site.encode()).digest()[0] % 64
    for write, channel in ((topics.up, "u"), (topics.down, "d"), (topics.status, "s")):
        assert parse_topic(write(site)) == Topic(number, site, channel)


def test_the_partition_of_a_site_never_changes() -> None:
    assert topics.up("kaya-nord-01") == "k1/28/kaya-nord-01/u"


@given(st.text(max_size=40))
def test_any_text_is_refused_or_is_a_topic(text: str) -> None:
    for topic in (text, f"k1/1/{text}/u"):
        try:
            parsed = parse_topic(topic)
        except WireError:
            continue
        assert {"u": topics.up, "d": topics.down, "s": topics.status}[parsed.channel](parsed.site) == topic


@pytest.mark.parametrize("site", ["", "a", "A1", "kaya/1", "kaya 1", "é1", "a" * 25, "+1", "#", "a1\n"])
def test_an_odd_site_code_is_refused(site: str) -> None:
    for refuse in (topics.check_site, topics.up, lambda odd: parse_topic(f"k1/0/{odd}/u")):
        with pytest.raises(WireError):
            refuse(site)


@pytest.mark.parametrize(
    "topic", ["k1/29/{}/u", "k1/028/{}/u", "k2/13/{}/u", "k1/28/{}/x", "k1/28/{}/u/", "/k1/28/{}/u"]
)
def test_a_topic_of_another_shape_is_refused(topic: str) -> None:
    assert parse_topic("k1/28/kaya-nord-01/u").partition == 28
    with pytest.raises(WireError):
        parse_topic(topic.format("kaya-nord-01"))


def test_a_worker_subscribes_to_its_partition_or_to_all() -> None:
    assert topics.subscription(28, "u") == "k1/28/+/u"
    assert topics.subscription(None, "s") == "k1/+/+/s"
    for number in (-1, 64):
        with pytest.raises(WireError):
            topics.subscription(number, "u")


def test_a_status_comes_back() -> None:
    assert status_text(DEVICE, online=True) == b"online 0123456789abcdef"
    for online in (True, False):
        assert parse_status(status_text(DEVICE, online)) == Status(online, DEVICE)


@pytest.mark.parametrize(
    "payload", [b"", b"online", b"online ", b"gone " + DEVICE.encode(), b"lost \xff", b"lost " * 99]
)
def test_another_status_is_refused(payload: bytes) -> None:
    with pytest.raises(WireError):
        parse_status(payload)


def test_a_status_names_a_device() -> None:
    with pytest.raises(WireError):
        status_text("device", online=True)
