"""Which files are the dashboard, and what they weigh packed: one count for the benchmark and the test of the limit."""

from __future__ import annotations

import re
from pathlib import Path

from api.explorer import FOLDER

MOST_BYTES = 250_000
"""What all of the dashboard may weigh packed, views that are opened later included."""


def named(page: str) -> list[str]:
    """Return the addresses that a page names."""
    return re.findall(r'(?:src|href)="([^"]*)"', page)


def packed(folder: Path = FOLDER) -> tuple[dict[str, int], dict[str, int]]:
    """Return bytes by name, packed by gzip: what the page names itself, and what these load later."""
    page = (folder / "dashboard" / "index.html").read_text("utf-8")
    entry = {name.removeprefix("/assets/") for name in named(page) if name.startswith("/assets/")}
    found: set[str] = set()
    wanted = set(entry)
    while wanted:
        name = wanted.pop()
        found.add(name)
        wanted |= _loads(folder / "assets", name) - found
    sizes = {name: (folder / "packed" / f"{name}.gz").stat().st_size for name in sorted(found)}
    return (
        {name: size for name, size in sizes.items() if name in entry},
        {name: size for name, size in sizes.items() if name not in entry},
    )


def _loads(assets: Path, name: str) -> set[str]:
    if not name.endswith(".js"):
        return set()
    text = (assets / name).read_text("utf-8")
    return {one for one in re.findall(r"[\w-]+-[\w-]{8}\.(?:js|css)", text) if (assets / one).exists()}
