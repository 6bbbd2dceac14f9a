"""What shared knowledge costs: each call as a ratio to the echo tool's, by size; and what others feel of it."""

from __future__ import annotations

import asyncio
import re
import shutil
import statistics
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from mcp import Client

from benchmarks.calls import ECHO, Call, against_echo, answer, connect, times
from benchmarks.corpus import content, fill, question, title
from benchmarks.load import load
from benchmarks.progress import Progress
from benchmarks.servers import Server, interlock, peer
from benchmarks.workload import sessions

MOST_INDEXED = 10_000
"""Documents indexed by meaning without `--full`: each takes some 20 ms of one core."""
AIMS = {"query": 4.0, "find function": 4.0, "store": 2.5, "record learning": 2.5}
AIM_BESIDE = 3.0
_LOADING = 8
_LOOK_SECONDS = 0.25
_INDEX_SECONDS = 6 * 3_600.0
_INDEXED = re.compile(r"^interlock_search_indexed(?:_total)? (\S+)", re.MULTILINE)
_STATUS = "{ searchIndex { state detail lag } }"


async def run(
    *, quick: bool, is_full: bool = False, data: Path | None = None, fills_only: bool = False
) -> None:
    """Print a line a tool, size and number of clients; then the p99 of a bystander.

    `data` keeps what was filled and indexed, for another run; the calls are measured on a copy of it.
    """
    sizes = (100, 1_000) if quick else (100, 10_000, 50_000)
    if not fills_only:
        print(
            f"{'documents':>9} {'tool':16} {'clients':>7} {'echo ms':>8} {'ours ms':>8} {'ratio':>6} {'aim':>5}",
            flush=True,
        )
    with tempfile.TemporaryDirectory() as folder:
        before: Path | None = None
        for start, size in zip((0, *sizes), sizes, strict=False):
            # What is written once the index has been made is known to words alone.
            indexed = size if is_full else max(start, min(size, MOST_INDEXED))
            filled = (data or Path(folder)) / (f"{size}" if indexed == size else f"{size}-of-them-{indexed}")
            await _filled(filled, before, start, indexed, size)
            before = filled
            if fills_only:
                continue
            if indexed < size:
                print(f"{size:9,} of them {indexed:,} indexed by meaning; --full indexes all")
            await _measured_on(
                Path(shutil.copytree(filled, Path(folder) / "measured")), size, sizes[1], quick
            )
            shutil.rmtree(Path(folder) / "measured")


async def _measured_on(directory: Path, size: int, beside: int, quick: bool) -> None:
    async with interlock(directory) as server, peer("echo") as echo, AsyncExitStack() as stack:
        ours, echoes = await connect(stack, server.mcp, 16), await connect(stack, echo.mcp, 16)
        await _measured(server, ours, echoes, size, blocks=2 if quick else 4)
        if size == beside:
            await _bystander(server, echoes[0], ours[0], size, rounds=150 if quick else 500)


async def _filled(directory: Path, before: Path | None, start: int, indexed: int, end: int) -> None:
    """Make a directory of `end` documents from one of `start`; one that is whole is left as it is."""
    if directory.exists():  # noqa: ASYNC240 (nothing runs beside)
        return
    part = directory.with_name(f"{directory.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    if before is not None:
        shutil.copytree(before, part)
    part.mkdir(parents=True, exist_ok=True)
    await _grow(part, start, indexed, is_indexed=True)
    await _grow(part, max(start, indexed), end, is_indexed=False)
    part.rename(directory)


async def _grow(directory: Path, start: int, end: int, *, is_indexed: bool) -> None:
    """Write documents; with `is_indexed` wait until a server has them in its index."""
    if end <= start:
        return
    written = await fill(directory, start, end, is_told=is_indexed)
    if is_indexed:
        async with interlock(directory) as server:
            await caught_up(server, written)


async def caught_up(server: Server, least: int = 0) -> None:
    """Wait until nothing waits to be indexed, and `least` records have been since the server's start."""
    progress = Progress("indexed", least)
    async with httpx.AsyncClient() as http, asyncio.timeout(_INDEX_SECONDS):
        while True:
            told = (await http.post(f"{server.url}/graphql", json={"query": _STATUS}, timeout=60)).json()
            index = told["data"]["searchIndex"]
            if index["state"] in ("off", "failing"):
                raise SystemExit(f"the index is {index['state']}: {index['detail']}")
            indexed = await _indexed(http, server) if least else 0
            if index["lag"] == 0 and index["state"] in ("ready", "idle") and indexed >= least:
                break
            if least:
                progress.at(min(indexed, least))
            await asyncio.sleep(_LOOK_SECONDS)
    if least:
        progress.end()


async def _indexed(http: httpx.AsyncClient, server: Server) -> int:
    page = (await http.get(f"{server.url}/metrics", timeout=60)).text
    found = _INDEXED.search(page)
    if found is None:
        raise SystemExit("/metrics does not tell how much is indexed")
    return int(float(found[1]))


def calls(ids: list[str], size: int, clients: int) -> dict[str, Call]:
    """Return the calls by label; no two of a run ask or store the same."""

    def number(client: int, index: int) -> int:
        return ((size * 17 + clients) * 1_000 + client) * 10_000 + index

    def text(client: int, index: int) -> dict[str, str]:
        return {"session_id": ids[client], "title": title(number(client, index))}

    return {
        "query": Call("memory_query", lambda c, n: {"session_id": ids[c], "query": question(number(c, n))}),
        "find function": Call(
            "memory_find_function",
            lambda c, n: {"session_id": ids[c], "query": question(number(c, n) + 5_000)},
        ),
        "store": Call(
            "memory_store",
            lambda c, n: {**text(c, n), "content": content(number(c, n)), "memory_type": "pattern"},
        ),
        "record learning": Call(
            "memory_record_learning",
            lambda c, n: {**text(c, n), "details": content(number(c, n) + 5_000)},
        ),
    }


async def _measured(
    server: Server, ours: list[Client], echoes: list[Client], size: int, *, blocks: int
) -> None:
    ids = await sessions(ours)
    question(0)
    await _is_awake(ours[0], ids[0])
    for clients, rounds in ((1, 40), (16, 8)):
        for label, call in calls(ids, size, clients).items():
            await caught_up(server)
            mine, theirs = await against_echo(
                ours[:clients], echoes[:clients], call, blocks=blocks, rounds=rounds
            )
            print(
                f"{size:9,} {label:16} {clients:7} {theirs * 1e3:8.2f} {mine * 1e3:8.2f} "
                f"{mine / theirs:6.2f} {AIMS[label]:5.1f}",
                flush=True,
            )


async def _is_awake(client: Client, session: str) -> None:
    """Ask until an answer comes by meaning, too."""
    async with asyncio.timeout(60):
        for number in range(10**6):
            given = {"session_id": session, "query": f"{question(number)} awake"}
            if not (await answer(client, "memory_query", given)).get("degraded"):
                return


async def _bystander(server: Server, echo: Client, client: Client, size: int, *, rounds: int) -> None:
    """Print the p99 of one client's memory_get_locks, idle and while eight others store and search."""
    (session,) = await sessions([client])
    look = Call("memory_get_locks", lambda c, n: {"session_id": session, "path_pattern": f"src/{n}/*"})
    await caught_up(server)
    idle, idle_echo = await times([client], look, rounds, 0), await times([echo], ECHO, rounds, 0)
    async with load(server, _LOADING) as told:
        beside, echo_beside = (
            await times([client], look, rounds, rounds),
            await times([echo], ECHO, rounds, 0),
        )
    ratio = _p99(beside) / _p99(idle)
    print(
        f"{size:9,} documents, {_LOADING} clients store and search ({told['calls']:,} calls): another's get locks "
        f"p50 {statistics.median(idle) * 1e3:.2f} -> {statistics.median(beside) * 1e3:.2f} ms, "
        f"p99 {_p99(idle) * 1e3:.2f} -> {_p99(beside) * 1e3:.2f} ms: {ratio:.2f} x, aim {AIM_BESIDE:.0f}; "
        f"an echo in another server, for the machine's share: p99 {_p99(idle_echo) * 1e3:.2f} -> "
        f"{_p99(echo_beside) * 1e3:.2f} ms: {_p99(echo_beside) / _p99(idle_echo):.2f} x",
        flush=True,
    )


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)]
