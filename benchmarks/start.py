"""How long from start to the first answered request, and the memory at rest."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from mcp import Client

from benchmarks.servers import interlock


async def run(*, quick: bool) -> None:
    """Print the median of several starts on the same data directory."""
    starts: list[float] = []
    memory = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3 if quick else 6):
            began = time.perf_counter()
            async with interlock(Path(folder)) as server:
                starts.append(time.perf_counter() - began)
                async with Client(server.mcp) as client:
                    await client.list_tools()
                memory = server.memory()
    warm = starts[1:]
    print(f"start to first answer: {statistics.median(warm):.2f} s warm (first {starts[0]:.2f} s), aim 1.5")
    print(f"memory at rest, all parts loaded: {memory:.0f} MB, aim 120")
