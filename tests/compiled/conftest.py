"""The compiled copy of this checkout, made once a run; without a C compiler its tests end as others do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import give_up, require_server
from tools.compiled import compiled_copy
from tools.servers.base import MissingError


@pytest.fixture(scope="session")
def copy() -> Path:
    """Its folder."""
    require_server("cc")
    try:
        return compiled_copy()
    except MissingError as error:
        give_up(str(error))
