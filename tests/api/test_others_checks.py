"""Checks that others wrote: the graphql-http audits, the graphql-ws client, schemathesis."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.api.conftest import Running
from tests.js import node, script

DROPS = 200
AUDITS = 61
EXAMPLES = 10
SCHEMATHESIS_SECONDS = 240
ADD = 'mutation a($name: String!) { createChecklist(input: {name: $name, project: "load"}) { name } }'


async def run(*command: str, seconds: float, cwd: Path | None = None) -> str:
    """Run a program that must succeed, and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), seconds)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, output.decode() + errors.decode()
    return output.decode()


async def test_every_audit_of_graphql_over_http_is_ok_and_none_warns(server: Running) -> None:
    results = json.loads(await run(node(), script("audit.js"), f"{server.url}/graphql", seconds=60))
    assert len(results) == AUDITS
    assert [found for found in results if found["status"] != "ok"] == []


async def test_a_client_that_drops_its_socket_200_times_under_load_misses_and_repeats_nothing(
    serving: Callable[..., Running],
) -> None:
    server = serving()
    total = DROPS * 4
    cursor = (await server.data('{ checklists(project: "load") { cursor } }'))["checklists"]["cursor"]
    address = server.url.replace("http", "ws") + "/graphql"
    following = asyncio.create_task(
        run(node(), script("resume.js"), address, "load", str(DROPS), str(total), cursor, seconds=120)
    )
    numbers = iter(range(total))
    async with httpx.AsyncClient() as client:

        async def write() -> None:
            for n in numbers:
                body = {"query": ADD, "variables": {"name": f"c{n}"}}
                answer = (await client.post(f"{server.url}/graphql", json=body)).json()
                assert "errors" not in answer, answer

        await asyncio.gather(*(write() for _ in range(4)))
    found = json.loads(await following)
    assert found["dropped"] == DROPS
    assert found["sequences"] == list(range(1, total + 1))


def test_schemathesis_finds_no_server_error_in_any_operation(serving: Callable[..., Running]) -> None:
    server = serving()
    schema = schemathesis.graphql.from_url(f"{server.url}/graphql")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 40
    until = time.monotonic() + SCHEMATHESIS_SECONDS
    outcomes: Counter[str] = Counter()

    def check(case: Any) -> None:
        response = case.call(timeout=20)
        assert response.status_code < 500, (case.body, response.text)
        codes = [error["extensions"]["code"] for error in response.json().get("errors", ())]
        assert "INTERNAL" not in codes, (case.body, response.text)
        outcomes.update(codes or ["ok"])

    for operation in operations:
        quick = settings(
            max_examples=EXAMPLES,
            database=None,
            derandomize=True,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        quick(given(case=operation.as_strategy())(check))()
        assert time.monotonic() < until, f"too slow: {dict(outcomes)}"
    assert outcomes["ok"] > 0
    assert sum(outcomes.values()) > 3 * len(operations), outcomes
