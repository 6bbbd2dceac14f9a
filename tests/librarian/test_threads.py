"""Several functions are cut at once, each in a thread, by one librarian."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# In a process of its own, which a crash in a grammar ends.
CUT_AT_ONCE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from librarian.cutting import cut

sys.setswitchinterval(1e-6)
source = Path(sys.argv[1]).read_bytes()

def made(number):
    return cut(source, "a.py", f"f{number}", None).text

with ThreadPoolExecutor(8) as threads:
    for number, text in enumerate(threads.map(made, range(50))):
        assert text == f"def f{number}():\\n    return {number}", text
"""


def test_functions_of_a_file_are_cut_by_several_threads_at_once(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    source.write_text("\n".join(f"def f{number}():\n    return {number}\n" for number in range(50)))
    ended = subprocess.run(
        [sys.executable, "-c", CUT_AT_ONCE, str(source)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
