"""How the fields of an answer are read: those that need nothing but their source take a short way.

graphql-core resolves every field alike: resolve info, resolver, completion, some 8 microseconds each.
A page of 20 records is 300 fields of which nearly all are plain values. Anything that is not exactly
what its type says takes graphql-core's own way, and so do its errors.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
)
from graphql.pyutils import Path
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.field import StrawberryField

Shown = Callable[[Any], Any]

_ABSENT = object()
_SCALARS: Mapping[str, Mapping[type, Shown | None]] = {
    "String": {str: None},
    "ID": {str: None},
    "Boolean": {bool: None},
    "DateTime": {datetime: datetime.isoformat},
}
_INT_LIMIT = 1 << 31
_plain_fields: dict[GraphQLObjectType, dict[str, Plain]] = {}


class Plain:
    """A field that needs nothing but its source: how it is read, and how each type of value is shown."""

    __slots__ = ("read", "shown")

    def __init__(self, read: Shown, shown: Mapping[type, Shown | None]) -> None:
        self.read = read
        self.shown = shown


class ShortWay(StrawberryGraphQLCoreExecutionContext):
    """Executes a selection: plain attributes at once, the rest as graphql-core does."""

    def build_per_event_executor(self, payload: Any) -> ShortWay:
        """Return an executor for one event of a subscription, which forgets with it what it collected.

        graphql-core shares this memory among all events and finds nothing in it again, as each event's
        root fields are lists of their own: some 4 kB an event, for as long as a subscriber stays.
        """
        executor = cast("ShortWay", super().build_per_event_executor(payload))
        executor._relevant_sub_fields = {}
        return executor

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: dict[str, Any],
        position_context: Any,
    ) -> dict[str, Any] | Awaitable[dict[str, Any]]:
        """Return the results by response name, in the order asked for."""
        plain_fields = _plain_fields.get(parent_type)
        if plain_fields is None:
            plain_fields = _plain_fields[parent_type] = _plain(parent_type)
        results: dict[str, Any] = {}
        others: dict[str, Any] = {}
        for name, details in grouped_field_set.items():
            plain = plain_fields.get(details[0].node.name.value)
            if plain is not None:
                value = _read(plain, source_value)
                shown = plain.shown.get(type(value), _ABSENT)
                if shown is None:
                    results[name] = value
                    continue
                if shown is not _ABSENT:
                    value = cast("Shown", shown)(value)
                    if value is not _ABSENT:
                        results[name] = value
                        continue
            results[name] = None
            others[name] = details
        if not others:
            return results
        rest: Any = super().execute_fields(parent_type, source_value, path, others, position_context)
        if not optimized_is_awaitable(rest):
            return _merged(results, others, rest)
        return _awaited(results, others, rest)


def _read(plain: Plain, source: Any) -> Any:
    try:
        return plain.read(source)
    except Exception:  # noqa: BLE001 - read again graphql-core's way, which places the error
        return _ABSENT


async def _awaited(
    results: dict[str, Any], others: Mapping[str, Any], rest: Awaitable[Mapping[str, Any]]
) -> dict[str, Any]:
    return _merged(results, others, await rest)


def _merged(results: dict[str, Any], others: Mapping[str, Any], rest: Mapping[str, Any]) -> dict[str, Any]:
    for name in others:
        # A field that the type does not have is left out of an answer, not null in it.
        if name in rest:
            results[name] = rest[name]
        else:
            del results[name]
    return results


def _plain(kind: GraphQLObjectType) -> dict[str, Plain]:
    found = {}
    for name, field in kind.fields.items():
        definition = field.extensions.get("strawberry-definition")
        if not isinstance(definition, StrawberryField) or field.args or definition.extensions:
            continue
        read, shown = _reader(definition), _shown(field)
        if read is not None and shown is not None:
            found[name] = Plain(read, shown)
    return found


def _reader(definition: StrawberryField) -> Shown | None:
    """Return what reads the field from its source alone, or None if it needs more."""
    resolver = definition.base_resolver
    if resolver is None:
        return attrgetter(definition.python_name)
    is_of_source = resolver.root_parameter is not None and len(resolver.signature.parameters) == 1
    if not is_of_source or resolver.is_async or not callable(resolver.wrapped_func):
        return None
    return resolver.wrapped_func


def _shown(field: GraphQLField) -> Mapping[type, Shown | None] | None:
    kind = field.type
    is_needed = isinstance(kind, GraphQLNonNull)
    inner: Any = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    shown = _of_leaf(inner)
    if shown is None and isinstance(inner, GraphQLList):
        shown = _of_list(inner.of_type)
    if shown is None:
        return None
    return shown if is_needed else {**shown, type(None): None}


def _of_leaf(kind: Any) -> Mapping[type, Shown | None] | None:
    if isinstance(kind, GraphQLEnumType):
        names = {getattr(one.value, "value", one.value): name for name, one in kind.values.items()}
        types: set[type] = {str, *(type(one.value) for one in kind.values.values())}
        return dict.fromkeys(types, lambda value: names.get(value, _ABSENT))
    if not isinstance(kind, GraphQLScalarType):
        return None
    if kind.name == "Int":
        return {int: lambda value: value if -_INT_LIMIT <= value < _INT_LIMIT else _ABSENT}
    return _SCALARS.get(kind.name)


def _of_list(kind: Any) -> Mapping[type, Shown | None] | None:
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else None
    if not isinstance(inner, GraphQLScalarType) or inner.name not in ("String", "ID"):
        return None
    return dict.fromkeys((tuple, list), _texts)


def _texts(values: tuple[Any, ...] | list[Any]) -> Any:
    return list(values) if all(type(value) is str for value in values) else _ABSENT
