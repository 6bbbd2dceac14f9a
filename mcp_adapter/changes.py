"""How a listener learns that a resource reads otherwise: from the feed, as the listener may see it."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

import anyio

from mcp_adapter.executor import Executor, Response
from mcp_adapter.resource_files import Resource, Resources
from mcp_adapter.results import terse


class ReadFailure(Exception):
    """A resource cannot be read by this caller; carries the GraphQL error."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(error["message"])
        self.code = (error.get("extensions") or {}).get("code", "INTERNAL")


@dataclass(frozen=True, slots=True)
class Reading:
    """A resource as it was, and the feed's cursor from before it was read; None: its reader hears no changes."""

    uri: str
    kind: Resource
    values: Mapping[str, str]
    text: str
    cursor: str | None

    def is_changed_by(self, event: Mapping[str, Any]) -> bool:
        """Tell whether the resource may read otherwise after the event."""
        kind = event.get("kind", "")
        if kind and not any(
            kind == one or (one[-1] == "." and kind.startswith(one)) for one in self.kind.changed_by
        ):
            return False
        recipients = [*(event.get("to") or ()), *filter(None, [event.get("recipient")])]
        name = self.values.get("name")
        if name is not None and event.get("name") not in (None, _one_line(name)):
            return False
        agent = self.values.get("agent")
        return agent is None or not recipients or "*" in recipients or _canonical(agent) in recipients


class ResourceReader:
    """Reads resources, and follows their changes, for one caller after the other."""

    def __init__(self, executor: Executor, resources: Resources) -> None:
        self._executor = executor
        self._resources = resources

    async def read(self, uri: str, authorization: str | None) -> Reading | None:
        """Return the resource now; None if no kind has such a URI.

        Raises:
            ReadFailure: the caller may not read it, or it cannot be read now.
        """
        found = self._resources.find(uri)
        if found is None:
            return None
        kind, values = found
        response = await self._execute(kind, values, authorization)
        if response.get("errors"):
            raise ReadFailure(response["errors"][0])
        result = kind.operation.plan(response.get("data") or {})
        cursor = result.pop("cursor", None)
        return Reading(uri, kind, values, terse(result), cursor)

    async def _execute(
        self, kind: Resource, values: Mapping[str, str], authorization: str | None
    ) -> Response:
        operation = kind.operation
        return await self._executor.execute(
            operation.document,
            operation=operation.name,
            variables=values,
            authorization=authorization,
            notices=False,
        )

    async def follow(
        self, readings: Sequence[Reading], authorization: str | None, tell: Callable[[str], Awaitable[None]]
    ) -> None:
        """Tell the URI of a resource each time it may have changed since it was read.

        Returns when the feed refuses the caller or is lost.
        """
        by_project: dict[str, list[Reading]] = {}
        for reading in readings:
            by_project.setdefault(reading.values["project"], []).append(reading)

        async def follow_project(project: str, concerned: list[Reading]) -> None:
            async with aclosing(self._events(project, concerned[0].cursor, authorization)) as events:
                async for event in events:
                    for reading in concerned:
                        if reading.is_changed_by(event):
                            await tell(reading.uri)
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for project, concerned in by_project.items():
                group.start_soon(follow_project, project, concerned)

    async def _events(
        self, project: str, cursor: str | None, authorization: str | None
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        operation = self._resources.changes
        if operation is None:
            return
        variables = {"project": project, **({"after": cursor} if cursor else {})}
        responses = self._executor.subscribe(
            operation.document, variables=variables, authorization=authorization
        )
        async with aclosing(cast("Any", responses)) as items:
            async for response in items:
                if response.get("errors"):
                    return
                yield operation.plan(response.get("data") or {})


def _canonical(agent: str) -> str:
    return "_".join(agent.strip().lower().split())


def _one_line(name: str) -> str:
    return unicodedata.normalize("NFC", " ".join(name.split()))
