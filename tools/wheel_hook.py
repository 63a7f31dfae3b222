"""Adds the compiled modules to the wheel where KAYASOL_COMPILED=1 asks for it; hatchling calls it at every build.

Without that word nothing happens: the wheel of a release is pure Python. With it the wheel is of this machine's kind
and of this Python's version; the sources are in both, the same.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # hatchling loads this file by its path

from tools.compiled import compiled_copy, libraries

WORD = "KAYASOL_COMPILED"


class CompiledWheel(BuildHookInterface[Any]):
    """Called by hatchling, which finds it because it is the only hook here."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises MissingError without a C compiler: who asked for a compiled wheel gets no other."""
        if os.environ.get(WORD) != "1" or version == "editable":
            return
        folder = compiled_copy(Path(self.root))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["force_include"].update(
            {str(library): str(library.relative_to(folder)) for library in libraries(folder)}
        )
