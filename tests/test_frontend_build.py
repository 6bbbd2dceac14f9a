"""What `make install` says and does where the pages cannot be built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parent.parent / "frontend" / "build.py"


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_without_any_node_one_line_says_so_and_only_ci_fails(ci: str, code: int) -> None:
    # Without site-packages the Node of PyPI is not found, even where pip has it installed.
    done = subprocess.run(
        [sys.executable, "-I", "-S", BUILD],
        check=False,
        env={"PATH": "", "CI": ci},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code
    (line,) = done.stderr.splitlines()
    assert line.startswith("the page for browsers is not built: ")
    assert done.stdout == ""
