"""What the server tells of itself through GraphQL: its parts, its sizes, its latencies, when keys were last used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from api.metrics import Metrics
from resolvers.tally_flush import flush_tallies
from resolvers.usage_flush import flush_usage
from tests.api.conftest import Running

HEALTH = "{ health { status process version startedAt parts { name isOk isDegraded state detail } } }"
FIGURES = (
    """{ operationFigures { process startedAt operations { operation count failures p50Ms p95Ms p99Ms } } }"""
)
STORAGE = (
    "query($project: String) { storage(project: $project) { adapter bytes kinds { kind count isMore } } }"
)
START = 'mutation { startSession(input: {project: "p", agent: "ada"}) { sessionId } }'
KEYS = "{ keys { nodes { name lastUsedAt useCount } } }"
MAKE = 'mutation { createKey(input: {name: "one", role: AGENT}) { secret } }'


async def test_health_names_every_part_as_the_health_page_does(serving: Callable[..., Running]) -> None:
    running = serving(embedder="off")
    health = (await running.data(HEALTH))["health"]
    assert health["status"] == "ok" and health["version"] and health["startedAt"]
    assert {part["name"]: part["isOk"] for part in health["parts"]} == dict.fromkeys(
        ("store_read", "store_write", "feed", "search", "mcp"), True
    )
    figures = (await running.data(FIGURES))["operationFigures"]
    assert figures["process"] == health["process"]


async def test_operations_are_told_with_their_count_failures_and_latency(
    serving: Callable[..., Running],
) -> None:
    running = serving(embedder="off")
    for _ in range(3):
        await running.data(START)
    failed = (await running.post('{ session(id: "none") { id } }')).json()
    assert failed["errors"]
    figures = (await running.data(FIGURES))["operationFigures"]["operations"]
    found = {one["operation"]: one for one in figures}
    assert (found["startSession"]["count"], found["startSession"]["failures"]) == (3, 0)
    assert (found["session"]["count"], found["session"]["failures"]) == (1, 1)
    one = found["startSession"]
    assert 0 < one["p50Ms"] <= one["p95Ms"] <= one["p99Ms"]


@pytest.mark.parametrize(
    ("seconds", "p50", "p99"),
    [
        ([0.003] * 100, 3.75, 4.975),
        ([0.0005] * 98 + [20.0] * 2, 0.51, 20_000.0),
        ([100.0], 60_000.0, 60_000.0),
    ],
)
def test_quantiles_lie_within_the_bucket_that_holds_them(
    seconds: list[float], p50: float, p99: float
) -> None:
    metrics = Metrics()
    for spent in seconds:
        metrics.operation("x", "ok", spent)
    (figure,) = metrics.figures()
    assert figure.count == len(seconds)
    assert (figure.p50_ms, figure.p99_ms) == (pytest.approx(p50, rel=0.01), pytest.approx(p99, rel=0.01))


async def test_sizes_are_told_by_kind_for_the_server_and_for_a_project(
    serving: Callable[..., Running],
) -> None:
    running = serving(embedder="off")
    await running.data(START)
    await running.data(START.replace('"p"', '"q"'))
    for project, sessions in ((None, 2), ("p", 1), ("none", 0)):
        storage = (await running.data(STORAGE, project=project))["storage"]
        kinds = {one["kind"]: one for one in storage["kinds"]}
        assert kinds["Session"] == {"kind": "Session", "count": sessions, "isMore": False}
        assert (storage["bytes"] is None) == (project is not None)
        assert ("Key" in kinds) == (project is None)


async def test_a_key_tells_when_it_was_last_used(serving: Callable[..., Running]) -> None:
    running = serving(embedder="off", auth_enabled=True)
    owner = await _owner(running)
    secret = (await running.data(MAKE, owner))["createKey"]["secret"]
    assert await _use_of(running, owner) == (None, 0)
    for _ in range(2):
        await running.data("{ authStatus { keyName } }", secret)

    async def flush(server: Any) -> None:
        await flush_usage(server.engine)
        await flush_tallies(server.engine)

    running.within(flush)
    used_at, count = await _use_of(running, owner)
    assert used_at is not None and count == 2


async def test_figures_and_sizes_are_for_admins(serving: Callable[..., Running]) -> None:
    running = serving(embedder="off", auth_enabled=True)
    owner = await _owner(running)
    secret = (await running.data(MAKE, owner))["createKey"]["secret"]
    assert (await running.data(HEALTH, secret))["health"]["status"] == "ok"
    for document in (FIGURES, STORAGE):
        refused = (await running.post(document, secret)).json()
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def _owner(running: Running) -> str:
    async def secret(server: Any) -> str:
        return str(server.engine.local_secret)

    return str(running.within(secret))


async def _use_of(running: Running, owner: str) -> tuple[str | None, int]:
    (key,) = (await running.data(KEYS, owner))["keys"]["nodes"]
    return key["lastUsedAt"], key["useCount"]
