"""What holds for the source as a whole."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOO_LONG: dict[str, int] = {}
"""Files over the limit, with their length: the list may only shrink."""


def _files(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def test_no_source_file_has_more_than_500_lines_and_no_test_file_more_than_800() -> None:
    files = _files("*.py", "*.js", "*.mjs", "*.ts", "*.tsx")
    assert len(files) > 60
    for path in files:
        name = str(path.relative_to(ROOT))
        most = TOO_LONG.get(name, 800 if name.startswith("tests/") else 500)
        assert len(path.read_text().splitlines()) <= most, name


def test_no_file_holds_the_address_of_a_package_registry() -> None:
    lists = _files(
        "*.txt", "*.toml", "package-lock.json", "*/package-lock.json", ".npmrc", "*/.npmrc", "Makefile"
    )
    assert lists
    for path in lists:
        text = path.read_text()
        assert "registry." not in text and '"resolved": "http' not in text, path


def test_only_the_admission_of_callers_reaches_the_store_unscoped() -> None:
    """Rules go through `act.store`; those that must see the whole server are named here."""
    allowed = {"acts.py", "callers.py"}
    for path in _files("resolvers/*.py"):
        if path.name in allowed:
            continue
        text = path.read_text()
        assert "SqliteStore" not in text, path
        if path.name not in UNSCOPED:
            assert "engine.store" not in text, f"{path.name} reaches the unscoped store"


UNSCOPED = {"retention.py", "sessions.py", "deliveries.py", "leases.py"}
"""Modules with janitor functions, which run for the server and not for a caller."""


def test_the_readme_stays_under_150_lines_and_names_both_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 150
    assert "make serve" in text and "make test" in text


def test_generated_files_are_up_to_date() -> None:
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
