"""A process that serves the small tools on standard input and output, and prints where it should not."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from mcp_adapter.stdio import run_stdio
from tests.mcp.small import SDL, StubExecutor, answer_shelf, write_resources, write_tools


class Talkative(StubExecutor):
    """Prints with each call, as a library might."""

    async def execute(self, document: str, **options: object) -> dict[str, object]:
        print("a banner on standard output", flush=True)
        return {"data": {"result": {"name": "ä"}}}


async def main() -> None:
    """Serve until standard input ends."""
    executor = Talkative()
    executor.answers["shelf"] = answer_shelf
    with tempfile.TemporaryDirectory() as folder:
        for name in ("tools", "resources"):
            (Path(folder) / name).mkdir()
        await run_stdio(
            executor,
            SDL,
            tools_folder=write_tools(Path(folder) / "tools"),
            resources_folder=write_resources(Path(folder) / "resources"),
        )


if __name__ == "__main__":
    print("starting", file=sys.stderr)
    asyncio.run(main())
