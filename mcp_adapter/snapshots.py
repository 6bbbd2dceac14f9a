"""The committed definition of each tool: written here, compared in tests."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from mcp_adapter.documents import Tool, load_tools
from mcp_adapter.profiles import list_size

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "mcp" / "snapshots"
SDL = ROOT / "schema" / "schema.graphql"


def snapshots_of(tools: Iterable[Tool]) -> dict[str, str]:
    """Return the text of each tool's file by the file's name."""
    return {
        f"{tool.name}.json": json.dumps(tool.definition, indent=2, ensure_ascii=False) + "\n"
        for tool in tools
    }


def differences(wanted: Mapping[str, str], folder: Path) -> list[str]:
    """Return the names of files that are missing, differ or are left over."""
    found = {path.name: path.read_text("utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))


def main(arguments: list[str] | None = None) -> int:
    """Compare the committed definitions with the documents, or with `--write` rewrite them."""
    parser = argparse.ArgumentParser(prog="python -m mcp_adapter.snapshots", description=main.__doc__)
    parser.add_argument("--write", action="store_true", help="rewrite the files that differ")
    parser.add_argument("--sdl", type=Path, default=SDL, help="the schema (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    tools = list(load_tools(chosen.sdl.read_text("utf-8")).values())
    wanted = snapshots_of(tools)
    different = differences(wanted, FOLDER)
    if chosen.write:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in different:
            if name in wanted:
                (FOLDER / name).write_text(wanted[name], "utf-8")
            else:
                (FOLDER / name).unlink()
    characters, tokens = list_size(tools)
    verb = "rewrote" if chosen.write else "differ"
    print(
        f"{len(tools)} tools, {characters} characters, {tokens} tokens; {verb}: {', '.join(different) or 'none'}"
    )
    return 1 if different and not chosen.write else 0


if __name__ == "__main__":
    sys.exit(main())
