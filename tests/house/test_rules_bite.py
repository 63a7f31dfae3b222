"""Each house rule finds the breach that it is for, and lets its neighbour pass."""

from pathlib import Path

import pytest

from tests.house import rules
from tests.house.reading import Source
from tests.house.rules import Rule

LONG_FUNCTION = "def f():\n" + "    pass\n" * 60
UNFINISHED = "TO" + "DO"
INDEX = "https://" + "pypi." + "org/simple"
MACHINE = "/wo" + "rk/main"

BREACHES: list[tuple[Rule, str, str]] = [
    (rules.kiosk_uses_the_standard_library, "kiosk/wire/frame.py", "import msgpack"),
    (rules.kiosk_uses_the_standard_library, "kiosk/wire/frame.py", "def f():\n    from store import readings"),
    (rules.kiosk_uses_the_standard_library, "kiosk/ledger/chain.py", "import cryptography.hazmat"),
    (rules.figures_and_kiosk_do_no_io, "figures/day.py", "x = open('a')"),
    (rules.figures_and_kiosk_do_no_io, "figures/day.py", "import sqlite3"),
    (rules.figures_and_kiosk_do_no_io, "figures/day.py", "import urllib.request"),
    (rules.figures_and_kiosk_do_no_io, "figures/day.py", "from os import environ"),
    (rules.figures_and_kiosk_do_no_io, "kiosk/time.py", "import time\nnow = time.time()"),
    (rules.figures_and_kiosk_do_no_io, "kiosk/time.py", "from time import monotonic as ticks\nx = ticks"),
    (rules.figures_and_kiosk_do_no_io, "kiosk/time.py", "from datetime import datetime, UTC\nx = datetime.now(UTC)"),
    (rules.figures_and_kiosk_do_no_io, "kiosk/time.py", "import datetime as d\nx = d.datetime.now(d.UTC)"),
    (rules.figures_and_kiosk_do_no_io, "kiosk/time.py", "import random\nx = random.random()"),
    (rules.figures_and_kiosk_do_no_io, "kiosk/wire/frame.py", "def f(path):\n    return Path.read_text(path)"),
    (rules.money_has_no_floats, "kiosk/ledger/totals.py", "x = 0.5"),
    (rules.money_has_no_floats, "edge_agent/till/shelf.py", "x = a / 2"),
    (rules.money_has_no_floats, "edge_agent/till/shelf.py", "x /= 2"),
    (rules.money_has_no_floats, "store/ledger_records.py", "x = float(a)"),
    (rules.money_has_no_floats, "figures/income.py", "def f(a: float) -> None: ..."),
    (rules.money_has_no_floats, "ingest/ledger.py", "x = a / 2"),
    (rules.money_has_no_floats, "office/money.py", "x = sum(a) * 1.0"),
    (rules.money_has_no_floats, "dashboards/site_boards.py", "x = 0.01"),
    (rules.the_agent_stays_light, "edge_agent/config.py", "def f():\n    import pydantic"),
    (rules.the_agent_stays_light, "edge_agent/main.py", "from typer import Typer"),
    (rules.the_simulator_is_a_stranger, "firmware_sim/plant/sun.py", "from kiosk.metric import Metric"),
    (rules.files_are_short, "store/schema.py", "x = 1\n" * 401),
    (rules.functions_fit_a_screen, "store/schema.py", LONG_FUNCTION),
    (rules.files_say_what_they_are_for, "store/schema.py", "import this"),
    (rules.files_say_what_they_are_for, "kiosk/__init__.py", ""),
    (rules.tests_never_sleep, "tests/store/test_schema.py", "import time\ntime.sleep(1)"),
    (rules.tests_never_sleep, "tests/store/test_schema.py", "from time import sleep\nsleep(1)"),
    (rules.exceptions_are_named, "api/app.py", "try:\n    x\nexcept:\n    pass"),
    (rules.names_are_telling, "store/utils.py", ""),
    (rules.names_are_telling, "store/common/rows.py", ""),
    (rules.nothing_is_left_for_later, "docs/start.md", f"<!-- {UNFINISHED} -->"),
    (rules.nothing_names_a_package_index, "requirements/agent.txt", f"--index-url {INDEX}"),
    (rules.nothing_names_one_machine, "tools/go.sh", f"cd {MACHINE}"),
]

NO_BREACHES: list[tuple[Rule, str, str]] = [
    (rules.kiosk_uses_the_standard_library, "kiosk/ledger/signing.py", "from cryptography import x509\nimport json"),
    (rules.kiosk_uses_the_standard_library, "store/schema.py", "import sqlalchemy"),
    (rules.figures_and_kiosk_do_no_io, "kiosk/time.py", "import time\nx = time.struct_time"),
    (rules.figures_and_kiosk_do_no_io, "kiosk/time.py", "def f(time, open):\n    return time.time() + open"),
    (rules.figures_and_kiosk_do_no_io, "figures/day.py", "import random\ndef f(chance: random.Random): ..."),
    (rules.figures_and_kiosk_do_no_io, "office/books.py", "x = open('a')"),
    (rules.money_has_no_floats, "kiosk/ledger/totals.py", "x = a // 2"),
    (rules.money_has_no_floats, "edge_agent/till/place.py", "x = folder / 'till.db'"),
    (rules.money_has_no_floats, "edge_agent/till/place.py", "WAIT_S = 0.5  # not money: seconds"),
    (rules.money_has_no_floats, "figures/battery.py", "x = 0.5"),
    (rules.the_agent_stays_light, "api/app.py", "import pydantic"),
    (rules.the_simulator_is_a_stranger, "firmware_sim/plant/sun.py", "from firmware_sim import seeds"),
    (rules.files_are_short, "audit/verify.py", "x = 1\n" * 401),
    (rules.functions_fit_a_screen, "store/schema.py", LONG_FUNCTION.replace("    pass\n", "", 1)),
    (rules.functions_fit_a_screen, "store/migrations/versions/0001_people.py", LONG_FUNCTION),
    (rules.tests_never_sleep, "office/pace.py", "import time\ntime.sleep(1)"),
    (rules.nothing_names_one_machine, "docs/start.md", "the folder of kayasol/work/ is yours, see ./work/a"),
    (rules.nothing_is_left_for_later, "tools/go.sh", "mktemp -d demo." + "X" * 6),
]


@pytest.mark.parametrize(("rule", "path", "text"), BREACHES)
def test_the_rule_bites(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(Path(path), text)))


@pytest.mark.parametrize(("rule", "path", "text"), NO_BREACHES)
def test_the_rule_lets_the_neighbour_pass(rule: Rule, path: str, text: str) -> None:
    assert list(rule(Source(Path(path), text))) == []


def test_every_rule_has_a_breach_to_show() -> None:
    assert {rule for rule, _, _ in BREACHES} == {*rules.CODE_RULES, *rules.TEXT_RULES}
