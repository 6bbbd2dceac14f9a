"""Which tools a profile lists, and what the list costs a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mcp_adapter.documents import Tool
from mcp_adapter.results import terse

FULL = "full"
SOLO = (
    "memory_start_session",
    "memory_end_session",
    "memory_lock_files",
    "memory_unlock_files",
    "memory_update_work",
    "memory_add_backlog_item",
    "memory_list_backlog",
    "memory_update_backlog_item",
    "memory_complete_backlog_item",
    "memory_checklist",
    "memory_query",
    "memory_record_learning",
)
_NOT_TEAM = ("memory_admin", "memory_project", "memory_guidelines", "memory_db", "memory_become_librarian")
PROFILES = ("solo", "team", FULL)

CHARACTERS_PER_TOKEN = 4


def profile_of(tools: Mapping[str, Tool], profile: str) -> list[Tool]:
    """Return the tools that a profile lists, in the order of their names; an unknown one is `full`."""
    if profile == "solo":
        return [tool for name, tool in tools.items() if name in SOLO]
    if profile == "team":
        return [tool for name, tool in tools.items() if name not in _NOT_TEAM]
    return list(tools.values())


def list_size(tools: Iterable[Tool]) -> tuple[int, int]:
    """Return how many characters the definitions have as JSON, and tokens at 4 characters each."""
    definitions: list[Any] = [tool.definition for tool in tools]
    characters = len(terse(definitions))
    return characters, -(-characters // CHARACTERS_PER_TOKEN)
