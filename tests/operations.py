"""Every operation of the schema, as a document with variables: what the matrices are built from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
)

Input = GraphQLArgument | GraphQLInputField
DEPTH = 4


@dataclass(frozen=True, slots=True)
class Operation:
    """A root field, and a document that asks it for all that it has."""

    root: str
    name: str
    field: GraphQLField
    document: str

    def variables(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return variables: `values` by the name of the argument or input field, the least for the rest."""
        return {
            name: value
            for name, argument in self.field.args.items()
            if (value := _value(name, argument, values)) is not None
        }

    def inputs(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Yield the path and type of each leaf that a caller gives."""
        for name, argument in self.field.args.items():
            yield from _leaves((name,), argument.type)


def operations(schema: GraphQLSchema) -> list[Operation]:
    """Return all root fields of the schema."""
    roots = {
        "query": schema.query_type,
        "mutation": schema.mutation_type,
        "subscription": schema.subscription_type,
    }
    return [
        Operation(kind, name, field, _document(kind, name, field))
        for kind, root in roots.items()
        if root is not None
        for name, field in root.fields.items()
    ]


def _document(kind: str, name: str, field: GraphQLField) -> str:
    declared = ", ".join(f"${key}: {argument.type}" for key, argument in field.args.items())
    passed = ", ".join(f"{key}: ${key}" for key in field.args)
    head = f"{kind} op({declared})" if declared else f"{kind} op"
    call = f"{name}({passed})" if passed else name
    return f"{head} {{ {call} {_selection(get_named_type(field.type), DEPTH)} }}"


def _selection(kind: Any, depth: int) -> str:
    if isinstance(kind, GraphQLScalarType | GraphQLEnumType):
        return ""
    if isinstance(kind, GraphQLUnionType):
        parts = " ".join(f"... on {one.name} {_aliased(one, depth)}" for one in kind.types)
        return f"{{ __typename {parts} }}"
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    return f"{{ __typename {' '.join(_fields(kind, depth))} }}"


def _aliased(kind: GraphQLObjectType, depth: int) -> str:
    # Members of a union may have fields of one name and different types.
    fields = (f"{kind.name}_{part.partition(' ')[0]}: {part}" for part in _fields(kind, depth))
    return f"{{ {' '.join(fields)} }}"


def _fields(kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> Iterator[str]:
    for name, field in kind.fields.items():
        if any(isinstance(argument.type, GraphQLNonNull) for argument in field.args.values()):
            continue
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLScalarType | GraphQLEnumType):
            yield name
        elif depth > 1:
            yield f"{name} {_selection(inner, depth - 1)}"


def _value(name: str, given: Input, values: Mapping[str, Any]) -> Any:
    kind = given.type
    needed = isinstance(kind, GraphQLNonNull)
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(inner, GraphQLInputObjectType):
        fields = {key: _value(key, one, values) for key, one in inner.fields.items()}
        return {key: value for key, value in fields.items() if value is not None}
    if name in values:
        value = values[name]
        return [value] if isinstance(inner, GraphQLList) and not isinstance(value, list) else value
    has_default = given.default_value is not None or not needed
    if has_default and not needed:
        return None
    return _least(inner)


def _least(kind: Any) -> Any:
    if isinstance(kind, GraphQLList):
        return [_least(kind.of_type.of_type if isinstance(kind.of_type, GraphQLNonNull) else kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return {"Int": 0, "Float": 0.0, "Boolean": False}.get(kind.name, "x")


def _leaves(path: tuple[str, ...], kind: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(inner, GraphQLInputObjectType):
        for name, field in inner.fields.items():
            yield from _leaves((*path, name), field.type)
    else:
        yield path, kind
