"""The release command: what it gives can be installed in an empty environment, and what is wrong gives nothing."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kayasol import __version__
from tests.kayasol.city import environment
from tools import release
from tools.release import RefusedError

pytestmark = [pytest.mark.slow]

ROOT = Path(__file__).parents[2]


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of what is committed here, or of what lies here where nothing is."""
    folder = tmp_path_factory.mktemp("release") / "checkout"
    if (ROOT / ".git").exists():
        subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, folder], check=True)
        return folder
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".venv*", "build", "dist", "__pycache__", ".*_cache"))
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return folder


@pytest.fixture(scope="module")
def given(checkout: Path) -> Path:
    out = checkout.parent / "dist"
    assert release.release(checkout, out)
    return out


@pytest.fixture
def small(checkout: Path, tmp_path: Path) -> Path:
    """A checkout that a test may spoil."""
    folder = tmp_path / "checkout"
    subprocess.run(["git", "clone", "--quiet", "--shared", checkout, folder], check=True)
    return folder


def test_the_hashes_are_those_of_the_files_and_name_each(given: Path) -> None:
    sums = dict(reversed(line.split("  ")) for line in (given / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == {
        f"kayasol-{__version__}-py3-none-any.whl",
        f"kayasol-{__version__}.tar.gz",
        f"kayasol-{__version__}-agent.cdx.json",
        f"kayasol-{__version__}-server.cdx.json",
    }
    for name, digest in sums.items():
        assert hashlib.sha256((given / name).read_bytes()).hexdigest() == digest


def test_the_list_of_parts_has_every_pin_with_all_its_hashes(given: Path, checkout: Path) -> None:
    listed = json.loads((given / f"kayasol-{__version__}-server.cdx.json").read_text())
    assert (listed["bomFormat"], listed["metadata"]["component"]["version"]) == ("CycloneDX", __version__)
    found = {
        f"{part['name']}=={part['version']}": sum(len(each["hashes"]) for each in part["externalReferences"])
        for part in listed["components"]
    }
    pins = (checkout / "requirements/server.txt").read_text()
    pinned = {
        pin: block.count("--hash=sha256:")
        for pin, block in re.findall(r"^([\w.-]+==[^\s;]+)((?:.*\\\n)*.*)", pins, re.MULTILINE)
    }
    assert len(pinned) > 30
    assert found == pinned


def test_the_wheel_has_templates_texts_and_migrations_and_no_tests(given: Path) -> None:
    with zipfile.ZipFile(given / f"kayasol-{__version__}-py3-none-any.whl") as wheel:
        names = wheel.namelist()
    assert any(name.startswith("api/pages/templates/") for name in names)
    assert "store/migrations/versions/0001_sites_and_rows.py" in names
    assert "edge_agent/sample.toml" in names
    assert not [name for name in names if name.startswith(("tests/", "tools/", "bench/", "docs/"))]


def run_in(venv: Path, *words: str | Path) -> str:
    done = subprocess.run(
        [venv / "bin" / str(words[0]), *map(str, words[1:])],
        capture_output=True,
        text=True,
        check=False,
        cwd=venv,
        env={name: value for name, value in environment().items() if name != "PYTHONPATH"},
    )
    assert done.returncode == 0, f"{words}: {done.stderr[-2000:]}"
    return done.stdout


def installed(given: Path, requirements: Path, venv: Path) -> Path:
    """As deploy/Dockerfile and docs/deploy.md do it."""
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = ("python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    run_in(venv, *pip, "--require-hashes", "--only-binary", ":all:", "-r", requirements)
    run_in(venv, *pip, "--no-deps", "--no-index", given / f"kayasol-{__version__}-py3-none-any.whl")
    return venv


def test_a_server_runs_from_an_empty_environment(given: Path, checkout: Path, tmp_path: Path) -> None:
    venv = installed(given, checkout / "requirements" / "server.txt", tmp_path / "venv")
    assert run_in(venv, "kayasol", "version").strip() == __version__
    assert "usage" in run_in(venv, "kayasol-edge", "--help")
    folder = tmp_path / "server"
    assert "up to date" in run_in(venv, "kayasol", "migrate", "--folder", folder)
    run_in(venv, "kayasol", "broker", "--folder", folder)
    run_in(venv, "kayasol", "backup", tmp_path / "b.tar.gz", "--folder", folder)
    run_in(venv, "kayasol", "restore", tmp_path / "b.tar.gz", "--folder", tmp_path / "again")
    for part in ("serve", "ingest", "office", "api", "setup"):
        run_in(venv, "kayasol", part, "--help")
    run_in(venv, "python", "-c", "import api.app, ingest.subscriber, office.loop, dashboards")


def test_an_agent_runs_from_the_agents_pins_alone(given: Path, checkout: Path, tmp_path: Path) -> None:
    venv = installed(given, checkout / "requirements" / "agent.txt", tmp_path / "venv")
    assert "usage" in run_in(venv, "kayasol-edge", "--help")
    run_in(venv, "kayasol-edge", "init", "--site", "damane", "--out", tmp_path / "state")


def test_a_version_that_is_not_the_same_everywhere_is_refused(small: Path) -> None:
    assert release.check_version(small) == __version__
    file = small / "CHANGELOG.md"
    text = file.read_text()
    file.write_text(text.replace(f"## {__version__} - ", "## 9.9.9 - ", 1))
    with pytest.raises(RefusedError, match=r"CHANGELOG.md: 9\.9\.9"):
        release.check_version(small)
    file.write_text(text.replace("## ", "### "))
    with pytest.raises(RefusedError, match="no heading"):
        release.check_version(small)


def test_a_version_that_was_released_from_another_commit_is_refused(small: Path) -> None:
    git(small, "tag", f"v{__version__}")
    head = git(small, "rev-parse", "HEAD")
    release.check_tag(small, __version__, head)
    git(small, "commit", "--quiet", "--allow-empty", "--message", "more")
    with pytest.raises(RefusedError, match="raise the version"):
        release.check_tag(small, __version__, git(small, "rev-parse", "HEAD"))


def test_another_build_tool_is_refused(small: Path) -> None:
    release.check_build_tool(small)
    pins = small / "requirements" / "build.txt"
    pins.write_text(pins.read_text().replace("hatchling==", "hatchling==0."))
    with pytest.raises(RefusedError, match="make venv"):
        release.check_build_tool(small)


def test_builds_that_differ_are_refused(tmp_path: Path) -> None:
    for name, content in (("a", "1"), ("b", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kayasol.whl").write_text(content)
    one, other = tmp_path / "a" / "kayasol.whl", tmp_path / "b" / "kayasol.whl"
    release.check_equal([one], [one])
    with pytest.raises(RefusedError, match="different the second time"):
        release.check_equal([one], [other])


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"tests/test_x.py": ""}, "no place"),
        ({"kayasol/secrets/postgres_password": "x"}, "no place"),
        ({"kayasol/left.db": "x"}, "no place"),
        ({"kayasol/stray.py": "x"}, "no place"),
    ],
)
def test_a_wheel_with_something_strange_in_it_is_refused(tmp_path: Path, more: dict[str, str], told: str) -> None:
    entries = "[console_scripts]\n" + "".join(f"{name} = {target}\n" for name, target in release.ENTRY_POINTS.items())
    right = {"kayasol/cli.py": "", "kayasol-0.dist-info/entry_points.txt": entries}
    release.check_wheel(wheel_of(tmp_path / "right.whl", right), ["kayasol/cli.py"])
    with pytest.raises(RefusedError, match="not in the wheel"):
        release.check_wheel(tmp_path / "right.whl", ["kayasol/cli.py", "store/migrations/env.py"])
    with pytest.raises(RefusedError, match=told):
        release.check_wheel(wheel_of(tmp_path / "wrong.whl", right | more), ["kayasol/cli.py"])


def wheel_of(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_without_git_there_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="git checkout"):
        release.release(tmp_path, tmp_path / "dist")
    assert not (tmp_path / "dist").exists()
