"""Programs that are built from a Go module and kept outside the checkout, so that a fresh clone does not build again.

Nothing of the project's tree is touched: the build happens in a scratch module, and the finished program is moved into
the cache in one step, so a build that was interrupted leaves nothing that looks finished.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.cache import alone, cache_folder
from tools.servers.base import Found, MissingError, read_version, run

BUILD_WAIT_S = 1500
NICE = "10"
"""Whoever works on the same machine goes first."""
NO_TOOLCHAIN = "no installed toolchains"
"""What rustup says among the names, and without an error."""


@dataclass(frozen=True)
class GoProgram:
    """A program whose command is a package of a Go module."""

    module: str
    version: str
    package: str
    """Below the module."""
    tags: str = ""
    pkg_config: str = ""
    """A Go command, module@version, that stands in for pkg-config during the build; "" for none."""
    needs: tuple[str, ...] = ("go", "cc")
    """Commands that must be there to build it."""
    version_arguments: tuple[str, ...] = ("version",)
    version_setting: str = "main.version=v"
    """The variable that the linker sets, and what stands before the number in it."""
    by_install: bool = False
    """By `go install`, which fetches only what the tags ask for; a scratch module would fetch every plugin's needs."""
    program: str = ""
    """What the finished program is called here; "" for the last word of the package."""

    @property
    def path(self) -> Path:
        """Where the finished program is kept."""
        return cache_folder() / f"{self._name}-{self.version}" / self._name

    def find(self) -> Found:
        if not self.path.exists():
            raise MissingError(f"not built yet: {self._advice()}")
        if not self.version_arguments:
            return Found(self.path, self.version)  # it tells no version; the folder that it was built into does
        told = read_version(self.path, *self.version_arguments)
        if told != self.version:
            raise MissingError(f"{self.path} says {told} instead of {self.version}: remove its folder and build again")
        return Found(self.path, told)

    def install(self) -> None:
        absent = [command for command in self.needs if shutil.which(command) is None]
        if absent:
            raise MissingError(f"cannot be built without {', '.join(absent)}: {self._advice()}")
        with alone(cache_folder() / f"{self._name}.lock"):
            if not self.path.exists():
                self._build()

    def _build(self) -> None:
        started_s = time.monotonic()
        print(f"{self._name} {self.version}: building it once, some minutes", flush=True)
        with tempfile.TemporaryDirectory(prefix=f"{self._name}-", dir=cache_folder()) as scratch:
            folder = Path(scratch)
            environment = self._environment(folder)
            built = folder / "bin" / self._name
            if self.by_install:
                self._go(["install"], f"{self.module}/{self.package}@{self._tag}", folder, environment)
            else:
                self._go_build(built, folder, environment)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            built.replace(self.path)
        size_mb = self.path.stat().st_size // 1_000_000
        print(f"{self._name} {self.version}: built in {time.monotonic() - started_s:.0f} s, {size_mb} MB", flush=True)

    def _go_build(self, built: Path, folder: Path, environment: Mapping[str, str]) -> None:
        # A command imported by a file that is never compiled is what the module requires, pinned to this version.
        (folder / "go.mod").write_text(f"module scratch\n\nrequire {self.module} {self._tag}\n", encoding="utf-8")
        (folder / "wanted.go").write_text(
            f'//go:build wanted\n\npackage scratch\n\nimport _ "{self.module}/{self.package}"\n', encoding="utf-8"
        )
        _run(["go", "mod", "tidy"], folder, environment)
        self._go(["build", "-o", str(built)], f"{self.module}/{self.package}", folder, environment)

    def _go(self, verb: list[str], target: str, folder: Path, environment: Mapping[str, str]) -> None:
        tags = ["-tags", self.tags] if self.tags else []
        linked = ["-ldflags", f"-s -w -X {self.version_setting}{self.version}"]
        _run(["go", *verb, *tags, *linked, target], folder, environment)

    def _environment(self, folder: Path) -> Mapping[str, str]:
        flags = "-buildvcs=false" if self.by_install else "-mod=mod -buildvcs=false"
        environment = {**os.environ, "GOBIN": str(folder / "bin"), "GOFLAGS": flags}
        environment.pop("GOOS", None)
        environment.pop("GOARCH", None)
        if shutil.which("rustup"):
            # A part in Rust asks for one exact toolchain, which rustup would try to fetch: the installed one will do.
            environment["RUSTUP_TOOLCHAIN"] = _installed_toolchain()
        if self.pkg_config:
            _run(["go", "install", self.pkg_config], folder, environment)
            name = self.pkg_config.partition("@")[0].rpartition("/")[2]
            environment["PKG_CONFIG"] = str(folder / "bin" / name)
        return environment

    @property
    def _name(self) -> str:
        return self.program or self.package.rpartition("/")[2]

    @property
    def _tag(self) -> str:
        return f"v{self.version}"

    def _advice(self) -> str:
        return f"install {', '.join(self.needs)} and run `make servers`, which builds it into {self.path.parent}"


def _installed_toolchain() -> str:
    told = subprocess.run(["rustup", "toolchain", "list"], capture_output=True, text=True, timeout=60, check=False)
    lines = [line for line in told.stdout.splitlines() if line.strip() and line.strip() != NO_TOOLCHAIN]
    names = [line.split()[0] for line in lines]
    stable = [name for name in names if name.startswith("stable")]
    if not names:
        raise MissingError("rustup has no toolchain: run `rustup toolchain install stable`")
    return (stable or names)[0]


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    niced, name = ["nice", "-n", NICE, *command], " ".join(command[:3])
    run(niced, name=name, environment=environment, wait_s=BUILD_WAIT_S, folder=folder)
