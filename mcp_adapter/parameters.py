"""What a tool's parameter looks like to MCP, and which JSON values it takes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    Undefined,
    VariableDefinitionNode,
    type_from_ast,
    value_from_ast,
)

Check = Callable[[Any], Any]
"""Returns the GraphQL variable's value for a JSON value.

Raises:
    WrongValue: the JSON value is of another type.
"""

_MAX_INT = 2**31


class WrongValue(Exception):
    """A value of the wrong type; the text says what is taken instead."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a tool, from one variable of its document."""

    name: str
    schema: dict[str, Any]
    is_required: bool
    check: Check


def parameter_of(schema: GraphQLSchema, node: VariableDefinitionNode) -> Parameter:
    """Return the parameter that a variable of a validated document stands for."""
    name = node.variable.name.value
    kind = cast("GraphQLInputType", type_from_ast(schema, node.type))
    is_required = isinstance(kind, GraphQLNonNull) and node.default_value is None
    shape, check = _shape(kind)
    shown: dict[str, Any] = dict(shape)
    if node.description is not None:
        shown["description"] = node.description.value
    if node.default_value is not None:
        default = value_from_ast(node.default_value, kind)
        if default is not None and default is not Undefined:
            shown["default"] = _shown_default(kind, default)
    return Parameter(name, shown, is_required, check)


def _shape(kind: Any) -> tuple[dict[str, Any], Check]:
    if isinstance(kind, GraphQLNonNull):
        return _shape(kind.of_type)
    if isinstance(kind, GraphQLList):
        shape, check = _shape(kind.of_type)
        return {"type": "array", "items": shape}, _list_of(check)
    if isinstance(kind, GraphQLEnumType):
        names = {name.lower(): name for name in kind.values}
        return {"type": "string", "enum": list(names)}, _one_of(names)
    if isinstance(kind, GraphQLInputObjectType):
        return _object_shape(kind)
    return _SCALARS.get(kind.name, _OTHER_SCALAR)


def _object_shape(kind: GraphQLInputObjectType) -> tuple[dict[str, Any], Check]:
    shapes, checks = {}, {}
    for name, field in kind.fields.items():
        shapes[name], checks[name] = _shape(field.type)
    required = [name for name, field in kind.fields.items() if _is_needed(field)]
    shape: dict[str, Any] = {"type": "object", "properties": shapes}
    if required:
        shape["required"] = required
    return {**shape, "additionalProperties": False}, _object_of(checks, required)


def _is_needed(field: Any) -> bool:
    return isinstance(field.type, GraphQLNonNull) and field.default_value is Undefined


def _shown_default(kind: GraphQLInputType, default: Any) -> Any:
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(kind, GraphQLEnumType):
        name = next((name for name, value in kind.values.items() if value.value == default), str(default))
        return name.lower()
    if isinstance(kind, GraphQLList):
        return [_shown_default(kind.of_type, entry) for entry in default]
    return default


def _text(value: Any) -> str:
    if type(value) is not str:
        raise WrongValue("must be a string")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise WrongValue("holds broken Unicode") from None
    return value


def _meant(value: Any, *kinds: type) -> Any:
    """Return what a text says in JSON if that is of the kinds wanted, as some clients send all but texts; else itself."""
    if type(value) is not str:
        return value
    try:
        said = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return said if type(said) in kinds else value


def _integer(value: Any) -> int:
    value = _meant(value, int, float)
    if type(value) is float and value.is_integer() and abs(value) < _MAX_INT:
        return int(value)
    if type(value) is not int:
        raise WrongValue("must be an integer")
    if not -_MAX_INT <= value < _MAX_INT:
        raise WrongValue("is too large")
    return value


def _number(value: Any) -> float:
    value = _meant(value, int, float)
    if type(value) not in (int, float) or not math.isfinite(value):
        raise WrongValue("must be a number")
    return float(value)


def _boolean(value: Any) -> bool:
    value = _meant(value, bool)
    if type(value) is not bool:
        raise WrongValue("must be true or false")
    return value


def _json_object(value: Any) -> dict[str, Any]:
    held = _meant(value, dict)
    if type(held) is not dict:
        raise WrongValue("must be an object")
    return held


def _one_of(names: dict[str, str]) -> Check:
    def check(value: Any) -> str:
        if type(value) is not str or value not in names:
            raise WrongValue(f"must be one of: {', '.join(names)}")
        return names[value]

    return check


def _list_of(entry: Check) -> Check:
    def check(value: Any) -> list[Any]:
        value = _meant(value, list)
        if type(value) is not list:
            raise WrongValue("must be a list")
        checked = []
        for index, one in enumerate(value):
            try:
                checked.append(entry(one))
            except WrongValue as error:
                raise WrongValue(f"entry {index} {error}") from None
        return checked

    return check


def _object_of(checks: dict[str, Check], required: list[str]) -> Check:
    def check(value: Any) -> dict[str, Any]:
        given = {name: one for name, one in _json_object(value).items() if one is not None}
        for name in required:
            if name not in given:
                raise WrongValue(f"lacks {name}")
        checked = {}
        for name, one in given.items():
            if name not in checks:
                raise WrongValue(f"has an unknown entry {name[:40]!a}; it takes {', '.join(checks)}")
            try:
                checked[name] = checks[name](one)
            except WrongValue as error:
                raise WrongValue(f"{name} {error}") from None
        return checked

    return check


_SCALARS: dict[str, tuple[dict[str, Any], Check]] = {
    "ID": ({"type": "string"}, _text),
    "String": ({"type": "string"}, _text),
    "Int": ({"type": "integer"}, _integer),
    "Float": ({"type": "number"}, _number),
    "Boolean": ({"type": "boolean"}, _boolean),
    "JSON": ({"type": "object"}, _json_object),
}
_OTHER_SCALAR: tuple[dict[str, Any], Check] = ({"type": "string"}, _text)
