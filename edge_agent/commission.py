"""Commissioning, the device's half: keys are born here and stay; a request goes to the server, an answer comes back.

The files (docs/agent.md): request = JSON {v, kind: device-request, site, dev, ledger_pub, csr_pem}; answer = JSON
{v, kind: device-answer, act (hex of its bytes), certificate_pem, ca_pem, ingest_key, ingest_next}.

What knows certificates is imported where it is needed: it takes 2 MB, which a running agent would never use.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from kiosk.errors import ConfigError, LedgerError, WireError
from kiosk.ledger import act
from kiosk.ledger.signing import SigningKey
from kiosk.wire.frame import DEVICE_BYTES
from kiosk.wire.topics import check_site

LEDGER_KEY, TLS_KEY, CERTIFICATE, AUTHORITY, ACT, DEVICE_ID, COINS = (
    "ledger.key", "device.key", "device.pem", "ca.pem", "act.json", "device.id", "coins",
)  # fmt: skip
"""Files in the state folder. `coins`: what was counted into the box at commissioning, in minor units."""

ANSWER_MAX_BYTES = 65_536
_COINS_MAX = 10**9


@dataclass(frozen=True)
class Commissioned:
    """What a device is, once it was accepted."""

    site: str
    dev: str
    currency: str
    act_hash: str
    ingest_keys: tuple[str, str]
    """Current and next public key of the server, as the act names them."""
    ledger_key: SigningKey
    coins: int
    issued_ms: int
    """UTC milliseconds at which the act was made: this device's clock cannot truly show less."""


def begin(folder: Path, site: str, entropy: Callable[[int], bytes]) -> bytes:
    """Make keys in the folder and return the request's bytes. ConfigError if there are keys, or no such site code."""
    try:
        check_site(site)
    except WireError as error:
        raise ConfigError(str(error)) from error
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / LEDGER_KEY).exists():
        raise ConfigError(
            f"{folder / LEDGER_KEY} exists: this folder belongs to a device already. Take another folder; "
            "keys are never overwritten, because they sign for money"
        )
    dev = entropy(DEVICE_BYTES).hex()
    pem = _certificates().new_key_pem()
    _write(folder / TLS_KEY, pem, 0o600)
    _write(folder / DEVICE_ID, f"{site} {dev}\n".encode("ascii"), 0o644)
    # The ledger key comes last: a folder without it was interrupted and is begun anew.
    ledger_key = SigningKey.from_private_bytes(entropy(32))
    _write(folder / LEDGER_KEY, ledger_key.private_bytes().hex().encode("ascii"), 0o600)
    return _request(site, dev, ledger_key, pem)


def request_again(folder: Path) -> bytes:
    """The request of a folder whose keys exist, should the file have been lost."""
    site, dev = _device_id(folder)
    return _request(site, dev, _ledger_key(folder), _read(folder / TLS_KEY))


def accept(folder: Path, answer: bytes, coins: int = 0) -> Commissioned:
    """Check the server's answer against this device's keys and keep it. Raises ConfigError; then nothing was kept."""
    fields = _answer_fields(answer)
    site, dev = _device_id(folder)
    ledger_key = _ledger_key(folder)
    try:
        act_bytes = bytes.fromhex(fields["act"])
        deed = act.parse(act_bytes)
    except (LedgerError, ValueError) as error:
        raise ConfigError(f"the act in the answer is damaged ({error}); copy the answer again") from error
    for name, ours in (("site", site), ("dev", dev), ("pub", ledger_key.public_hex)):
        if deed[name] != ours:
            raise ConfigError(
                f"the answer is for {name} {str(deed[name])[:64]}, this device is {ours}: "
                "take the answer that was made for its request"
            )
    for name in ("ingest_key", "ingest_next"):
        if fields[name] != deed[name]:
            raise ConfigError(f"{name} stands differently in the answer and its act; ask the server for a new answer")
    if not 0 <= coins <= _COINS_MAX:
        raise ConfigError(f"coins counted must be 0 to {_COINS_MAX} in minor units, is {coins}")
    certificate, authority = fields["certificate_pem"].encode(), fields["ca_pem"].encode()
    _certificates().check_certificate(certificate, authority, _read(folder / TLS_KEY), site)
    _write(folder / AUTHORITY, authority, 0o644)
    _write(folder / CERTIFICATE, certificate, 0o644)
    _write(folder / COINS, f"{coins}\n".encode("ascii"), 0o644)
    # The act comes last: it is what makes the folder a commissioned one.
    _write(folder / ACT, act_bytes, 0o644)
    return load(folder)


def load(folder: Path) -> Commissioned:
    """The identity kept in the folder. ConfigError says which step of commissioning is missing."""
    ledger_key = _ledger_key(folder)
    try:
        act_bytes = (folder / ACT).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{folder / ACT} cannot be read: run `kayasol-edge accept` with the server's answer"
        ) from error
    try:
        deed: dict[str, Any] = act.parse(act_bytes)
    except LedgerError as error:
        raise ConfigError(f"{folder / ACT} is damaged ({error}): run `kayasol-edge accept` again") from error
    if deed["pub"] != ledger_key.public_hex:
        raise ConfigError(f"{folder / LEDGER_KEY} is not the key of {folder / ACT}: they come from different devices")
    coins = 0
    if (folder / COINS).exists():
        text = _read(folder / COINS).decode("ascii", "replace").strip()
        if not text.isdecimal() or int(text) > _COINS_MAX:
            raise ConfigError(f"{folder / COINS} must hold one number of minor units")
        coins = int(text)
    return Commissioned(
        deed["site"], deed["dev"], deed["cur"], act.act_hash(act_bytes),
        (deed["ingest_key"], deed["ingest_next"]), ledger_key, coins, deed["issued"],
    )  # fmt: skip


def _certificates() -> ModuleType:
    from edge_agent import certificates  # noqa: PLC0415 - see above

    return certificates


def _request(site: str, dev: str, ledger_key: SigningKey, key_pem: bytes) -> bytes:
    fields = {
        "v": 1,
        "kind": "device-request",
        "site": site,
        "dev": dev,
        "ledger_pub": ledger_key.public_hex,
        "csr_pem": _certificates().signing_request_pem(key_pem, site),
    }
    return json.dumps(fields, indent=1).encode("ascii") + b"\n"


def _answer_fields(answer: bytes) -> dict[str, str]:
    if len(answer) > ANSWER_MAX_BYTES:
        raise ConfigError("the answer is too large; is it another file?")
    try:
        fields = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise ConfigError("the answer is not JSON; copy the file that `kayasol site add` wrote") from error
    if not isinstance(fields, dict) or fields.get("kind") != "device-answer" or fields.get("v") != 1:
        raise ConfigError("this is not a device answer of version 1; give the file that `kayasol site add` wrote")
    names = ("act", "certificate_pem", "ca_pem", "ingest_key", "ingest_next")
    if not all(isinstance(fields.get(name), str) for name in names):
        raise ConfigError(f"the answer lacks one of {', '.join(names)}; ask the server for a new one")
    return {name: fields[name] for name in names}


def _device_id(folder: Path) -> tuple[str, str]:
    site, _, dev = _read(folder / DEVICE_ID).decode("ascii", "replace").strip().partition(" ")
    return site, dev


def _ledger_key(folder: Path) -> SigningKey:
    try:
        return SigningKey.from_private_bytes(bytes.fromhex(_read(folder / LEDGER_KEY).decode("ascii", "replace")))
    except ValueError as error:
        raise ConfigError(f"{folder / LEDGER_KEY} is damaged: this device needs a new commissioning") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}): run `kayasol-edge init` first") from error


def _write(path: Path, content: bytes, mode: int) -> None:
    """Complete or not at all, with its rights from the first byte on."""
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
