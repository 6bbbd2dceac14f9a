"""The walkthrough is held to the server: each of its calls is made, each of its answers compared."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mcp import Client

from resolvers.acts import Engine
from tests.mcp.conftest import served_by

PAGE = Path(__file__).parent.parent / "docs" / "walkthrough.md"
STEP = re.compile(
    r"^\*\*(?P<who>\w+)\*\* calls `(?P<tool>memory_\w+)`:\n\n```json\n(?P<call>.*?)\n```\n\n"
    r"and gets:\n\n```json\n(?P<answer>.*?)\n```$",
    re.MULTILINE | re.DOTALL,
)
NAME = re.compile(r"<\w+>")
ANYTHING = "…"
# Searches say so where the index by meaning is away, as it is in a test.
NOT_TOLD = {"degraded"}


def with_ids(value: Any, ids: dict[str, str]) -> Any:
    """Put the ids in the place of their names."""
    if isinstance(value, dict):
        return {key: with_ids(one, ids) for key, one in value.items()}
    if isinstance(value, list):
        return [with_ids(one, ids) for one in value]
    return ids[value] if isinstance(value, str) and NAME.fullmatch(value) else value


def compare(told: Any, got: Any, ids: dict[str, str], place: str) -> None:
    """Compare what the page tells with what came; a name seen first takes its id from here."""
    if isinstance(told, dict):
        assert isinstance(got, dict), place
        assert told.keys() == got.keys() - NOT_TOLD, place
        for key, one in told.items():
            compare(one, got[key], ids, f"{place}.{key}")
    elif isinstance(told, list):
        assert isinstance(got, list), place
        assert len(told) == len(got), place
        for index, one in enumerate(told):
            compare(one, got[index], ids, f"{place}.{index}")
    elif isinstance(told, str) and NAME.fullmatch(told):
        assert ids.setdefault(told, got) == got, place
    elif told != ANYTHING:
        assert told == got, place


async def test_every_call_of_the_walkthrough_gets_the_answer_it_shows(engine: Engine) -> None:
    text = PAGE.read_text("utf-8")
    steps = list(STEP.finditer(text))
    assert len(steps) == text.count(" calls `memory_") == text.count("```json") / 2
    ids: dict[str, str] = {}
    async with served_by(engine) as url, Client(url) as client:
        for number, step in enumerate(steps, start=1):
            place = f"{number}. {step['who']}: {step['tool']}"
            result = await client.call_tool(step["tool"], with_ids(json.loads(step["call"]), ids))
            assert not result.is_error, (place, result.structured_content)
            compare(json.loads(step["answer"]), dict(result.structured_content or {}), ids, place)


def test_the_walkthrough_shows_each_part_of_the_work() -> None:
    named = {step["tool"] for step in STEP.finditer(PAGE.read_text("utf-8"))}
    parts = ("session", "lock", "message", "backlog", "learning", "function", "spec", "query", "work")
    assert [part for part in parts if not any(part in tool for tool in named)] == []
    assert len(named) >= 20
