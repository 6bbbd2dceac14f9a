"""What each mutation answers when it is sent again with the same idempotency key: what it answered first."""

from __future__ import annotations

from pathlib import Path

from resolvers.callers import LOCAL_OWNER
from schema.context import RequestContext
from tests.test_store_calls import FEW, MUTATIONS, OPERATIONS, SCHEMA, Bound, World, world

NEVER_KEPT = "createKey"
"""Its secret is kept nowhere, so it takes no idempotency key."""


async def answered(world: World, bound: Bound, key: str) -> tuple[object, list[str]]:
    """Return the data and the errors of a mutation in the session."""
    operation = OPERATIONS["mutation", bound.field]
    given = {"sessionId": world.session, **bound.values(world)}
    if bound.field != NEVER_KEPT:
        given["idempotencyKey"] = key
    result = await SCHEMA.execute(
        operation.document,
        variable_values=operation.variables(given),
        context_value=RequestContext(world.engine, LOCAL_OWNER),
    )
    return result.data, [f"{bound}: {error}" for error in result.errors or ()]


async def test_every_mutation_sent_again_with_its_idempotency_key_gives_the_first_answer(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, FEW) as made:
        for number, bound in enumerate(MUTATIONS):
            first = await answered(made, bound, f"k{number}")
            assert first[1] == []
            if bound.field != NEVER_KEPT:
                assert await answered(made, bound, f"k{number}") == first
