"""What a tool is: its GraphQL document, compiled to a definition, checks and a plan for the result."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    build_schema,
    parse,
    validate,
)
from graphql.language import ArgumentNode, ObjectFieldNode, Visitor, visit

from mcp_adapter.parameters import Parameter, parameter_of
from mcp_adapter.plans import Plan, plan_of

TOOLS = Path(__file__).parent / "tools"

_EXTRAS = {"aliases", "constants", "destructive", "idempotent"}
_DESCRIPTION_TAG = re.compile(r"^#\s?", re.MULTILINE)


class BadDocument(Exception):
    """A tool's document does not fit the schema or the rules for tools."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document: all that a call of a plain tool, or of one action, needs."""

    name: str
    document: str
    is_query: bool
    parameters: Mapping[str, Parameter]
    plan: Plan
    parameter_of_field: Mapping[str, str]
    constants: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as it is listed and called. One with `actions` takes `action` to pick an operation."""

    name: str
    description: str
    input_schema: dict[str, Any]
    annotations: dict[str, bool]
    operations: Mapping[str, Operation]
    has_actions: bool
    known: frozenset[str]
    aliases: Mapping[str, str | None]

    @property
    def definition(self) -> dict[str, Any]:
        """The tool as `tools/list` shows it."""
        return {
            "name": self.name,
            "description": self.description,
            "inputSchema": self.input_schema,
            "annotations": self.annotations,
        }


def schema_of(sdl: str | GraphQLSchema) -> GraphQLSchema:
    """Return the schema to compile against; an SDL text is trusted to be valid."""
    return build_schema(sdl, assume_valid=True) if isinstance(sdl, str) else sdl


def load_tools(sdl: str | GraphQLSchema, folder: Path = TOOLS) -> dict[str, Tool]:
    """Return the tools of a folder by name: `<tool>.graphql` each, and `extras.json`.

    Raises:
        BadDocument: a document does not fit; the text names the file.
    """
    schema = schema_of(sdl)
    extras_file = folder / "extras.json"
    extras = json.loads(extras_file.read_text("utf-8")) if extras_file.exists() else {}
    tools = {}
    for path in sorted(folder.glob("*.graphql")):
        tools[path.stem] = compile_tool(schema, path.stem, path.read_text("utf-8"), extras.pop(path.stem, {}))
    if extras:
        raise BadDocument(f"extras.json: no document for {', '.join(extras)}")
    return tools


def compile_tool(schema: GraphQLSchema, name: str, source: str, extras: Mapping[str, Any]) -> Tool:
    """Return the tool of one document.

    `extras` says what a document cannot: `aliases` {accepted spelling: parameter, or null for one that is taken
    and not used; neither is listed}, `constants`
    {key of the result: value} (of an action tool {action: {key: value}}), and the hints
    `destructive` and `idempotent` of a mutation.

    Raises:
        BadDocument: it does not parse or fit.
    """
    document = _validated(schema, name, source)
    nodes = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    has_actions = len(nodes) > 1 or nodes[0].name is None or nodes[0].name.value != name
    constants = extras.get("constants", {})
    operations = {
        node.name.value: _operation(
            schema, document, node, source, constants.get(node.name.value, {}) if has_actions else constants
        )
        for node in nodes
        if node.name is not None
    }
    if len(operations) != len(nodes):
        raise BadDocument(f"{name}: every operation needs a name of its own")
    _check_extras(name, operations, extras, has_actions)
    return Tool(
        name=name,
        description=_description(name, source, nodes, has_actions),
        input_schema=_input_schema(name, operations, has_actions),
        annotations=_annotations(operations, extras),
        operations=operations,
        has_actions=has_actions,
        known=frozenset(key for one in operations.values() for key in one.parameters),
        aliases=extras.get("aliases", {}),
    )


def _validated(schema: GraphQLSchema, name: str, source: str) -> DocumentNode:
    try:
        document = parse(source)
    except GraphQLError as error:
        raise BadDocument(f"{name}: {error}") from error
    faults = validate(schema, document)
    if faults:
        raise BadDocument(f"{name}: {'; '.join(fault.message for fault in faults)}")
    if not any(isinstance(node, OperationDefinitionNode) for node in document.definitions):
        raise BadDocument(f"{name}: no operation")
    return document


def _operation(
    schema: GraphQLSchema,
    document: DocumentNode,
    node: OperationDefinitionNode,
    source: str,
    constants: Mapping[str, Any],
) -> Operation:
    parameters = [parameter_of(schema, variable) for variable in node.variable_definitions or ()]
    return Operation(
        name=node.name.value if node.name else "",
        document=source,
        is_query=node.operation is OperationType.QUERY,
        parameters={parameter.name: parameter for parameter in parameters},
        plan=plan_of(schema, document, node),
        parameter_of_field=_fields(node),
        constants=constants,
    )


class _FieldVisitor(Visitor):
    """Finds which GraphQL input field takes which variable."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def enter(self, node: Node, *_: Any) -> None:
        if isinstance(node, ArgumentNode | ObjectFieldNode):
            for variable in _variables(node.value):
                self.found.setdefault(node.name.value, variable)


def _variables(value: Node) -> Iterator[str]:
    if isinstance(value, VariableNode):
        yield value.name.value
    for one in getattr(value, "values", ()):
        yield from _variables(one)


def _fields(node: OperationDefinitionNode) -> dict[str, str]:
    visitor = _FieldVisitor()
    visit(node, visitor)
    names = [variable.variable.name.value for variable in node.variable_definitions or ()]
    own = {_camel(name): name for name in names}
    return {**own, **visitor.found}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _check_extras(
    name: str, operations: Mapping[str, Operation], extras: Mapping[str, Any], has_actions: bool
) -> None:
    known = {key for one in operations.values() for key in one.parameters}
    wrong = [*(set(extras) - _EXTRAS), *(set(extras.get("aliases", {}).values()) - known - {None})]
    if has_actions:
        wrong += set(extras.get("constants", {})) - set(operations)
        if "action" in known:
            wrong.append("action")
    if wrong:
        raise BadDocument(f"{name}: extras or parameters that mean nothing here: {', '.join(sorted(wrong))}")


def _description(name: str, source: str, nodes: list[OperationDefinitionNode], has_actions: bool) -> str:
    if not has_actions:
        node = nodes[0]
        if node.description is None:
            raise BadDocument(f"{name}: the operation needs a description")
        return node.description.value.strip()
    head = source[: len(source) - len(source.lstrip())]
    lines = []
    for line in source[len(head) :].splitlines():
        if not line.startswith("#"):
            break
        lines.append(_DESCRIPTION_TAG.sub("", line).strip())
    lines += [
        f"{node.name.value}: {node.description.value.strip()}"
        for node in nodes
        if node.name and node.description
    ]
    return "\n".join(line for line in lines if line)


def _input_schema(name: str, operations: Mapping[str, Operation], has_actions: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    if has_actions:
        properties["action"] = {"type": "string", "enum": list(operations)}
        required.append("action")
    every = [one.parameters for one in operations.values()]
    for key in dict.fromkeys(key for parameters in every for key in parameters):
        having = [parameters[key] for parameters in every if key in parameters]
        properties[key] = _merged(name, key, [parameter.schema for parameter in having])
        if len(having) == len(every) and all(parameter.is_required for parameter in having):
            required.append(key)
    shown: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        shown["required"] = required
    return {**shown, "additionalProperties": False}


def _merged(name: str, key: str, shapes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what one parameter is in all the operations that have it."""
    plain = [{k: v for k, v in shape.items() if k not in ("description", "default")} for shape in shapes]
    if any(shape != plain[0] for shape in plain):
        raise BadDocument(f"{name}: {key} differs between the operations")
    merged = dict(plain[0])
    described = next((shape["description"] for shape in shapes if shape.get("description")), None)
    if described:
        merged["description"] = described
    defaults = [shape.get("default") for shape in shapes]
    if defaults[0] is not None and all(default == defaults[0] for default in defaults):
        merged["default"] = defaults[0]
    return merged


def _annotations(operations: Mapping[str, Operation], extras: Mapping[str, Any]) -> dict[str, bool]:
    if all(one.is_query for one in operations.values()):
        return {"readOnlyHint": True, "openWorldHint": False}
    return {
        "readOnlyHint": False,
        "destructiveHint": bool(extras.get("destructive", False)),
        "idempotentHint": bool(extras.get("idempotent", False)),
        "openWorldHint": False,
    }
