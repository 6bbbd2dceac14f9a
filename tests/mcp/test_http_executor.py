"""The bridge: GraphQL over HTTP and WebSocket to a running server, or a plain word that there is none."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn

from api.app import create_app
from api.settings import Settings
from mcp_adapter.http_executor import HttpExecutor

LOCKS = "query locks($project: String!) { locks(project: $project) { nodes { path } } }"
EVENTS = """subscription e($project: String!) {
  events(projects: [$project]) { ... on FeedEvent { kind project } }
}"""
CREATE = """mutation c($project: String!, $name: String!) {
  createChecklist(input: {project: $project, name: $name}) { name }
}"""


@pytest.fixture
async def graphql(tmp_path: Path) -> AsyncIterator[str]:
    """A whole server on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(Settings.model_validate({"data": tmp_path}))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
    server.should_exit = True
    await asyncio.wait_for(task, 15)
    listener.close()


async def test_operations_reach_the_server(graphql: str) -> None:
    async with HttpExecutor(graphql) as executor:
        made = await executor.execute(
            CREATE, operation="c", variables={"project": "p", "name": "n"}, authorization=None, notices=True
        )
        assert made["data"] == {"createChecklist": {"name": "n"}}
        wrong = await executor.execute(
            LOCKS, operation="locks", variables={"project": "?"}, authorization=None, notices=False
        )
        assert wrong["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_events_reach_the_bridge(graphql: str) -> None:
    async with HttpExecutor(graphql) as executor:
        responses = executor.subscribe(EVENTS, variables={"project": "p"}, authorization=None)
        first = asyncio.ensure_future(anext(responses))
        number = 0
        while not first.done():
            number += 1
            made = await executor.execute(
                CREATE,
                operation="c",
                variables={"project": "p", "name": f"n{number}"},
                authorization=None,
                notices=False,
            )
            assert "errors" not in made
        assert (await first)["data"]["events"] == {"kind": "checklist.created", "project": "p"}
        await responses.aclose()  # type: ignore[attr-defined]


async def test_a_subscription_that_is_refused_ends_with_its_error(graphql: str) -> None:
    async with HttpExecutor(graphql) as executor:
        responses = executor.subscribe(EVENTS, variables={}, authorization=None)
        told = [response async for response in responses]
    assert len(told) == 1
    assert told[0]["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_a_server_that_is_away_is_said_to_be_unavailable() -> None:
    async with HttpExecutor("http://127.0.0.1:9/graphql") as executor:
        response = await executor.execute(
            LOCKS, operation="locks", variables={"project": "p"}, authorization=None, notices=False
        )
        events = [one async for one in executor.subscribe(EVENTS, variables={}, authorization=None)]
    for told in (response, events[0]):
        assert told["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
        assert "interlock serve" in told["errors"][0]["extensions"]["hint"]


async def test_an_answer_that_is_not_graphql_is_said_to_be_unavailable(graphql: str) -> None:
    async with HttpExecutor(graphql.replace("/graphql", "/health")) as executor:
        response = await executor.execute(
            LOCKS, operation="locks", variables={"project": "p"}, authorization=None, notices=False
        )
    assert response["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
