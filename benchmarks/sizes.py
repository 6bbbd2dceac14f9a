"""What tools cost a model that reads them: their definitions, and their results where much is stored."""

from __future__ import annotations

import json
import statistics
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from mcp import Client

from benchmarks.calls import answer
from benchmarks.corpus import content, document_id, fill, question, title
from benchmarks.servers import Server, interlock
from benchmarks.workload import PROJECT, sessions

AIM_DEFINITIONS, AIM_RESULT, AIM_START = 8_000, 600, 1_500
_CHARACTERS_A_TOKEN = 4
_AGENTS = 8
_LONG = 40
"""Learnings of agents so much longer than the corpus has them."""


async def run(*, quick: bool) -> None:
    """Print the tokens of `tools/list` by profile, then p50 and p95 of results at default limits."""
    documents, rounds = (300, 20) if quick else (2_000, 100)
    with tempfile.TemporaryDirectory() as folder:
        await fill(Path(folder), 0, documents)
        async with interlock(Path(folder)) as server, AsyncExitStack() as stack:
            await _definitions(server, stack)
            clients = [await stack.enter_async_context(Client(server.mcp)) for _ in range(_AGENTS)]
            await _results(clients, documents, rounds)


async def _definitions(server: Server, stack: AsyncExitStack) -> None:
    for profile in ("solo", "team", "full"):
        client = await stack.enter_async_context(Client(f"{server.mcp}?profile={profile}"))
        tools = (await client.list_tools()).tools
        shown = [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in tools]
        size = len(_json(shown))
        print(
            f"{profile:5} {len(tools):3} tools {size:7,} characters {size // _CHARACTERS_A_TOKEN:6,} tokens"
            + (f"  aim {AIM_DEFINITIONS:,}" if profile == "full" else ""),
            flush=True,
        )


async def _results(clients: list[Client], documents: int, rounds: int) -> None:
    ids = await sessions(clients)
    await _at_work(clients, ids)
    print(
        f"\n{f'results, {documents:,} documents':32} {'p50':>6} {'p95':>6} {'most':>6} {'aim':>6}   (tokens)"
    )
    for label, calls in _asked(ids[0], documents, rounds).items():
        sizes = sorted([len(_json(await answer(clients[0], name, given))) for name, given in calls])
        p50, p95, most = statistics.median(sizes), sizes[int(len(sizes) * 0.95)], sizes[-1]
        tokens = "".join(f"{one / _CHARACTERS_A_TOKEN:7.0f}" for one in (p50, p95, most))
        aim = AIM_START if label == "start session" else AIM_RESULT
        print(f"{label:32}{tokens} {aim:6,}", flush=True)


async def _at_work(clients: list[Client], ids: list[str]) -> None:
    """Let a team be at work: locks, messages, backlog, long learnings, a named interface each."""
    for n, (client, session) in enumerate(zip(clients, ids, strict=True)):
        given: dict[str, Any] = {"session_id": session}
        files = [f"src/area_{n}/file_{k}.py" for k in range(5)]
        await answer(
            client, "memory_lock_files", given | {"files": files, "reason": "split the module in two"}
        )
        await answer(
            client,
            "memory_update_work",
            given | {"title": title(n), "status": "in_progress", "files_touched": files},
        )
        for k in range(5):
            number = 10_000_000 + n * 1_000 + k
            line = {"to_instance": f"bench-{(n + 1) % _AGENTS}", "message": content(number)}
            await answer(client, "memory_send_message", given | line)
            item = {"title": title(number), "description": content(number)}
            await answer(client, "memory_add_backlog_item", given | item)
            long = "\n".join(content(number * _LONG + part) for part in range(_LONG // 10))
            await answer(
                client, "memory_record_learning", given | {"title": title(number + 100), "details": long}
            )
        api = {"title": f"interface {n}", "content": content(n + 7), "memory_type": "api_spec"}
        await answer(client, "memory_store", given | api | {"interface_name": f"Interface{n}"})


def _asked(session: str, documents: int, rounds: int) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Return the calls by label, with nothing but what a tool requires."""

    def listed(name: str) -> list[tuple[str, dict[str, Any]]]:
        return [(name, {"session_id": session})]

    def asked(name: str) -> list[tuple[str, dict[str, Any]]]:
        return [(name, {"session_id": session, "query": question(20_000_000 + n)}) for n in range(rounds)]

    def read(name: str) -> list[tuple[str, dict[str, Any]]]:
        return [
            (name, {"session_id": session, "doc_id": document_id(n * 7 % documents)}) for n in range(rounds)
        ]

    start = {
        "project": PROJECT,
        "claude_instance": "bench-0",
        "task_description": "change src/area_1/file_2.py",
    }
    return {
        "query (3)": asked("memory_query"),
        "find function (5)": asked("memory_find_function"),
        "search global (10)": asked("memory_search_global"),
        "get by id": read("memory_get_by_id"),
        "get messages": listed("memory_get_messages"),
        "get locks": listed("memory_get_locks"),
        "list backlog": listed("memory_list_backlog"),
        "get active work": listed("memory_get_active_work"),
        "start session": [("memory_start_session", start)] * min(rounds, 20),
    }


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
