"""How a root field's rule is called: with what graphql-core has coerced, made into our inputs on the way.

strawberry converts arguments on each call by walking their types again, a quarter of a millisecond for an
input object of ten fields. graphql-core can do it while it coerces, once it is told the names and classes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import strawberry
from graphql import GraphQLInputObjectType, GraphQLObjectType, GraphQLResolveInfo
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

_DEFINITION = "strawberry-definition"


def call_directly(schema: strawberry.Schema) -> strawberry.Schema:
    """Let queries and mutations of `schema` be called without strawberry in between; return it."""
    core = schema._schema
    for kind in core.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            _make_inputs(kind)
    for root in (core.query_type, core.mutation_type):
        if root is not None:
            _make_calls(root)
    return schema


def _make_inputs(kind: GraphQLInputObjectType) -> None:
    definition = kind.extensions[_DEFINITION]
    assert isinstance(definition, StrawberryObjectDefinition)
    for field in kind.fields.values():
        field.out_name = field.extensions[_DEFINITION].python_name
    kind.out_type = partial(_made, definition.origin)  # type: ignore[method-assign]


def _made(kind: type[Any], values: dict[str, Any]) -> Any:
    return kind(**values)


def _make_calls(root: GraphQLObjectType) -> None:
    for field in root.fields.values():
        definition = field.extensions[_DEFINITION]
        assert isinstance(definition, StrawberryField)
        assert definition.base_resolver is not None
        for argument in field.args.values():
            argument.out_name = argument.extensions[_DEFINITION].python_name
        field.resolve = partial(_called, definition.base_resolver.wrapped_func)


def _called(rule: Any, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    return rule(info=info, **arguments)
