"""Keys are born on the device, and only an answer made for them is taken; the server's half is the real one."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from edge_agent import commission
from kayasol.ca import Authority
from kiosk.errors import ConfigError
from kiosk.ledger import act
from kiosk.ledger.signing import SigningKey

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def answer_to(request: bytes, folder: Path, **changes: Any) -> bytes:
    """What the server's half writes, with some of it changed."""
    fields = json.loads(request)
    authority = Authority(folder, NOW)
    keys = [SigningKey.from_private_bytes(bytes([n]) * 32).public_hex for n in (3, 4)]
    deed = {
        "v": 1, "kind": "act", "site": fields["site"], "name": "École", "commune": "Kaya", "site_kind": "school",
        "dev": fields["dev"], "cur": "XOF", "pub": fields["ledger_pub"], "ingest_key": keys[0], "ingest_next": keys[1],
        "issued": 1_790_000_000_000,
    } | {name: value for name, value in changes.items() if name in act.ACT}  # fmt: skip
    answer = {
        "v": 1, "kind": "device-answer", "act": act.encode(deed).hex(),
        "certificate_pem": authority.sign_site(fields["csr_pem"].encode(), fields["site"]).decode(),
        "ca_pem": authority.certificate_pem.decode(), "ingest_key": keys[0], "ingest_next": keys[1],
    } | {name: value for name, value in changes.items() if name not in act.ACT}  # fmt: skip
    return json.dumps(answer).encode()


@pytest.fixture
def request_(tmp_path: Path) -> bytes:
    return commission.begin(tmp_path / "state", "damane", Random(1).randbytes)


def test_the_request_holds_public_keys_only_and_private_ones_are_the_owner_s(tmp_path: Path, request_: bytes) -> None:
    fields = json.loads(request_)
    assert set(fields) == {"v", "kind", "site", "dev", "ledger_pub", "csr_pem"}
    for name in (commission.LEDGER_KEY, commission.TLS_KEY):
        path = tmp_path / "state" / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text().strip() not in request_.decode()


def test_a_right_answer_makes_the_folder_a_device(tmp_path: Path, request_: bytes) -> None:
    own = commission.accept(tmp_path / "state", answer_to(request_, tmp_path / "ca"), coins=500)
    assert (own.site, own.currency, own.coins) == ("damane", "XOF", 500)
    assert own.act_hash == act.act_hash((tmp_path / "state" / commission.ACT).read_bytes())
    loaded = commission.load(tmp_path / "state")
    assert (loaded.dev, loaded.ingest_keys, loaded.act_hash) == (own.dev, own.ingest_keys, own.act_hash)


def test_keys_are_never_made_twice_but_the_request_can_be_written_again(tmp_path: Path, request_: bytes) -> None:
    with pytest.raises(ConfigError, match="never overwritten"):
        commission.begin(tmp_path / "state", "damane", Random(2).randbytes)
    again = commission.request_again(tmp_path / "state")
    assert json.loads(again)["ledger_pub"] == json.loads(request_)["ledger_pub"]
    commission.accept(tmp_path / "state", answer_to(again, tmp_path / "ca"))


@pytest.mark.parametrize(
    "changes",
    [
        {"site": "louda"},
        {"dev": "00" * 8},
        {"pub": "ab" * 32},
        {"ingest_key": "ab" * 32},
        {"kind": "device-request"},
        {"v": 2},
        {"act": "zz"},
        {"act": "7b7d"},
        {"certificate_pem": "rubbish"},
        {"ca_pem": 5},
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_is_kept(
    tmp_path: Path, request_: bytes, changes: dict[str, Any]
) -> None:
    fields = json.loads(answer_to(request_, tmp_path / "ca"))
    if set(changes) <= {"site", "dev", "pub"}:
        fields = json.loads(answer_to(request_, tmp_path / "ca", **changes))
    else:
        fields |= changes
    with pytest.raises(ConfigError):
        commission.accept(tmp_path / "state", json.dumps(fields).encode())
    assert not (tmp_path / "state" / commission.ACT).exists()
    assert not (tmp_path / "state" / commission.CERTIFICATE).exists()


@pytest.mark.parametrize("raw", [b"", b"rubbish", b"[]", b"x" * 70_000, b"[" * 20_000])
def test_a_file_that_is_no_answer_is_refused(tmp_path: Path, request_: bytes, raw: bytes) -> None:
    with pytest.raises(ConfigError):
        commission.accept(tmp_path / "state", raw)


def test_a_certificate_of_another_device_or_authority_is_refused(tmp_path: Path, request_: bytes) -> None:
    other = commission.begin(tmp_path / "other", "damane", Random(9).randbytes)
    foreign = json.loads(answer_to(other, tmp_path / "ca"))["certificate_pem"]
    with pytest.raises(ConfigError, match="another key"):
        commission.accept(tmp_path / "state", answer_to(request_, tmp_path / "ca", certificate_pem=foreign))
    stranger = Authority(tmp_path / "ca2", NOW).certificate_pem.decode()
    with pytest.raises(ConfigError, match="not issued"):
        commission.accept(tmp_path / "state", answer_to(request_, tmp_path / "ca", ca_pem=stranger))


@pytest.mark.parametrize("site", ["", "x", "Damané", "a b", "x" * 25])
def test_a_wrong_site_code_makes_no_keys(tmp_path: Path, site: str) -> None:
    with pytest.raises(ConfigError):
        commission.begin(tmp_path / "state", site, Random(1).randbytes)
    assert not (tmp_path / "state").exists()


def test_a_key_of_another_device_is_noticed(tmp_path: Path, request_: bytes) -> None:
    commission.accept(tmp_path / "state", answer_to(request_, tmp_path / "ca"))
    (tmp_path / "state" / commission.LEDGER_KEY).write_text("ab" * 32)
    with pytest.raises(ConfigError, match="different devices"):
        commission.load(tmp_path / "state")


def test_a_damaged_key_is_told(tmp_path: Path, request_: bytes) -> None:
    (tmp_path / "state" / commission.LEDGER_KEY).write_text("ab")
    with pytest.raises(ConfigError, match="damaged"):
        commission.load(tmp_path / "state")
