"""The calls that are measured, as agents make them, and the sessions they are made in."""

from __future__ import annotations

from collections.abc import Iterable

from mcp import Client

from benchmarks.calls import Call, answer

PROJECT = "bench"


async def sessions(clients: Iterable[Client]) -> list[str]:
    """Start one session a client and return their ids."""
    return [
        (
            await answer(
                client,
                "memory_start_session",
                {"project": PROJECT, "claude_instance": f"bench-{number}", "task_description": "measure"},
            )
        )["session_id"]
        for number, client in enumerate(clients)
    ]


def calls(ids: list[str], tag: str) -> dict[str, Call]:
    """Return the calls of the benchmark by label, for clients that act in the sessions `ids`."""

    def path(client: int, number: int) -> str:
        return f"src/{tag}/{client}/file_{number % 50}.py"

    return {
        "lock": Call(
            "memory_lock_files",
            lambda c, n: {"session_id": ids[c], "files": [path(c, n)], "reason": "edit"},
        ),
        "unlock": Call("memory_unlock_files", lambda c, n: {"session_id": ids[c], "files": [path(c, n)]}),
        "get locks": Call(
            "memory_get_locks", lambda c, n: {"session_id": ids[c], "path_pattern": f"src/{tag}/{c}/*"}
        ),
        "heartbeat": Call(
            "memory_heartbeat", lambda c, n: {"session_id": ids[c], "status": "busy", "current_task": f"t{n}"}
        ),
        "send message": Call(
            "memory_send_message",
            lambda c, n: {
                "session_id": ids[c],
                "to_instance": f"bench-{(c + 1) % len(ids)}",
                "message": f"{tag} {c} {n}: the parser is ready for review",
            },
        ),
        "get messages": Call("memory_get_messages", lambda c, n: {"session_id": ids[c], "limit": 5}),
        "update work": Call(
            "memory_update_work",
            lambda c, n: {
                "session_id": ids[c],
                "title": f"work {n}",
                "status": "in_progress",
                "files_touched": [path(c, n)],
            },
        ),
        "start session": Call(
            "memory_start_session",
            lambda c, n: {
                "project": PROJECT,
                "claude_instance": f"bench-{c}",
                "task_description": f"start {tag} {n}",
            },
        ),
        "backlog page of 20": Call("memory_list_backlog", lambda c, n: {"session_id": ids[c], "limit": 20}),
    }


AIMS = {"start session": 2.5, "backlog page of 20": 2.5}
"""The ratio to the echo that each call should keep below; 1.5 where not named."""


def aim(label: str) -> float:
    """Return the ratio that the call should stay below."""
    return AIMS.get(label, 1.5)
