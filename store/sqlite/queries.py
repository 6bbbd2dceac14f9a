"""How the conditions, orders and cursors of the port become SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from store.bounds import MOST_VALUES, branches_of, end_of_prefix
from store.codec import Codec, Column, Plain, encode_text
from store.orders import TotalOrder
from store.port import AnyOf, By, Condition, Has, In, Not, Prefix, Span, Where
from store.sqlite.tables import project_mark

_MOST_MARKS = 32
Part = tuple[str, list[Plain]]


def matching(codec: Codec, where: Where) -> Part:
    """Return the SQL of all conditions on table `t`, and its values."""
    if not where:
        return "1", []
    for name, condition in where.items():
        if isinstance(condition, AnyOf) and any(isinstance(one, Prefix) for one in condition.conditions):
            rest = {other: one for other, one in where.items() if other != name}
            return _united(codec, name, condition, rest)
    # Who names ids wants these rows: any other index would read all else that it finds. A `+` keeps it out.
    other = "+" if isinstance(where.get("id"), str | In) else ""
    return _all_of(
        [
            _condition(codec.column(name), condition, "" if name == "id" else other)
            for name, condition in where.items()
        ]
    )


def _all_of(parts: list[Part]) -> Part:
    return " AND ".join(sql for sql, _ in parts) or "1", [value for _, values in parts for value in values]


def _united(codec: Codec, name: str, any_of: AnyOf, rest: Where) -> Part:
    """Return a union of one look-up for each prefix and one for 1,000 values: SQLite seeks for no mere OR."""
    values, prefixes = branches_of(any_of)
    branches: list[Condition] = [*prefixes, *values]
    common, shared = matching(codec, rest)
    parts = [_condition(codec.column(name), branch) for branch in branches]
    selects = [f'SELECT t."row" FROM "{codec.name}" t WHERE {common} AND {sql}' for sql, _ in parts]
    found = f't."row" IN ({" UNION ALL ".join(selects)})'
    return found, [value for _, values in parts for value in (*shared, *values)]


def _condition(column: Column, condition: Condition, sign: str = "") -> Part:
    field = f'{sign}t."{column.name}"'
    make = _MAKERS.get(type(condition))
    if make is not None:
        return make(field, column, condition)
    if condition is None:
        return f"{field} IS NULL", []
    return f"{field} = ?", [column.encode_filter(condition)]


def _in(field: str, column: Column, condition: In) -> Part:
    if len(condition.values) > MOST_VALUES:
        raise ValueError(f"at most {MOST_VALUES} values of {column.name} can be asked for")
    values = [column.encode_filter(value) for value in condition.values if value is not None]
    parts = [f"{field} IN ({placeholders(values)})"] if values else []
    if len(values) < len(condition.values):
        parts.append(f"{field} IS NULL")
    return (f"({' OR '.join(parts)})" if parts else "0"), values


def placeholders(values: list[Plain]) -> str:
    """Return the marks for `values`, padded with the last to a power of two: few statements to prepare."""
    size = 1 << (len(values) - 1).bit_length()
    values += [values[-1]] * (size - len(values))
    return ",".join("?" * size)


def within_projects(words: str, condition: Condition) -> str:
    """Return the full-text query `words`, narrowed to the rows of the projects that `condition` names, if few."""
    projects = condition.values if isinstance(condition, In) else (condition,)
    names = [name for name in projects if isinstance(name, str)]
    if not names or len(names) < len(projects) or len(names) > _MOST_MARKS:
        return words
    marks = " OR ".join(f'"{project_mark(name)}"' for name in names)
    return f"project : ({marks}) AND {{title rest}} : ({words})"


def _not(field: str, column: Column, condition: Not) -> Part:
    if condition.value is None:
        return f"{field} IS NOT NULL", []
    return f"{field} IS NOT ?", [column.encode_filter(condition.value)]


def _span(field: str, column: Column, condition: Span) -> Part:
    parts: list[str] = []
    values: list[Plain] = []
    for sign, bound in ((">", condition.after), ("<", condition.before)):
        if bound is not None:
            parts.append(f"{field} {sign} ?")
            values.append(column.encode_filter(bound))
    return " AND ".join(parts) or f"{field} IS NOT NULL", values


def _prefix(field: str, column: Column, condition: Prefix) -> Part:
    if column.form.affinity != "TEXT":
        raise ValueError(f"{column.name} is no text")
    start = encode_text(condition.text)
    end = end_of_prefix(start)
    if end is None:
        return f"{field} >= ?", [start]
    return f"({field} >= ? AND {field} < ?)", [start, end]


def _has(field: str, column: Column, condition: Has) -> Part:
    if column.form.is_scalar:
        raise ValueError(f"{column.name} is no list")
    return f"EXISTS (SELECT 1 FROM json_each({field}) WHERE value = ?)", [encode_text(condition.text)]


def _any_of(field: str, column: Column, condition: AnyOf) -> Part:
    given, prefixes = branches_of(condition)
    branches: list[Condition] = [*given, *prefixes]
    parts = [_condition(column, one) for one in branches]
    if not parts:
        return "0", []
    return f"({' OR '.join(sql for sql, _ in parts)})", [value for _, values in parts for value in values]


_MAKERS: dict[type[Any], Callable[[str, Column, Any], Part]] = {
    In: _in,
    Not: _not,
    Span: _span,
    Prefix: _prefix,
    Has: _has,
    AnyOf: _any_of,
}


class Order(TotalOrder):
    """A total order in SQL."""

    def __init__(self, codec: Codec, order: Sequence[By]) -> None:
        super().__init__(codec, order)
        self.sql = ", ".join(f't."{by.name}"{" DESC" if by.direction == "desc" else ""}' for by in self.keys)

    def following(self, cursor: str) -> Part:
        """Return the SQL for what comes after `cursor`.

        Raises:
            ValueError: it is not a cursor of this order.
        """
        values = self.values(cursor)
        is_plain = not any(column.is_optional for column in self.columns)
        if is_plain and self.is_one_way:
            fields = ", ".join(f't."{column.name}"' for column in self.columns)
            marks = ", ".join("?" * len(values))
            return f"({fields}) {'<' if self.is_falling[0] else '>'} ({marks})", values
        return self._after(0, values)

    def _after(self, i: int, values: list[Plain]) -> Part:
        """Return the SQL for a row after `values` in the keys from `i` on; NULL sorts as the smallest."""
        field, value = f't."{self.columns[i].name}"', values[i]
        beyond, bound = self._beyond(field, value, self.is_falling[i])
        if i == len(values) - 1:
            return beyond, [value] * beyond.count("?")
        rest, more = self._after(i + 1, values)
        sql = f"({beyond} OR ({field} IS ? AND {rest}))"
        given = [value] * beyond.count("?") + [value, *more]
        # The bound alone lets an index seek to the start.
        return (f"({bound} AND {sql})", [value, *given]) if bound else (sql, given)

    @staticmethod
    def _beyond(field: str, value: Plain, is_falling: bool) -> tuple[str, str]:
        if value is None:
            return ("0" if is_falling else f"{field} IS NOT NULL"), ""
        if is_falling:
            return f"({field} < ? OR {field} IS NULL)", ""
        return f"{field} > ?", f"{field} >= ?"
