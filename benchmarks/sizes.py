"""What the tool definitions cost a model that reads them."""

from __future__ import annotations

import json
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from mcp import Client

from benchmarks.servers import interlock


async def run(*, quick: bool) -> None:
    """Print the size of `tools/list` by profile, in characters and in tokens of 4 characters."""
    with tempfile.TemporaryDirectory() as folder:
        async with interlock(Path(folder)) as server, AsyncExitStack() as stack:
            for profile in ("solo", "team", "full"):
                client = await stack.enter_async_context(Client(f"{server.mcp}?profile={profile}"))
                tools = (await client.list_tools()).tools
                shown = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in tools]
                size = len(json.dumps(shown, separators=(",", ":"), ensure_ascii=False))
                print(
                    f"{profile:5} {len(tools):3} tools {size:7,} characters {size // 4:6,} tokens", flush=True
                )
