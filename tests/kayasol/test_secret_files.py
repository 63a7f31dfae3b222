"""Secrets: made once, for one user, and never shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from kayasol.secret_files import NAMES, SHORTEST, fault_of, faults_in, make_secrets, read_secret
from kiosk.errors import ConfigError
from tests.kayasol.city import kayasol


def test_what_is_made_is_long_different_and_for_this_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    assert make_secrets(folder) == list(NAMES)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    contents = {read_secret(folder / name, "") for name in NAMES}
    assert len(contents) == len(NAMES)
    assert min(map(len, contents)) > SHORTEST
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in NAMES} == {0o600}
    assert faults_in(folder) == []
    assert {path.name for path in folder.iterdir()} == set(NAMES)


def test_what_is_there_is_never_touched_not_even_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).write_text("mine")
    (tmp_path / NAMES[1]).symlink_to(tmp_path / "elsewhere")
    assert make_secrets(tmp_path) == list(NAMES[2:])
    assert (tmp_path / NAMES[0]).read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()
    assert make_secrets(tmp_path) == []


def test_the_command_shows_no_secret_and_may_be_repeated(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    first, second = kayasol("secrets", "make", folder), kayasol("secrets", "make", folder)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "Nothing was missing" in second.stdout
    for name in NAMES:
        assert (folder / name).read_text().strip() not in first.stdout + first.stderr + second.stdout + second.stderr
    assert kayasol("secrets", "check", folder).returncode == 0
    (folder / NAMES[0]).chmod(0o640)
    told = kayasol("secrets", "check", folder)
    assert told.returncode == 1
    assert "chmod 600" in told.stderr


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="give this user a folder"):
        make_secrets(tmp_path / "file" / "secrets")


def test_a_folder_that_others_may_look_into_is_told(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    tmp_path.chmod(0o755)
    (fault,) = faults_in(tmp_path)
    assert "chmod 700" in fault
    assert faults_in(tmp_path / "nowhere")[0].endswith(f"run `kayasol secrets make {tmp_path / 'nowhere'}`")


@pytest.mark.parametrize("text", ["change_me_please_change_me", "Password-of-the-database", "two words in one file!!"])
def test_what_people_leave_in_a_copied_file_is_no_secret(tmp_path: Path, text: str) -> None:
    file = tmp_path / "secret"
    file.touch(0o600)
    file.write_text(text)
    assert fault_of(file)
    assert text not in fault_of(file)
