"""A small schema, tools for it, and an executor that answers from a table."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

SDL = """
scalar JSON
scalar DateTime
enum Mood { GOOD VERY_BAD }
input PutInput { thingName: String! mood: Mood tags: [String!] sizeInMm: Int extra: JSON }
type Thing { id: ID! name: String! mood: Mood! moods: [Mood!]! note: String at: DateTime tags: [String!]! count: Int!
  isDone: Boolean! parent: Thing parts: [Thing!]! }
type Wrong { mood: Mood! reason: String! }
union Outcome = Thing | Wrong
type PageInfo { endCursor: String }
type Things { nodes: [Thing!]! pageInfo: PageInfo! }
type Query {
  thing(name: String!): Thing
  things(first: Int, mood: Mood): Things!
  wait(seconds: Float): Thing
  hub(project: String!, agent: String): Hub!
}
type Hub { cursor: String nodes: [Thing!]! }
type Change { kind: String to: [String!] recipient: String }
type Subscription { events(project: String!, after: String): Change }
type Mutation { put(input: PutInput!): Outcome! drop(name: String!): Thing }
"""

TOOLS = {
    "get_thing": """
"Get one thing."
query get_thing("Which" $name: String!, $verbose: Boolean = false) {
  result: thing(name: $name) { id name mood moods note at tags count done: isDone
    parent @include(if: $verbose) { name mood } parts { ...part } }
}
fragment part on Thing { name mood }
""",
    "list_things": """
"List things."
query list_things("At most" $limit: Int = 20, $mood: Mood) {
  result: things(first: $limit, mood: $mood) { items: nodes { name mood } page: pageInfo { next: endCursor } }
  others: things(first: 2) { nodes { name } }
}
""",
    "put_thing": """
"Put a thing."
mutation put_thing(
  "Its name" $title: String!, $mood: Mood = VERY_BAD, $tags: [String!], $size: Int, $extra: JSON
) {
  result: put(input: {thingName: $title, mood: $mood, tags: $tags, sizeInMm: $size, extra: $extra}) {
    ... on Thing { id name mood parts { mood } } ... on Wrong { mood reason }
  }
}
""",
    "thing": """# Things by action.
"Look at one"
query get("Which" $name: String!) { result: thing(name: $name) { name } }
"Put one"
mutation put($name: String!, $mood: Mood = GOOD) { result: put(input: {thingName: $name, mood: $mood}) { __typename } }
"All of them"
query all($limit: Int = 5) { result: things(first: $limit) { nodes { name } } }
""",
    "wait": """
"Wait."
query wait($seconds: Float = 0) { result: wait(seconds: $seconds) { name } }
""",
}
RESOURCES = {
    "shelf": """# uri: interlock://{project}/shelf
# changed by: thing., hub.moved
"Things on the shelf"
query shelf($project: String!) { result: hub(project: $project) { cursor things: nodes { name mood } } }
""",
    "inbox": """# uri: interlock://{project}/inbox/{agent}
# changed by: message.
"Messages"
query inbox($project: String!, $agent: String!) {
  result: hub(project: $project, agent: $agent) { cursor messages: nodes { name } }
}
""",
    "changes": """"Changes"
subscription changes($project: String!, $after: String) {
  result: events(project: $project, after: $after) { kind to recipient }
}
""",
    "listing": """"Projects"
query listing { result: things { projects: nodes { project: name } } }
""",
}
EXTRAS = {
    "put_thing": {
        "aliases": {"name": "title", "legacy": None},
        "constants": {"status": "put"},
        "idempotent": True,
    },
    "thing": {"constants": {"put": {"status": "put"}}, "destructive": True},
}


def write_tools(folder: Path) -> Path:
    """Write the tools' documents to the folder."""
    for name, text in TOOLS.items():
        (folder / f"{name}.graphql").write_text(text)
    (folder / "extras.json").write_text(json.dumps(EXTRAS))
    return folder


def write_resources(folder: Path) -> Path:
    """Write the resources' documents to the folder."""
    for name, text in RESOURCES.items():
        (folder / f"{name}.graphql").write_text(text)
    return folder


def answer_shelf(variables: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answer the resources: those of `secret` to nobody, those of `shared` to all, but without a cursor."""
    if variables["project"] == "secret":
        return {"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}]}
    cursor = None if variables["project"] == "shared" else "c1"
    return {"data": {"result": {"cursor": cursor, "things": [{"name": "ä", "mood": "GOOD"}], "messages": []}}}


class StubExecutor:
    """Answers each operation from `answers`, keeps what it was asked, and can be made to wait."""

    def __init__(self) -> None:
        self.answers: dict[str, Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {}
        self.calls: list[tuple[str | None, Mapping[str, Any], str | None]] = []
        self.events: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
        self.followed: asyncio.Queue[tuple[dict[str, Any], str | None]] = asyncio.Queue()
        self.unfollowed = asyncio.Event()
        self.waiting = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def execute(
        self,
        document: str,
        *,
        operation: str | None,
        variables: Mapping[str, Any],
        authorization: str | None,
        notices: bool,
    ) -> Mapping[str, Any]:
        self.calls.append((operation, variables, authorization))
        if operation == "wait":
            self.waiting.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        answer = self.answers.get(operation or "", {"data": {"result": None}})
        return answer(variables) if callable(answer) else answer

    async def subscribe(
        self, document: str, *, variables: Mapping[str, Any], authorization: str | None
    ) -> AsyncIterator[Mapping[str, Any]]:
        self.followed.put_nowait((dict(variables), authorization))
        try:
            while (event := await self.events.get()) is not None:
                yield {"data": {"result": event}}
            yield {"errors": [{"message": "lost", "extensions": {"code": "UNAVAILABLE"}}]}
        finally:
            self.unfollowed.set()
