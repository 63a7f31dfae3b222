"""After the house rules: what is still allowed but getting long."""

import pytest

from tests.house.reading import Source, our_files
from tests.house.rules import FILE_LINES_WARN, FUNCTION_LINES_WARN, function_lengths


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    long = [line for source in our_files() if source.path.suffix == ".py" for line in _getting_long(source)]
    if long:
        terminalreporter.section("getting long")
        for line in long:
            terminalreporter.line(line)


def _getting_long(source: Source) -> list[str]:
    lines = len(source.lines)
    if source.is_in("store/migrations/versions"):
        return []
    told = [f"{source.path}: {lines} lines"] if lines > FILE_LINES_WARN and not source.is_in("audit") else []
    try:
        lengths = list(function_lengths(source))
    except SyntaxError:  # the rules have said so already
        return told
    return told + [f"{source.path}:{at}: {name}, {n} lines" for name, at, n in lengths if n > FUNCTION_LINES_WARN]
