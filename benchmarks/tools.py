"""Each tool's p50 at 1 and at 16 clients, as a ratio to the echo tool's."""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.calls import against_echo, answer, connect
from benchmarks.servers import interlock, peer
from benchmarks.workload import aim, calls, sessions


async def run(*, quick: bool) -> None:
    """Print a line a tool."""
    blocks = 2 if quick else 6
    print(f"{'tool':20} {'clients':>7} {'echo ms':>8} {'ours ms':>8} {'ratio':>6} {'aim':>5}")
    with tempfile.TemporaryDirectory() as folder:
        async with interlock(Path(folder)) as server, peer("echo") as echo, AsyncExitStack() as stack:
            ours = await connect(stack, server.mcp, 16)
            echoes = await connect(stack, echo.mcp, 16)
            ids = await sessions(ours)
            for number in range(40):
                item = {"session_id": ids[0], "title": f"item {number}", "description": "to be done"}
                await answer(ours[0], "memory_add_backlog_item", item)
            for clients, rounds in ((1, 60), (16, 12)):
                for label, call in calls(ids, f"t{clients}").items():
                    mine, theirs = await against_echo(
                        ours[:clients], echoes[:clients], call, blocks=blocks, rounds=rounds
                    )
                    print(
                        f"{label:20} {clients:7} {theirs * 1e3:8.2f} {mine * 1e3:8.2f} "
                        f"{mine / theirs:6.2f} {aim(label):5.1f}",
                        flush=True,
                    )
