"""The statements that the guard is held to: one a line, `⏎` for a line break; shared ones and those of each dialect."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
DIALECTS = ("postgres", "mysql", "tsql", "sqlite")


def statements(kind: str, dialect: str) -> list[str]:
    """Return the `hostile` or `harmless` statements of a dialect, the shared ones first."""
    lines: list[str] = []
    for name in ("shared", dialect):
        lines += (FOLDER / f"{kind}_{name}.sql").read_text(encoding="utf-8").split("\n")
    return [line.replace("⏎", "\n") for line in lines if line]
