"""How a house rule reads a file: which files there are, what they import, which dotted names they use."""

import ast
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PACKAGES = (
    "kiosk",
    "figures",
    "store",
    "ingest",
    "office",
    "api",
    "edge_agent",
    "firmware_sim",
    "dashboards",
    "kayasol",
)
"""What the wheel brings."""

NOT_TEXT = frozenset(
    {".png", ".jpg", ".ico", ".pdf", ".woff2", ".xlsx", ".gz", ".zip", ".bin", ".dump", ".cbor", ".mo"}
)


@dataclass(frozen=True)
class Finding:
    """One breach of a rule."""

    line: int
    what: str


@dataclass(frozen=True)
class Source:
    """A file of ours; `path` is relative to the checkout, so that a rule can be tested on a file that is not there."""

    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=str(self.path))

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def is_in(self, *places: str) -> bool:
        """Whether the file is one of these files, or lies in one of these folders; a file may be a pattern."""
        return any(fnmatch(str(self.path), place) or self.path.is_relative_to(place) for place in places)


def our_files() -> list[Source]:
    """Every text file that is tracked, or would be after `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [Path(name) for name in sorted(filter(None, listed.stdout.split("\0")))]
    return [
        Source(path, (ROOT / path).read_text(encoding="utf-8"))
        for path in paths
        if path.suffix not in NOT_TEXT and (ROOT / path).is_file()
    ]


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each imported module with its line, wherever in the file it is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module, node.lineno


def used_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each name that is used, as it is called where it comes from: `dt.now` after `from datetime import datetime as dt`
    is `datetime.datetime.now`. Names that the file binds itself are left out; builtins stay as they are."""
    imported = _imported_names(tree)
    bound = _bound_names(tree) - imported.keys()
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if id(node) in inner or not isinstance(node, ast.Name | ast.Attribute):
            continue
        parts = _parts(node)
        if parts and parts[0] not in bound:
            yield ".".join([imported.get(parts[0], parts[0]), *parts[1:]]), node.lineno


def _imported_names(tree: ast.AST) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _bound_names(tree: ast.AST) -> set[str]:
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return bound


def _parts(node: ast.expr) -> Sequence[str]:
    """The words of a.b.c; none when it starts with anything but a name, such as a call."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    return [node.id, *reversed(words)] if isinstance(node, ast.Name) else []
