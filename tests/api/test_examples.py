"""The examples that GraphiQL opens with, each run against a real server as they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from graphql import OperationDefinitionNode, OperationType, parse, print_ast

from tests.api.conftest import Running

EXAMPLES = Path(__file__).resolve().parents[2] / "frontend" / "explorer" / "examples"


def examples() -> Iterator[tuple[str, OperationDefinitionNode]]:
    for file in sorted(EXAMPLES.glob("*.graphql")):
        for operation in parse(file.read_text("utf-8")).definitions:
            assert isinstance(operation, OperationDefinitionNode)
            assert operation.name is not None
            yield operation.name.value, operation


async def test_every_example_runs_and_finds_what_those_before_it_did(serving: Callable[..., Running]) -> None:
    server = serving()
    values = {
        "project": "demo",
        "question": "why is close called two times?",
        "files": ["web/src/cart.ts"],
    }
    answers = {}
    # What is held ends with the session, and the others look at it.
    for name, operation in sorted(examples(), key=lambda example: example[0] == "leave"):
        if operation.operation is OperationType.SUBSCRIPTION:
            continue
        wanted = {one.variable.name.value for one in operation.variable_definitions or ()}
        assert wanted <= values.keys()
        given = {each: values[each] for each in wanted}
        answers[name] = await server.data(print_ast(operation), **given)
        if name == "arrive":
            values["session"] = answers[name]["startSession"]["sessionId"]

    assert answers["lock"]["lockFiles"]["isGranted"]
    assert [one["title"] for one in answers["ready"]["backlog"]["nodes"]] == ["Refunds in cents"]
    assert answers["find"]["searchDocuments"]["results"][0]["title"] == "Sessions end twice"
    assert {one["path"] for one in answers["now"]["locks"]["nodes"]} == {"web/src/cart.ts", "web/src/pay/"}
    assert answers["free"]["forceUnlock"]["released"] == ["web/src/cart.ts"]
    assert "web/src/cart.ts" in str(answers["audit"])
    assert answers["leave"]["endSession"]["releasedLocks"] == ["web/src/pay/"]
