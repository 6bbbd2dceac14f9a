"""What the tests of functions share: documents, and short ways to register, lease and enrich."""

from __future__ import annotations

from typing import Any

from resolvers.acts import Engine
from store.port import Changes
from store.records import Session
from tests.conftest import Run

FIELDS = (
    "id name file line project purpose gotchas preferOver requires code hasCode language sourceHash queue "
    "leaseHolder leaseUntil attempts failure enrichedAt enrichedBy isEnriched isOutOfDate signature parameters "
    "returns calls calledBy sideEffects complexity additionalGotchas searchSummary createdAt updatedAt"
)
REGISTER = f"""mutation($input: RegisterFunctionInput!, $key: String) {{
  done: registerFunction(input: $input, idempotencyKey: $key) {{
    change isNew isQueued preservedEnrichment function {{ {FIELDS} }}
  }}
}}"""
REGISTER_MANY = """mutation($input: RegisterFunctionsInput!) {
  done: registerFunctions(input: $input) { registered updated unchanged }
}"""
LEASE = """mutation($input: LeaseFunctionsInput!) {
  done: leaseFunctions(input: $input) { leaseId expiresAt functions { id name project leaseHolder attempts } }
}"""
EXTEND = (
    "mutation($input: ExtendLeaseInput!) { done: extendLease(input: $input) { expiresAt functions { id } } }"
)
RELEASE = "mutation($input: ReleaseFunctionsInput!) { done: releaseFunctions(input: $input) { released } }"
ENRICH = f"mutation($input: EnrichFunctionInput!) {{ done: enrichFunction(input: $input) {{ {FIELDS} }} }}"
REMOVE = "mutation($input: RemoveFunctionsInput!) { done: removeFunctions(input: $input) { removed } }"
REQUEUE = """mutation($input: RequeueFunctionsInput!) {
  done: requeueFunctions(input: $input) { requeued failedCount }
}"""
QUEUE = """query($project: String, $state: QueueState! = PENDING, $first: Int! = 20, $after: String) {
  done: enrichmentQueue(project: $project, state: $state, first: $first, after: $after) {
    pendingCount leasedCount failedCount items { id name failure } pageInfo { hasNextPage endCursor }
  }
}"""
FIND = """query($query: String!, $project: String, $shared: Boolean! = true, $limit: Int! = 5, $tokens: Int) {
  done: findFunctions(
    query: $query, project: $project, includeShared: $shared, limit: $limit, maxTokens: $tokens
  ) {
    resultCount leftOut results { id source name relevance percent accessCount purpose gotchas signature }
  }
}"""
ONE = f"query($id: ID!) {{ done: function(id: $id) {{ {FIELDS} }} }}"
LIST = """query($project: String, $file: String, $first: Int! = 100, $after: String) {
  done: functions(project: $project, file: $file, first: $first, after: $after) {
    nodes { name file } pageInfo { hasNextPage endCursor }
  }
}"""

FINDINGS: dict[str, Any] = {
    "signature": "def add(item, count=1)",
    "parameters": [{"name": "item", "type": "Item"}, {"name": "count", "type": "int", "default": "1"}],
    "returns": "the basket's new total",
    "calls": ["Basket.total"],
    "calledBy": ["checkout"],
    "sideEffects": ["writes the basket"],
    "complexity": "O(1)",
    "additionalGotchas": "rounds half up",
    "searchSummary": "puts goods into a shopping cart",
}


async def ask(run: Run, document: str, given: dict[str, Any], **more: Any) -> Any:
    """Run a mutation of one input and return its answer."""
    answer = await run(document, {"input": given}, **more)
    assert not answer["errors"], answer
    return answer["data"]["done"]


async def show(run: Run, document: str, **given: Any) -> Any:
    """Run a query and return its answer."""
    answer = await run(document, given)
    assert not answer["errors"], answer
    return answer["data"]["done"]


async def register(run: Run, name: str = "Basket.add", **given: Any) -> Any:
    told = {"project": "p", "file": "src/basket.py", "purpose": "adds an item", "name": name, **given}
    return await ask(run, REGISTER, told)


async def register_many(run: Run, *names: str, project: str = "p", **each: Any) -> Any:
    told = [{"name": name, "file": "src/many.py", **each} for name in names]
    return await ask(run, REGISTER_MANY, {"project": project, "functions": told})


async def lease(run: Run, limit: int = 20, **given: Any) -> Any:
    return await ask(run, LEASE, {"limit": limit, **given})


async def enrich(run: Run, function_id: str, **given: Any) -> Any:
    return await ask(run, ENRICH, {"id": function_id, **(given or FINDINGS)})


async def begin(engine: Engine, agent: str, project: str = "p", key_id: str = "local", home: str = "") -> str:
    """Start a session without its brief."""
    session = Session(
        id=f"ses_{agent}_{project}",
        project=project,
        agent=agent,
        key_id=key_id,
        active_at=await engine.store.now(),
        working_directory=home,
    )
    await engine.store.commit(Changes(puts=(session,)))
    return session.id
