"""Lock races over HTTP: 2, 8 and 64 clients on overlapping paths and directories."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from mcp import Client

from benchmarks.calls import answer, connect
from benchmarks.servers import interlock
from benchmarks.workload import sessions

PATHS = ("src/", "src/a.py", "src/b.py", "src/sub/", "src/sub/c.py", "docs/", "docs/x.md", "README.md")


@dataclass(slots=True)
class Referee:
    """Knows from the answers alone who holds what, and counts what must not be."""

    held: dict[str, int] = field(default_factory=dict)
    grants: int = 0
    conflicts: int = 0
    violations: int = 0
    fences: list[int] = field(default_factory=list)

    def granted(self, client: int, path: str, fence: int) -> None:
        """Note a grant; somebody else's overlapping lock at the same time is a violation."""
        self.grants += 1
        self.violations += any(other != client and overlap(path, taken) for taken, other in self.held.items())
        self.held[path] = client
        self.fences.append(fence)


def overlap(one: str, other: str) -> bool:
    """Tell whether two paths, of which directories end in `/`, cover a common file."""
    return (
        one == other
        or (one.endswith("/") and other.startswith(one))
        or (other.endswith("/") and one.startswith(other))
    )


async def run(*, quick: bool) -> None:
    """Print what was granted, what was refused, and what must be zero."""
    seconds = 5 if quick else 30
    print(f"{'clients':>7} {'grants':>8} {'conflicts':>10} {'violations':>10}  fences")
    for count in (2, 8, 64):
        with tempfile.TemporaryDirectory() as folder:
            async with interlock(Path(folder)) as server, AsyncExitStack() as stack:
                clients = await connect(stack, server.mcp, count)
                ids = await sessions(clients)
                referee = Referee()
                until = time.monotonic() + seconds
                await asyncio.gather(
                    *(
                        _race(client, number, ids[number], referee, until)
                        for number, client in enumerate(clients)
                    )
                )
                # Answers of two grants may arrive in either order, so growth is judged over the set.
                is_growing = len(set(referee.fences)) == len(referee.fences)
                print(
                    f"{count:7} {referee.grants:8,} {referee.conflicts:10,} {referee.violations:10}  "
                    f"{'all different, highest ' + str(max(referee.fences)) if is_growing else 'REPEATED'}",
                    flush=True,
                )
                if referee.violations or not is_growing:
                    raise SystemExit("a lock had two holders")


async def _race(client: Client, number: int, session_id: str, referee: Referee, until: float) -> None:
    while time.monotonic() < until:
        path = random.choice(PATHS)
        got = await answer(
            client, "memory_lock_files", {"session_id": session_id, "files": [path], "reason": "race"}
        )
        if not got["success"]:
            referee.conflicts += 1
            continue
        referee.granted(number, path, got["fence"])
        await asyncio.sleep(0)
        # Noted before it is sent: from here on another may hold it.
        referee.held.pop(path, None)
        await answer(client, "memory_unlock_files", {"session_id": session_id, "files": [path]})
