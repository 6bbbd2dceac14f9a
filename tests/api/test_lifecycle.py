"""Starting and stopping: one line when it cannot start, nothing lost when it stops."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.serve import Refused, listen
from store.sqlite.store import served_by
from tests.api.conftest import Running, settings_for

SERVE = (
    "from api.serve import serve_http\nfrom api.settings import load_settings\nserve_http(load_settings())"
)
ADD = 'mutation a($name: String!) { createChecklist(input: {name: $name, project: "p"}) { name } }'


class Child:
    """A server in a process of its own."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            env={**os.environ, "INTERLOCK_DATA": str(data), "INTERLOCK_PORT": "0", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        told = [self.process.stdout.readline().split() for _ in range(4)]
        assert [line[:1] for line in told] == [["Page"], ["GraphQL"], ["MCP"], ["Health"]], (
            self.process.stderr and self.process.stderr.read()
        )
        self.url = told[1][1]

    def post(self, document: str, **variables: Any) -> Any:
        body = {"query": document, "variables": variables}
        return httpx.post(self.url, json=body, timeout=30).json()

    def end(self, by: signal.Signals) -> tuple[int, str]:
        self.process.send_signal(by)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    running = Child(tmp_path / "data")
    yield running
    if running.process.poll() is None:
        running.process.kill()
    running.process.communicate()


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_exit_code_0(child: Child, by: signal.Signals) -> None:
    assert child.post("{ __typename }") == {"data": {"__typename": "Query"}}
    assert child.end(by) == (0, "")


def test_what_is_in_flight_when_it_is_stopped_is_answered_and_kept(child: Child, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    acknowledged: list[str] = []

    def write(worker: int) -> None:
        for n in range(1_000):
            name = f"{worker}-{n}"
            try:
                answer = child.post(ADD, name=name)
            except (httpx.HTTPError, ValueError):
                return
            if "errors" not in answer:
                acknowledged.append(name)

    with ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(write, worker) for worker in range(4)]
        until = time.monotonic() + 10
        while len(acknowledged) < 40 and time.monotonic() < until:
            time.sleep(0)
        assert child.end(signal.SIGTERM) == (0, "")
        for worker in workers:
            worker.result()
    assert len(acknowledged) >= 40
    again = Child(tmp_path / "data")
    try:
        for name in acknowledged:
            found = again.post(
                'query c($name: String!) { checklist(name: $name, project: "p") { name } }', name=name
            )
            assert found == {"data": {"checklist": {"name": name}}}
    finally:
        again.end(signal.SIGTERM)


def test_a_port_in_use_is_one_line(serving: Callable[..., Running], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = Running(settings_for(tmp_path / "x").model_copy(update={"port": port}))
        with pytest.raises(Refused, match=f"127.0.0.1:{port}: address already in use") as caught:
            running.start()
    assert "\n" not in str(caught.value)


def test_a_data_directory_in_use_is_one_line_and_tells_where_it_is_served(
    serving: Callable[..., Running], tmp_path: Path
) -> None:
    first = serving(data=tmp_path / "one")
    owner = served_by(tmp_path / "one")
    assert owner is not None and owner["url"] == first.url
    with pytest.raises(Refused, match="in use by another Interlock server") as caught:
        serving(data=tmp_path / "one")
    assert "\n" not in str(caught.value)


def test_a_data_directory_that_cannot_be_made_is_one_line(
    serving: Callable[..., Running], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match=r"^INTERLOCK_DATA: ") as caught:
        serving(data=tmp_path / "file" / "data")
    assert "\n" not in str(caught.value)


def test_a_mongodb_that_is_away_is_one_line_that_names_its_setting_and_what_to_do(
    serving: Callable[..., Running], tmp_path: Path
) -> None:
    with pytest.raises(
        Refused, match=r"^MONGO_URL: MongoDB at 127\.0\.0\.1:1 does not answer \(check "
    ) as caught:
        serving(data=tmp_path, mongo_url="mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100")
    assert "\n" not in str(caught.value)


def test_serving_a_directory_again_at_the_same_port_says_where_it_is_served(
    serving: Callable[..., Running], tmp_path: Path
) -> None:
    first = serving(data=tmp_path / "one")
    port = int(first.url.rpartition(":")[2])
    again = Running(settings_for(tmp_path / "one").model_copy(update={"port": port}))
    with pytest.raises(Refused, match=f"in use by another Interlock server, at {first.url} ") as caught:
        again.start()
    assert "\n" not in str(caught.value)


async def test_figures_have_no_series_of_start_times(serving: Callable[..., Running]) -> None:
    server = serving()
    await server.data(ADD, name="x")
    async with httpx.AsyncClient() as client:
        figures = (await client.get(f"{server.url}/metrics")).text
    assert "interlock_operations_total" in figures
    assert "_created" not in figures


async def test_health_names_each_part_and_figures_count_operations(serving: Callable[..., Running]) -> None:
    server = serving()
    await server.data(ADD, name="x")
    await server.post(ADD, name="x")
    await server.post("{ nothing }")
    async with httpx.AsyncClient() as client:
        health = await client.get(f"{server.url}/health")
        figures = (await client.get(f"{server.url}/metrics")).text
    assert health.status_code == 200
    assert health.json()["can_write"] is True
    assert {name: part["ok"] for name, part in health.json()["parts"].items()} == {
        "store_read": True,
        "store_write": True,
        "feed": True,
        "mcp": True,
        "search": True,
    }
    assert health.json()["parts"]["search"]["state"] == "idle"
    assert "interlock_search_lag 0.0" in figures
    assert 'interlock_operations_total{field="createChecklist",outcome="ok"} 1.0' in figures
    assert 'interlock_operations_total{field="createChecklist",outcome="CONFLICT"} 1.0' in figures
    assert 'interlock_operations_total{field="refused",outcome="BAD_INPUT"} 1.0' in figures
    assert "interlock_feed_degraded 0.0" in figures


async def test_health_is_503_when_the_store_cannot_write(serving: Callable[..., Running]) -> None:
    server = serving()

    async def close(running: Any) -> None:
        await running.engine.store.close()

    await asyncio.to_thread(server.within, close)
    async with httpx.AsyncClient() as client:
        health = await client.get(f"{server.url}/health")
    assert health.status_code == 503
    assert health.json()["can_write"] is False
    answer = await server.post(ADD, name="x")
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_a_wait_ends_when_the_server_stops(serving: Callable[..., Running]) -> None:
    server = serving()
    start = 'mutation s($a: String!) { startSession(input: {project: "p", agent: $a}) { sessionId } }'
    lock = """mutation l($s: ID!, $w: Int!) {
      lockFiles(input: {sessionId: $s, files: ["a.py"], reason: "r", waitSeconds: $w}) { isGranted }
    }"""
    holder = (await server.data(start, a="one"))["startSession"]["sessionId"]
    waiter = (await server.data(start, a="two"))["startSession"]["sessionId"]
    await server.data(lock, s=holder, w=0)
    began = time.monotonic()
    waiting = asyncio.create_task(server.post(lock, s=waiter, w=50))
    while "lockFiles" not in json.dumps(await under_way(server)):
        await asyncio.sleep(0)
    await asyncio.to_thread(server.stop)
    answer = (await waiting).json()
    assert time.monotonic() - began < 15
    told = answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer["data"]["lockFiles"]
    assert told in ("UNAVAILABLE", {"isGranted": False})


async def under_way(server: Running) -> list[str]:
    async def names(running: Any) -> list[str]:
        return ["lockFiles"] if running.execution._deadlines else []

    found: list[str] = await asyncio.to_thread(server.within, names)
    return found


def test_answers_are_not_held_back_until_the_client_acknowledges() -> None:
    """asyncio turns Nagle off only where the protocol is named: else each answer takes 40 ms more."""
    with closing(listen("127.0.0.1", 0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_an_idle_connection_is_kept_longer_than_clients_keep_theirs(server: Running) -> None:
    """Else a client that is idle for just as long sends on a connection that is being closed (seen: of MCP's SDK)."""
    assert server._uvicorn is not None
    expiry = httpx.AsyncHTTPTransport()._pool._keepalive_expiry  # type: ignore[attr-defined]
    assert server._uvicorn.config.timeout_keep_alive > 2 * expiry
