"""How the conditions, orders and cursors of the port become SQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from store.codec import Codec, Column, Plain, encode_text
from store.keyset import keyset_of, keyset_values
from store.port import AnyOf, By, Condition, Has, In, Not, Prefix, Scalar, Span, Where
from store.records import Record
from store.sqlite_tables import project_mark

MOST_VALUES = 1_000
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
    return _all_of([_condition(codec.column(name), condition) for name, condition in where.items()])


def _all_of(parts: list[Part]) -> Part:
    return " AND ".join(sql for sql, _ in parts) or "1", [value for _, values in parts for value in values]


def _united(codec: Codec, name: str, any_of: AnyOf, rest: Where) -> Part:
    """Return a union of one look-up for each prefix and one for all values: SQLite seeks for no mere OR."""
    branches: list[Condition] = [one for one in any_of.conditions if isinstance(one, Prefix)]
    others = tuple(one for one in any_of.conditions if not isinstance(one, Prefix))
    if others:
        branches.append(AnyOf(others))
    common, shared = matching(codec, rest)
    parts = [_condition(codec.column(name), branch) for branch in branches]
    selects = [f'SELECT t."row" FROM "{codec.name}" t WHERE {common} AND {sql}' for sql, _ in parts]
    found = f't."row" IN ({" UNION ALL ".join(selects)})'
    return found, [value for _, values in parts for value in (*shared, *values)]


def _condition(column: Column, condition: Condition) -> Part:
    field = f't."{column.name}"'
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
    end = _end_of_prefix(start)
    if end is None:
        return f"{field} >= ?", [start]
    return f"({field} >= ? AND {field} < ?)", [start, end]


def _end_of_prefix(text: str) -> str | None:
    text = text.rstrip("\U0010ffff")
    if not text:
        return None
    # UTF-8 sorts by code point; the halves of surrogate pairs are no characters.
    following = ord(text[-1]) + 1
    return text[:-1] + chr(0xE000 if following == 0xD800 else following)


def _has(field: str, column: Column, condition: Has) -> Part:
    if column.form.is_scalar:
        raise ValueError(f"{column.name} is no list")
    return f"EXISTS (SELECT 1 FROM json_each({field}) WHERE value = ?)", [encode_text(condition.text)]


def _any_of(field: str, column: Column, condition: AnyOf) -> Part:
    flat: list[Scalar] = []
    ranges: list[Condition] = []
    for one in condition.conditions:
        if isinstance(one, In):
            flat += one.values
        elif isinstance(one, Prefix):
            ranges.append(one)
        else:
            flat.append(one)
    parts = [_condition(column, one) for one in ([In(tuple(flat)), *ranges] if flat else ranges)]
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


class Order:
    """An order that is total (it ends with the id), its SQL, and the cursors that continue it."""

    def __init__(self, codec: Codec, order: Sequence[By]) -> None:
        keys: list[By] = []
        for by in order:
            if by.direction not in ("asc", "desc"):
                raise ValueError(f"{by.direction!r} is no direction")
            keys.append(by)
            if by.name == "id":
                break
        else:
            keys.append(By("id", keys[-1].direction if keys else "asc"))
        self._columns = [codec.column(by.name) for by in keys]
        if not all(column.form.is_scalar for column in self._columns):
            raise ValueError("lists and objects have no order")
        self._order = tuple(order)
        self._is_falling = [by.direction == "desc" for by in keys]
        self.is_one_way = len(set(self._is_falling)) == 1
        self.sql = ", ".join(f't."{by.name}"{" DESC" if by.direction == "desc" else ""}' for by in keys)

    def cursor(self, record: Record) -> str:
        """Return the cursor that continues after `record`."""
        return keyset_of(record, self._order)

    def following(self, cursor: str) -> Part:
        """Return the SQL for what comes after `cursor`.

        Raises:
            ValueError: it is not a cursor of this order.
        """
        values = self._values(cursor)
        is_plain = not any(column.is_optional for column in self._columns)
        if is_plain and self.is_one_way:
            fields = ", ".join(f't."{column.name}"' for column in self._columns)
            marks = ", ".join("?" * len(values))
            return f"({fields}) {'<' if self._is_falling[0] else '>'} ({marks})", values
        return self._after(0, values)

    def _after(self, i: int, values: list[Plain]) -> Part:
        """Return the SQL for a row after `values` in the keys from `i` on; NULL sorts as the smallest."""
        field, value = f't."{self._columns[i].name}"', values[i]
        beyond, bound = self._beyond(field, value, self._is_falling[i])
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

    def _values(self, cursor: str) -> list[Plain]:
        # Whatever the order has behind an id says nothing more.
        values = keyset_values(cursor, self._order)[: len(self._columns)]
        for column, value in zip(self._columns, values, strict=True):
            if not _fits(column, value):
                raise ValueError("not a cursor of this order")
        return values


def _fits(column: Column, value: Any) -> bool:
    if value is None:
        return column.is_optional
    if column.form.affinity == "TEXT":
        return isinstance(value, str)
    return type(value) is int and -(1 << 63) <= value < 1 << 63
