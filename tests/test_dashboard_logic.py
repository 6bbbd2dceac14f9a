"""The dashboard's own tests, those that need no page: resuming, order, the tree of locks, times."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.js import node

BUILD = Path(__file__).resolve().parent.parent / "frontend" / "build.py"
LEAST = 30


def test_the_dashboards_logic_passes_its_tests() -> None:
    node()
    done = subprocess.run(
        [sys.executable, BUILD, "--test"], check=False, capture_output=True, text=True, timeout=240
    )
    text = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    assert done.returncode == 0, text[-6000:]
    passed = re.search(r"Tests\s+(\d+) passed", text)
    assert passed is not None, text
    assert int(passed[1]) >= LEAST, "the tests were not found"
