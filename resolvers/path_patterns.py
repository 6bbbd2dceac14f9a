"""Which agent a working directory suggests: patterns with `*`, matched in linear time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resolvers.acts import Act
from resolvers.errors import BadInput
from resolvers.inputs import line
from store.port import In
from store.records import Agent

MAX_PATTERNS = 20
MAX_PATTERN = 200
MOST_AGENTS_ASKED = 200


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The agent whose pattern fits a working directory best."""

    agent: str
    role_description: str
    pattern: str


def path_patterns(field: str, values: Sequence[str] | None) -> tuple[str, ...]:
    """Return patterns as they are kept: `/` between parts, lower case, runs of `*` as one.

    Raises:
        BadInput: there are more than 20, one is longer than 200 bytes, has nothing but `*`, or
            uses another wildcard.
    """
    if values is not None and len(values) > MAX_PATTERNS:
        raise BadInput(field, f"has {len(values):,} entries, at most {MAX_PATTERNS} are taken")
    kept = []
    for value in values or ():
        pattern = _plain(line(field, value, required=True, max_bytes=MAX_PATTERN))
        while "**" in pattern:
            pattern = pattern.replace("**", "*")
        if any(sign in pattern for sign in "?[]{}"):
            raise BadInput(field, "takes `*` as its only wildcard")
        if not pattern.strip("*/"):
            raise BadInput(field, "would match every directory")
        kept.append(pattern)
    return tuple(dict.fromkeys(kept))


def matches(pattern: str, path: str) -> bool:
    """Tell whether `pattern` fits `path`: the whole of it, or a part where it has no `*`.

    The pieces between the `*` are looked for from left to right, each once: no backtracking.
    """
    path = _plain(path).rstrip("/")
    if "*" not in pattern:
        return pattern in f"{path}/"
    return any(_fits(pattern, shown) for shown in (path, f"{path}/"))


def _fits(pattern: str, path: str) -> bool:
    head, *middle, tail = pattern.split("*")
    if len(path) < len(head) + len(tail) or not path.startswith(head) or not path.endswith(tail):
        return False
    start, end = len(head), len(path) - len(tail)
    for piece in middle:
        found = path.find(piece, start, end)
        if found < 0:
            return False
        start = found + len(piece)
    return True


async def suggestion(act: Act, project: str, working_directory: str) -> Suggestion | None:
    """Return the registered agent whose patterns fit the directory best: the longest pattern wins."""
    if not working_directory:
        return None
    page = await act.store.find(
        Agent, {"project": project, "tier": In(("admin", "named"))}, limit=MOST_AGENTS_ASKED
    )
    fitting = [
        (len(pattern), agent.name, agent, pattern)
        for agent in page.records
        for pattern in agent.path_patterns
        if matches(pattern, working_directory)
    ]
    if not fitting:
        return None
    _, name, agent, pattern = max(fitting, key=lambda fit: fit[:2])
    return Suggestion(name, agent.role_description[:200], pattern)


def _plain(path: str) -> str:
    return path.replace("\\", "/").lower()
