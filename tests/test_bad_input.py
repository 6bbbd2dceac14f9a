"""Every input of every operation with hostile values: an error with a code that names the field, nothing written."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, get_named_type

from resolvers.acts import Engine
from schema.root import build_schema
from store.records import KINDS, Record
from tests.conftest import Run
from tests.operations import Operation, operations

OPERATIONS = [one for one in operations(build_schema()._schema) if one.root != "subscription"]
MEGABYTE = "x" * 1_000_000
BOMB = "(a+)+$" * 200 + "[" * 500 + "*?" * 2_000
TEXTS = ["", "   ", "\0", "a\0b", "\ud800", "../../etc/passwd", "C:\\x", "\u202e\U0001f600é", MEGABYTE, BOMB]
CODES = {"BAD_INPUT", "NOT_FOUND", "FORBIDDEN", "CONFLICT", "LIMIT_EXCEEDED", "UNAUTHENTICATED"}
UNSTORABLE = ("\0", "a\0b", "\ud800", MEGABYTE)


async def _dump(engine: Engine) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for kind in KINDS:
        found[kind.__name__] = list((await engine.store.find(kind, {}, limit=1000)).records)
    return found


async def _base(run: Run) -> dict[str, Any]:
    started = await run(
        'mutation { startSession(input: {project: "p", agent: "ada", task: "t"}) { sessionId } }'
    )
    session = started["data"]["startSession"]["sessionId"]
    return {
        "project": "p",
        "sessionId": session,
        "files": ["src/a.py"],
        "reason": "edit",
        "to": ["ben"],
        "message": "hello",
        "title": "t",
        "description": "d",
        "text": "text",
        "summary": "s",
        "name": "x",
        "scope": "p",
        "rule": "r",
        "items": ["i"],
        "agent": "ada",
        "query": "q",
        "tag": "t",
        "content": "c",
        "details": "d",
        "role": "AGENT",
        "functions": [{"name": "f", "file": "a.py"}],
        "searchSummary": "s",
    }


def _arguments(operation: Operation, values: dict[str, Any]) -> dict[str, Any]:
    """Return the operation's arguments; entries of a checklist are texts to make it, objects to change it."""
    if operation.name == "updateChecklist":
        values = {**values, "items": [{"text": "i"}]}
    return operation.variables(values)


def _with(variables: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    head, *rest = path
    inner = variables.get(head)
    return {**variables, head: _with(dict(inner or {}), tuple(rest), value) if rest else value}


def _wrong(kind: Any) -> list[Any]:
    """Return values of other types than `kind`."""
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(inner, GraphQLList):
        # One value may stand for a list of one, and an integer for an ID.
        return [1.5, *([] if get_named_type(inner).name == "JSON" else [{"a": 1}]), [[1]], [None]]
    if isinstance(inner, GraphQLEnumType):
        return [7, "NO_SUCH_VALUE", ["x"]]
    return {
        "Int": ["5", 1.5, True, 2**40, [1, 2]],
        "Float": ["5", [1.0]],
        "Boolean": ["true", 1, [True]],
        "JSON": [],
    }.get(get_named_type(inner).name, [7.5, True, {"a": 1}, ["x", "y"]])


def _hostile(kind: Any) -> list[Any]:
    """Return values of the right type that nobody should have to store."""
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    name = get_named_type(inner).name
    if isinstance(inner, GraphQLList):
        many = [[f"f{n}.py" for n in range(10_000)], []]
        return many + [[text] for text in TEXTS] if name in ("String", "ID") else many
    if name in ("String", "ID"):
        return list(TEXTS)
    if name == "Int":
        return [-1, -(2**31), 2**31 - 1]
    return []


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
async def test_values_of_a_wrong_type_are_refused_by_name(
    operation: Operation, run: Run, engine: Engine
) -> None:
    base = _arguments(operation, await _base(run))
    before = await _dump(engine)
    for path, kind in operation.inputs():
        wrong = _wrong(kind) + ([None] if isinstance(kind, GraphQLNonNull) else [])
        for value in wrong:
            answer = await run(operation.document, _with(base, path, value))
            assert answer["errors"], (path, value)
            for error in answer["errors"]:
                assert error["extensions"]["code"] == "BAD_INPUT", (path, value, error)
                assert path[-1] in error["message"] or error["extensions"].get("field") == path[-1], (
                    path,
                    error,
                )
    assert await _dump(engine) == before


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
async def test_hostile_values_get_a_code_and_leave_nothing_behind(
    operation: Operation, run: Run, engine: Engine
) -> None:
    base = _arguments(operation, await _base(run))
    for path, kind in operation.inputs():
        for value in _hostile(kind):
            before = await _dump(engine)
            answer = await run(operation.document, _with(base, path, value))
            codes = {error["extensions"]["code"] for error in answer["errors"]}
            assert codes <= CODES, (path, str(value)[:80], answer["errors"])
            flat = value[0] if isinstance(value, list) and value else value
            if flat in UNSTORABLE and path[-1] != "apiKey":
                assert codes, (path, str(value)[:80], "was taken")
            if codes:
                assert await _dump(engine) == before, (path, str(value)[:80])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
async def test_an_unknown_input_is_refused_by_name(operation: Operation, run: Run) -> None:
    base = _arguments(operation, await _base(run))
    if "input" not in base:
        document = operation.document
        call = f"{operation.name}("
        document = (
            document.replace(call, f"{call}nonsense: 1, ", 1)
            if call in document
            else document.replace(operation.name, f"{operation.name}(nonsense: 1)", 1)
        )
        answer = await run(document, base)
    else:
        answer = await run(operation.document, _with(base, ("input", "nonsense"), 1))
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_INPUT"}
    assert any("nonsense" in error["message"] for error in answer["errors"])
