"""Where the modules come from in this very run: the checkout, or the copy that the environment names."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path

import pytest

from tools.compiled import COPY_VARIABLE, MODULES, ROOT, SUFFIX


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_the_one_under_test(module: str) -> None:
    found = import_module(module.removesuffix(".py").replace("/", ".")).__file__
    assert found is not None
    copy = os.environ.get(COPY_VARIABLE)
    if copy is None:
        assert Path(found) == ROOT / module
    else:
        assert Path(found).is_relative_to(copy)
        assert found.endswith(SUFFIX)
