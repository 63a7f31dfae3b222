"""One file that holds a server: what is in it, and that no byte of it is believed unseen."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from kayasol import backup_file
from kayasol.settings import ServerSettings
from kiosk.errors import ConfigError
from tests.kayasol.small_server import backed_up, leftovers, restored, small_server


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    return small_server(tmp_path / "server")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")
    return backed_up(small_server(folder / "server"), folder / "whole.tar.gz").read_bytes()


def assert_refused(raw: bytes, folder: Path, match: str = "damaged|no backup|does not hold|its list") -> None:
    file = folder / "spoilt.tar.gz"
    file.write_bytes(raw)
    with pytest.raises(ConfigError, match=match):
        restored(file, folder / "target")
    assert not (folder / "target").exists()
    assert leftovers(folder) == []


@pytest.mark.parametrize("share", [0, 1, 17, 50, 90, 99])
def test_a_backup_that_was_cut_short_is_refused(whole: bytes, tmp_path: Path, share: int) -> None:
    assert_refused(whole[: len(whole) * share // 100], tmp_path)


def contents_of(file: Path) -> dict[str, bytes]:
    with backup_file.opened(file) as (_, contents):
        return {name: b"".join(iter(lambda stream=stream: stream.read(1 << 16), b"")) for name, stream in contents}


def test_a_turned_bit_is_noticed_wherever_it_changes_anything(whole: bytes, tmp_path: Path) -> None:
    """Some bits of a compressed file mean nothing, such as which of two equal runs of zeros is copied."""
    file, refused, places = tmp_path / "spoilt.tar.gz", 0, range(1, len(whole), 61)
    file.write_bytes(whole)
    right = contents_of(file)
    for at in places:
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            assert contents_of(file) == right
        except ConfigError:
            refused += 1
    assert refused * 2 > len(places)


@pytest.mark.parametrize("raw", [b"", b"hello", gzip.compress(b"hello"), b"\x1f\x8b" + bytes(100)])
def test_another_file_is_refused(raw: bytes, tmp_path: Path) -> None:
    assert_refused(raw, tmp_path)


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def unpacked(raw: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "a/../../outside", ".", "a//b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(whole: bytes, tmp_path: Path, name: str) -> None:
    members = unpacked(whole)
    listed = json.loads(members["manifest.json"])
    listed["members"][0]["name"] = name
    content = members.pop("kayasol.db")
    members["manifest.json"] = json.dumps(listed).encode()
    order = {"manifest.json": members.pop("manifest.json"), name: content, **members}
    assert_refused(packed(order), tmp_path)
    assert not (tmp_path / "outside").exists()


def test_a_member_that_was_exchanged_added_or_left_out_is_refused(whole: bytes, tmp_path: Path) -> None:
    members = unpacked(whole)
    exchanged = members | {"ca/ca.key": members["ca/broker.key"]}
    assert len(exchanged["ca/ca.key"]) == len(members["ca/ca.key"]), "of equal length, or the size alone tells"
    assert_refused(packed(exchanged), tmp_path)
    assert_refused(packed(members | {"more": b"x"}), tmp_path, match="more than its list")
    assert_refused(packed({name: each for name, each in members.items() if name != "ca/ca.key"}), tmp_path)


def test_the_manifest_tells_what_is_in_the_file(settings: ServerSettings, tmp_path: Path) -> None:
    with backup_file.opened(backed_up(settings, tmp_path / "b.tar.gz")) as (manifest, contents):
        names = []
        for name, stream in contents:
            names.append(name)
            while stream.read(1 << 16):
                pass
    assert (manifest.database, manifest.made_utc, manifest.folder) == (
        "sqlite",
        "2026-11-23T04:00:00+00:00",
        str(settings.folder),
    )
    assert {"kayasol.db", "kayasol.toml", "ca/ca.key", "broker/acl"} <= set(names)
    assert not any("store" in name or name.endswith(("-wal", "-shm")) for name in names)
