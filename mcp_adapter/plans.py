"""How a GraphQL answer becomes a tool's result: enums in lower case, short times, nothing empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

Clean = Callable[[Any], Any]
Plan = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Turns a response's `data` into the tool's result."""

EMPTY: tuple[object, ...] = (None, "", [], {})


def plan_of(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Plan:
    """Return the plan of an operation of a validated document.

    A root field aliased `result` is the result itself; an object of which only `nodes` is selected
    becomes that list. An answer without anything shows its empty lists.
    """
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    root = schema.get_root_type(operation.operation)
    clean = _Walk(schema, fragments).clean_object(root, operation.selection_set)

    def plan(data: Mapping[str, Any]) -> dict[str, Any]:
        cleaned: dict[str, Any] = clean(data)
        if not cleaned:
            # That nothing is there is the answer: `{}` would not say of what.
            return _empty_lists(clean, data)
        if "result" not in cleaned:
            return cleaned
        result = cleaned.pop("result")
        return {**result, **cleaned} if isinstance(result, dict) else {"result": result, **cleaned}

    return plan


class _Walk:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments

    def clean_object(self, parent: Any, selections: SelectionSetNode) -> Clean:
        cleans = self._cleans(parent, selections)
        if set(cleans) == {"nodes"}:
            nodes = cleans["nodes"]
            return lambda value: value and (nodes(value["nodes"]) if nodes else value["nodes"])
        return _Object(cleans)

    def _cleans(self, parent: Any, selections: SelectionSetNode) -> dict[str, Clean | None]:
        cleans: dict[str, Clean | None] = {}
        for node in selections.selections:
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                found = {key: self._clean_field(parent, node)}
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                kind = self._schema.get_type(fragment.type_condition.name.value)
                found = self._cleans(kind, fragment.selection_set)
            else:
                condition = getattr(node, "type_condition", None)
                kind = self._schema.get_type(condition.name.value) if condition else parent
                found = self._cleans(kind, node.selection_set)  # type: ignore[attr-defined]
            for key, clean in found.items():
                cleans[key] = _both(cleans.get(key), clean)
        return cleans

    def _clean_field(self, parent: Any, node: FieldNode) -> Clean | None:
        if node.name.value.startswith("__"):
            return None
        return self._clean_type(parent.fields[node.name.value].type, node)

    def _clean_type(self, kind: Any, node: FieldNode) -> Clean | None:
        if isinstance(kind, GraphQLNonNull):
            return self._clean_type(kind.of_type, node)
        if isinstance(kind, GraphQLList):
            entry = self._clean_type(kind.of_type, node)
            return _List(entry) if entry else None
        named = get_named_type(kind)
        if isinstance(named, GraphQLEnumType):
            return _lower
        if named.name == "DateTime":
            return _to_the_second
        return self.clean_object(named, node.selection_set) if node.selection_set else None


def _both(first: Clean | None, second: Clean | None) -> Clean | None:
    """Merge the cleaners of one key that several fragments select."""
    if first is None or second is None or first is second:
        return second or first
    if isinstance(first, _Object) and isinstance(second, _Object):
        keys = {**first.cleans, **second.cleans}
        return _Object({key: _both(first.cleans.get(key), second.cleans.get(key)) for key in keys})
    if isinstance(first, _List) and isinstance(second, _List):
        return _List(_both(first.entry, second.entry) or second.entry)
    return second


class _List:
    """Cleans each entry of a list."""

    __slots__ = ("entry",)

    def __init__(self, entry: Clean) -> None:
        self.entry = entry

    def __call__(self, value: Any) -> Any:
        entry = self.entry
        return None if value is None else [None if one is None else entry(one) for one in value]


class _Object:
    """Cleans the object that a selection returns."""

    __slots__ = ("_needed", "cleans")

    def __init__(self, cleans: dict[str, Clean | None]) -> None:
        self.cleans = cleans
        self._needed = {key: clean for key, clean in cleans.items() if clean is not None}

    def __call__(self, value: Any) -> Any:
        if value is None:
            return None
        needed = self._needed
        cleaned = {}
        for key, one in value.items():
            if one in EMPTY:
                continue
            clean = needed.get(key)
            shown = one if clean is None else clean(one)
            if shown not in EMPTY:
                cleaned[key] = shown
        return cleaned


def _empty_lists(clean: Clean | None, data: Any) -> dict[str, Any]:
    """Return the lists of an answer that holds nothing else, those of a root field `result` as its own."""
    lists: dict[str, Any] = {}
    if not isinstance(clean, _Object) or not isinstance(data, Mapping):
        return lists
    for key, value in data.items():
        inner = clean.cleans.get(key)
        if key == "result" and isinstance(inner, _Object):
            lists.update(_empty_lists(inner, value))
        elif value == [] or (value is not None and inner is not None and inner(value) == []):
            lists[key] = []
    return lists


def _to_the_second(value: Any) -> Any:
    """Shorten a time in UTC: what comes after the second costs a model tokens and tells it nothing."""
    if isinstance(value, str) and value[10:11] == "T" and value.endswith("+00:00"):
        return f"{value[:19]}Z"
    return value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value
