"""How large an operation may be before it is run: tokens, depth, aliases, fields spread out."""

from __future__ import annotations

from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
)

from resolvers.errors import Code

MAX_FIELDS = 5_000
"""Most fields of an operation with its fragments spread out."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one operation may ask for. `seconds` bounds a query or mutation, waiting included."""

    depth: int = 12
    aliases: int = 50
    tokens: int = 2_000
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class _Size:
    depth: int = 0
    aliases: int = 0
    fields: int = 0


def beyond(document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Return an error for each operation of a document without fragment cycles that is too large.

    Each fragment is measured once, so the work grows with the document and not with what it
    spreads out to.
    """
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    measured: dict[str, _Size] = {}
    errors = []
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            size = _measure(node.selection_set, fragments, measured)
            named = f"operation {node.name.value!r}" if node.name else "the operation"
            for what, found, most in (
                ("levels deep", size.depth, limits.depth),
                ("aliases", size.aliases, limits.aliases),
                ("fields", size.fields, MAX_FIELDS),
            ):
                if found > most:
                    text = f"{named} has more than {most:,} {what}"
                    errors.append(too_large(text, "Ask for less at once."))
    return errors


def too_large(message: str, hint: str = "") -> GraphQLError:
    """Return the error for something beyond a limit."""
    extensions = {"code": Code.LIMIT_EXCEEDED.value} | ({"hint": hint} if hint else {})
    return GraphQLError(message, extensions=extensions)


def _measure(
    selections: SelectionSetNode | None,
    fragments: dict[str, FragmentDefinitionNode],
    measured: dict[str, _Size],
) -> _Size:
    depth = aliases = fields = 0
    for node in selections.selections if selections else ():
        if isinstance(node, FieldNode):
            inner = _measure(node.selection_set, fragments, measured)
            # Introspection is deep by nature; a rule of its own bounds it.
            below = 0 if node.name.value.startswith("__") else inner.depth + 1
            size = _Size(below, inner.aliases + (node.alias is not None), inner.fields + 1)
        elif isinstance(node, FragmentSpreadNode):
            size = _fragment(node.name.value, fragments, measured)
        else:
            size = _measure(node.selection_set, fragments, measured)  # type: ignore[attr-defined]
        depth = max(depth, size.depth)
        aliases += size.aliases
        fields += size.fields
    return _Size(depth, aliases, fields)


def _fragment(name: str, fragments: dict[str, FragmentDefinitionNode], measured: dict[str, _Size]) -> _Size:
    if name not in measured:
        measured[name] = _measure(fragments[name].selection_set, fragments, measured)
    return measured[name]
