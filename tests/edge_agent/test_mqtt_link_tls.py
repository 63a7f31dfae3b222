"""The link over mutual TLS without dates: who is let in, who is refused, and a whole agent behind it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge_agent import commission
from edge_agent.config import Broker
from edge_agent.mqtt_link import tls_context
from kayasol.ca import Authority
from kiosk.errors import ConfigError
from kiosk.wire import topics
from tests.certificates import TlsFiles
from tests.edge_agent.broker_ends import Far, make, turn, until
from tests.edge_agent.site import Site
from tests.mosquitto import MosquittoServer

# The MQTT library leaves a socket whose TLS handshake failed to the garbage collector, which closes it and warns.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_plain_speech_is_for_this_machine_only() -> None:
    with pytest.raises(ConfigError):
        tls_context(Broker("192.0.2.1", 1883, 900, 60, None, None, None, True))
    with pytest.raises(ConfigError):
        tls_context(Broker("127.0.0.1", 1883, 900, 60, None, None, None, False))


class Pki:
    """An authority, a broker's certificate and a commissioned site's, each issued at a time of the test's choice."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = folder / "authority"

    def broker_files(self, issued: datetime, hosts: list[str]) -> TlsFiles:
        Authority(self.authority, NOW)
        Authority(self.authority, issued).issue_server("broker", hosts)
        return TlsFiles(self.authority / "ca.pem", self.authority / "broker.pem", self.authority / "broker.key")

    def client_files(self, name: str) -> TlsFiles:
        Authority(self.authority, NOW).issue_client(name)
        return TlsFiles(self.authority / "ca.pem", self.authority / f"{name}.pem", self.authority / f"{name}.key")

    def accept(self, site: Site) -> None:
        """Commission the site's folder with this authority."""
        authority = Authority(self.authority, NOW)
        request = json.loads(commission.request_again(site.folder))
        answer = {
            "v": 1, "kind": "device-answer", "act": site.act.hex(),
            "certificate_pem": authority.sign_site(request["csr_pem"].encode(), "damane").decode(),
            "ca_pem": authority.certificate_pem.decode(),
            "ingest_key": site.ingest.public_hex, "ingest_next": site.ingest_next.public_hex,
        }  # fmt: skip
        commission.accept(site.folder, json.dumps(answer).encode())

    def settings(self, site: Site, broker: MosquittoServer) -> Broker:
        ca, own, key = (
            site.folder / name for name in (commission.AUTHORITY, commission.CERTIFICATE, commission.TLS_KEY)
        )
        return Broker(broker.host, broker.port, 900, 60, ca, own, key, False)


@pytest.mark.parametrize("issued", [NOW - timedelta(days=50 * 365), NOW + timedelta(days=10 * 365)])
def test_a_broker_s_certificate_of_another_time_is_taken_because_the_pi_may_be_wrong(
    site: Site, tmp_path: Path, issued: datetime
) -> None:
    pki = Pki(tmp_path)
    with MosquittoServer(tmp_path / "broker", tls=pki.broker_files(issued, ["127.0.0.1"])) as broker:
        pki.accept(site)
        link = make(pki.settings(site, broker))
        link.start()
        until(lambda: link.connected, turn(link))
        link.stop()


def test_a_broker_of_another_name_is_refused(site: Site, tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    with MosquittoServer(tmp_path / "broker", tls=pki.broker_files(NOW, ["kayasol.example.org"])) as broker:
        pki.accept(site)
        link = make(pki.settings(site, broker))
        link.start()
        until(lambda: link.trouble, turn(link))
        assert not link.connected
        assert "certificate" in link.trouble
        link.stop()


def test_a_broker_of_another_authority_is_refused(site: Site, tmp_path: Path) -> None:
    (tmp_path / "stranger").mkdir()
    stranger = Pki(tmp_path / "stranger")
    with MosquittoServer(tmp_path / "broker", tls=stranger.broker_files(NOW, ["127.0.0.1"])) as broker:
        pki = Pki(tmp_path)
        pki.accept(site)
        link = make(pki.settings(site, broker))
        link.start()
        until(lambda: link.trouble, turn(link))
        assert not link.connected
        link.stop()


def test_a_whole_agent_gets_its_rows_and_records_acknowledged_over_mutual_tls(site: Site, tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    acl = "user damane\ntopic readwrite k1/#\nuser ingest\ntopic readwrite k1/#\n"
    with MosquittoServer(tmp_path / "broker", tls=pki.broker_files(NOW, ["127.0.0.1"]), acl=acl) as broker:
        pki.accept(site)
        far = Far(broker, pki.client_files("ingest"))
        link = make(pki.settings(site, broker), site.clock)
        site.link = link  # type: ignore[assignment]
        site.start()
        until(lambda: link.connected, site.agent.step)
        site.agent.till.sale("phone")
        for _ in range(15):
            site.pass_ms(60_000)
            site.agent.step()

        def exchange() -> None:
            while not far.inbox.empty():
                topic, payload, _ = far.inbox.get()
                if topic == topics.up("damane"):
                    site.receiver.take(payload)
                    far.client.publish(topics.down("damane"), site.receiver.receipt(), 1)
            site.agent.step()

        until(lambda: site.agent.outbox.head == 15 and site.agent.outbox.waiting == 0, exchange)
        log = site.agent.till.book.open_log
        assert log is not None
        assert log.acked == log.head_seq
        site.end()
        far.stop()


def test_a_device_without_its_certificate_is_not_let_in(site: Site, tmp_path: Path) -> None:
    pki = Pki(tmp_path)
    with MosquittoServer(tmp_path / "broker", tls=pki.broker_files(NOW, ["127.0.0.1"])) as broker:
        pki.accept(site)
        (tmp_path / "stranger").mkdir()
        other = Pki(tmp_path / "stranger").client_files("damane")
        settings = replace(pki.settings(site, broker), certificate=other.certificate, key=other.key)
        link = make(settings)
        link.start()
        until(lambda: link.trouble, turn(link))
        assert link.session == 0
        link.stop()
