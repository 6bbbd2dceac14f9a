"""`interlock query`: run a GraphQL document and print the answer as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from gql import GraphQLRequest
from gql.transport.exceptions import TransportQueryError
from graphql import OperationDefinitionNode, OperationType

from cli.connection import ApiKey, Connection, Url, complete, connection, refusals, request, session, stream
from cli.failure import Failure


def query(
    document: Annotated[str, typer.Argument(help="A document, or - for standard input.")] = "",
    file: Annotated[Path | None, typer.Option("--file", "-f", help="A file with the document.")] = None,
    variables: Annotated[str, typer.Option("--variables", help="All variables as a JSON object.")] = "",
    var: Annotated[
        list[str] | None, typer.Option("--var", "-v", help="One variable, NAME=VALUE (JSON or text).")
    ] = None,
    operation: Annotated[str | None, typer.Option(help="Which operation of several to run.")] = None,
    url: Url = "",
    key: ApiKey = "",
) -> None:
    """Run a GraphQL document and print its data as JSON. A subscription prints a line an event."""
    text = _document(document, file)
    asked = request(text, _variables(variables, var or []), operation)
    to = connection(url, key)
    if _is_subscription(asked, operation):
        _follow(to, asked)
    else:
        _print_answer(to, asked)


def _document(document: str, file: Path | None) -> str:
    if bool(document) == bool(file):
        raise Failure("give one document: as an argument, with --file, or - for standard input")
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Failure(f"cannot read {file}: {error}") from error
    return sys.stdin.read() if document == "-" else document


def _variables(text: str, pairs: list[str]) -> dict[str, Any]:
    try:
        given = json.loads(text) if text else {}
    except ValueError as error:
        raise Failure(f"--variables is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise Failure("--variables must be a JSON object")
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise Failure(f"--var {pair!r} is not NAME=VALUE")
        try:
            given[name] = json.loads(value)
        except ValueError:
            given[name] = value
    return given


def _is_subscription(asked: GraphQLRequest, operation: str | None) -> bool:
    operations = [node for node in asked.document.definitions if isinstance(node, OperationDefinitionNode)]
    return any(
        node.operation is OperationType.SUBSCRIPTION
        for node in operations
        if operation is None or (node.name is not None and node.name.value == operation)
    )


def _print_answer(to: Connection, asked: GraphQLRequest) -> None:
    async def run() -> tuple[Any, str]:
        async with session(to) as connected:
            try:
                return await connected.execute(asked), ""
            except TransportQueryError as error:
                return error.data, refusals(error)

    data, errors = complete(run, to)
    if data is not None:
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
    if errors:
        raise Failure(errors)


def _follow(to: Connection, asked: GraphQLRequest) -> None:
    async def run() -> None:
        async with stream(to) as connected:
            async for item in connected.subscribe(asked):
                print(json.dumps(item, ensure_ascii=False), flush=True)

    complete(run, to)
