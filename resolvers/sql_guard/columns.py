"""Which columns are calls in disguise: PostgreSQL reads `alias.function` as `function(alias)`.

Where the alias names a row, few functions take it. But a function in FROM that returns a plain value makes its
alias a plain value, and then any function of one argument can be called so, `pg_sleep` and `pg_read_file` too
(PostgreSQL manual, 38.5.3 and 4.2.4). So of such an alias only the columns that it declares may be named.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_RETURNED = frozenset({"key", "value", "ordinality"})
"""Columns that the functions on the list return by name."""


def hidden_call(nodes: Iterable[Any]) -> str:
    """Return a column that may be a call of a function, as `alias.name`, or nothing."""
    columns: list[Any] = []
    declared: dict[str, frozenset[str]] = {}
    for node in nodes:
        kind = type(node).__name__
        if kind == "Column":
            columns.append(node)
        elif kind == "Unnest" or (kind in ("Table", "Lateral") and _is_function(node.this)):
            alias, names = _alias(node)
            # An alias may be used twice: only what each use declares is a column wherever it is named.
            declared[alias] = declared.get(alias, names) & names
    for column in columns:
        alias, name = column.table.lower(), column.name.lower()
        if alias in declared and name not in declared[alias] | _RETURNED | {alias, "*"}:
            return f"{column.table}.{column.name}"
    return ""


def _is_function(node: Any) -> bool:
    return type(node).__name__ in ("Anonymous", "Unnest")


def _alias(node: Any) -> tuple[str, frozenset[str]]:
    given = node.args.get("alias")
    columns = [one.name.lower() for one in given.args.get("columns") or ()] if given is not None else []
    ordinality = node.args.get("offset")
    if ordinality is not None and hasattr(ordinality, "name"):
        columns.append(ordinality.name.lower())
    return (node.alias or _called(node)).lower(), frozenset(columns)


def _called(node: Any) -> str:
    inner = node.this
    if type(node).__name__ == "Unnest" or type(inner).__name__ == "Unnest":
        return "unnest"
    return inner.this if isinstance(inner.this, str) else str(inner.this.name)
