"""How a document becomes something to run: parsed, validated, measured once, and kept while it is known."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import MaxIntrospectionDepthRule

from schema.errors import told
from schema.limits import Limits, beyond, too_large

_RULES = (*specified_rules, MaxIntrospectionDepthRule)
_MAX_ERRORS = 20
_MAX_SOURCE = 131_072


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a document. `label` is its first root field, for figures and logs."""

    kind: OperationType
    label: str
    may_wait: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document to run, or why it cannot be."""

    node: DocumentNode | None
    operations: Mapping[str | None, Operation] = field(default_factory=dict)
    errors: tuple[GraphQLError, ...] = ()

    def operation(self, name: str | None) -> Operation | None:
        """Return the operation of that name, or the only one when no name is given."""
        if name:
            return self.operations.get(name)
        return next(iter(self.operations.values())) if len(self.operations) == 1 else None


class Documents:
    """Prepares documents; valid ones are kept, the least recently used go first.

    What is kept is bounded by `most` documents and `most_characters` of text in all, so that
    hostile ones cannot pile up.
    """

    def __init__(
        self, schema: GraphQLSchema, limits: Limits, *, most: int = 512, most_characters: int = 262_144
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._most = most
        self._most_characters = most_characters
        self._kept: OrderedDict[str, Prepared] = OrderedDict()
        self._characters = 0

    def prepare(self, text: str) -> Prepared:
        """Return the document ready to run; its errors are as a client may see them."""
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            return kept
        prepared = self._prepare(text)
        if not prepared.errors and len(text) <= self._most_characters // 8:
            self._keep(text, prepared)
        return prepared

    def _keep(self, text: str, prepared: Prepared) -> None:
        self._kept[text] = prepared
        self._characters += len(text)
        while len(self._kept) > self._most or self._characters > self._most_characters:
            dropped, _ = self._kept.popitem(last=False)
            self._characters -= len(dropped)

    def _prepare(self, text: str) -> Prepared:
        try:
            node = parse(
                text,
                max_lexical_tokens=self._limits.tokens,
                max_comments=self._limits.tokens,
                max_source_length=_MAX_SOURCE,
            )
            errors = validate(self._schema, node, _RULES, max_errors=_MAX_ERRORS)
            errors = errors or beyond(node, self._limits)
        except GraphQLError as error:
            if error.message.endswith("Parsing aborted."):
                error = too_large(error.message.removeprefix("Syntax Error: "))
            errors = [error]
        except RecursionError:
            errors = [too_large("the document is nested too deeply")]
        if errors:
            return Prepared(None, errors=tuple(told(error) for error in errors))
        return Prepared(node, self._operations(node))

    def _operations(self, node: DocumentNode) -> dict[str | None, Operation]:
        found: dict[str | None, Operation] = {}
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                fields = [f for f in definition.selection_set.selections if isinstance(f, FieldNode)]
                label = fields[0].name.value if fields else "fragment"
                name = definition.name.value if definition.name else None
                root = self._schema.get_root_type(definition.operation)
                may_wait = root is not None and any(_waits(root.fields.get(f.name.value)) for f in fields)
                found[name] = Operation(definition.operation, label, may_wait)
        return found


def _waits(called: GraphQLField | None) -> bool:
    """Tell whether a root field takes `waitSeconds`, itself or in its input."""
    for name, argument in called.args.items() if called else ():
        kind = argument.type.of_type if isinstance(argument.type, GraphQLNonNull) else argument.type
        if name == "waitSeconds" or (
            isinstance(kind, GraphQLInputObjectType) and "waitSeconds" in kind.fields
        ):
            return True
    return False
