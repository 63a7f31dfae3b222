"""The rules: each takes one file and yields its breaches. What each is for stands in its docstring."""

import ast
import re
import sys
from collections.abc import Callable, Iterator

from tests.house.reading import PACKAGES, Finding, Source, imports, used_names

Rule = Callable[[Source], Iterator[Finding]]

PURE = ("kiosk", "figures")
MONEY = (
    "kiosk/ledger",
    "edge_agent/till",
    "ingest/chain.py",
    "ingest/effects.py",
    "ingest/ledger*.py",
    "ingest/oddities.py",
    "ingest/records.py",
    "ingest/standing.py",
    "store/days.py",
    "store/ledger_*.py",
    "store/schema_ledger.py",
    "store/status.py",
    "store/readings/figure_projection.py",
    "store/readings/ledger_projection.py",
    "figures/day.py",
    "figures/income.py",
    "office/day_facts.py",
    "office/money.py",
    "office/projection.py",
    "api/pages/site_money.py",
    "api/pages/takings.py",
    "api/routes/days.py",
    "api/routes/ledger.py",
    "api/routes/sites.py",
    "dashboards/*_boards.py",
    "dashboards/query.py",
    "kayasol/demo/sums.py",
    "kayasol/projections.py",
)
"""Where an amount can be: integers in the currency's minor unit only."""
TOO_HEAVY_FOR_A_PI = frozenset({"pydantic", "numpy", "influxdb_client", "typer", "structlog"})

IO_MODULES = frozenset({
    "asyncio", "fileinput", "glob", "http", "multiprocessing", "os", "requests", "select", "selectors", "serial",
    "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "urllib",
})  # fmt: skip
IO_NAMES = frozenset({"input", "open", "print", "pathlib.Path.cwd", "pathlib.Path.home", "io.open", "sys.stdin"})
CLOCKS = frozenset({
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.perf_counter_ns",
    "time.sleep", "time.localtime", "time.gmtime", "datetime.datetime.now", "datetime.datetime.utcnow",
    "datetime.datetime.today", "datetime.date.today",
})  # fmt: skip
FILE_METHODS = frozenset({"read_text", "read_bytes", "write_text", "write_bytes"})
SEEDED_RANDOM = frozenset({"random", "random.Random"})

FILE_LINES_MAX, FILE_LINES_WARN = 400, 300
FUNCTION_LINES_MAX, FUNCTION_LINES_WARN = 60, 50
NOT_MONEY = "# not money"
"""After a float in money code: that line is about seconds, and says so."""

VAGUE = frozenset({"common", "helper", "helpers", "info", "manager", "managers", "misc", "util", "utils"})
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")
# Written in pieces, or this file would break its own rules.
ONE_MACHINE = re.compile(r"(?<![\w.])/wo" + r"rk/|/ro" + r"ot/\.")
PACKAGE_INDEX = re.compile(
    "|".join(
        re.escape(name + "." + end)
        for name, end in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("registry.npmjs", "org"),
            ("registry.yarnpkg", "com"),
            ("proxy.golang", "org"),
            ("sum.golang", "org"),
            ("crates", "io"),
            ("repo.maven", "apache"),
            ("repo1.maven", "org"),
            ("deb.debian", "org"),
        ]
    )
)


def kiosk_uses_the_standard_library(source: Source) -> Iterator[Finding]:
    """The shared language must run wherever Python does; only signing needs more."""
    if not source.is_in("kiosk"):
        return
    allowed = {*sys.stdlib_module_names, "kiosk"}
    if source.is_in("kiosk/ledger/signing.py"):
        allowed.add("cryptography")
    blocks = [node for node in ast.walk(source.tree) if isinstance(node, ast.If)]
    never_run = {each.lineno for block in blocks if ast.unparse(block.test) == "TYPE_CHECKING" for each in block.body}
    for module, line in imports(source.tree):
        if module == "mypy_extensions" and line in never_run:
            continue  # machine words for the compiler; Python never sees them
        if module.partition(".")[0] not in allowed:
            yield Finding(line, f"imports {module}: kiosk uses the standard library only")


def figures_and_kiosk_do_no_io(source: Source) -> Iterator[Finding]:
    """What a number is must not depend on the clock, the disk, the network or chance."""
    if not source.is_in(*PURE):
        return
    for module, line in imports(source.tree):
        if module.partition(".")[0] in IO_MODULES:
            yield Finding(line, f"imports {module}: pure rooms are handed what they need")
    for name, line in used_names(source.tree):
        if name in IO_NAMES | CLOCKS or name.rpartition(".")[2] in FILE_METHODS:
            yield Finding(line, f"uses {name}: pure rooms are handed what they need")
        elif name.startswith("random.") and name not in SEEDED_RANDOM:
            yield Finding(line, f"uses {name}: take a random.Random from the caller")


def money_has_no_floats(source: Source) -> Iterator[Finding]:
    """A franc that was rounded in secret cannot be found again."""
    if not source.is_in(*MONEY):
        return
    for node in ast.walk(source.tree):
        line = getattr(node, "lineno", 0)
        what = _float_in(node)
        if what and NOT_MONEY not in source.lines[line - 1]:
            yield Finding(line, f"{what} in money code: amounts are integers ({NOT_MONEY}, if it is not an amount)")


def _float_in(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=float()):
            return f"float {node.value!r}"
        case ast.Name(id="float"):
            return "float"
        case ast.BinOp(op=ast.Div()) if not (_is_text(node.left) or _is_text(node.right)):
            return "true division"
        case ast.AugAssign(op=ast.Div()):
            return "true division"
    return None


def _is_text(node: ast.expr) -> bool:
    """A path divided by text is a path."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def the_agent_stays_light(source: Source) -> Iterator[Finding]:
    """A Pi with 512 MB runs it for years."""
    if source.is_in("edge_agent"):
        for module, line in imports(source.tree):
            if module.partition(".")[0] in TOO_HEAVY_FOR_A_PI:
                yield Finding(line, f"imports {module}: too heavy for the agent")


def the_simulator_is_a_stranger(source: Source) -> Iterator[Finding]:
    """A wrong register must not be wrong twice: what plays the device shares no code with what reads it."""
    if source.is_in("firmware_sim"):
        for module, line in imports(source.tree):
            if module.partition(".")[0] in {*PACKAGES, "audit", "tests"} - {"firmware_sim"}:
                yield Finding(line, f"imports {module}: firmware_sim knows nobody of ours")


def files_are_short(source: Source) -> Iterator[Finding]:
    """One file, one thought; audit/ is exempt: its verifier is one file so that a stranger can carry it."""
    if len(source.lines) > FILE_LINES_MAX and not source.is_in("audit"):
        yield Finding(FILE_LINES_MAX, f"{len(source.lines)} lines: split it, {FILE_LINES_MAX} are the most")


def functions_fit_a_screen(source: Source) -> Iterator[Finding]:
    """A function is read in one look; a migration is exempt: one list of statements, frozen once released."""
    if source.is_in("store/migrations/versions"):
        return
    for name, line, length in function_lengths(source):
        if length > FUNCTION_LINES_MAX:
            yield Finding(line, f"{name} has {length} lines: {FUNCTION_LINES_MAX} are the most")


def function_lengths(source: Source) -> Iterator[tuple[str, int, int]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def files_say_what_they_are_for(source: Source) -> Iterator[Finding]:
    """The first line of a file is the cheapest documentation there is."""
    if source.is_in(*PACKAGES, "tools", "bench", "audit") and ast.get_docstring(source.tree) is None:
        yield Finding(1, "no docstring: say in the first line what the file is for and what it must not know")


def tests_never_sleep(source: Source) -> Iterator[Finding]:
    """Wait for what happens, or move the injected clock."""
    if source.is_in("tests"):
        for name, line in used_names(source.tree):
            if name == "time.sleep":
                yield Finding(line, "sleeps: wait for an event or move the clock")


def exceptions_are_named(source: Source) -> Iterator[Finding]:
    """A bare except swallows the order to stop."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield Finding(node.lineno, "bare except: name what you can answer")


def names_are_telling(source: Source) -> Iterator[Finding]:
    """A file with a vague name collects what belongs elsewhere."""
    for word in (*source.path.parts[:-1], source.path.stem):
        if word in VAGUE:
            yield Finding(1, f"'{word}' says nothing: name it after what it does")


def nothing_is_left_for_later(source: Source) -> Iterator[Finding]:
    """Do it, or write an issue."""
    yield from _lines_with(UNFINISHED, source, "is for later: do it or file an issue")


def nothing_names_a_package_index(source: Source) -> Iterator[Finding]:
    """Whoever installs chooses the mirror."""
    yield from _lines_with(PACKAGE_INDEX, source, "names a package index: pins are hashes, the client knows where")


def nothing_names_one_machine(source: Source) -> Iterator[Finding]:
    """A path of one machine works on one machine."""
    yield from _lines_with(ONE_MACHINE, source, "is a path of one machine")


def _lines_with(pattern: re.Pattern[str], source: Source, why: str) -> Iterator[Finding]:
    for number, text in enumerate(source.lines, start=1):
        if found := pattern.search(text):
            yield Finding(number, f"'{found.group()}' {why}")


CODE_RULES: tuple[Rule, ...] = (
    kiosk_uses_the_standard_library,
    figures_and_kiosk_do_no_io,
    money_has_no_floats,
    the_agent_stays_light,
    the_simulator_is_a_stranger,
    files_are_short,
    functions_fit_a_screen,
    files_say_what_they_are_for,
    tests_never_sleep,
    exceptions_are_named,
)
"""For every Python file."""

TEXT_RULES: tuple[Rule, ...] = (
    names_are_telling,
    nothing_is_left_for_later,
    nothing_names_a_package_index,
    nothing_names_one_machine,
)
"""For every text file."""
