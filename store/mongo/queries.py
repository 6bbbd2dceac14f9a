"""How the conditions, orders and cursors of the port become MongoDB's filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from store.bounds import MOST_VALUES, branches_of, end_of_prefix
from store.codec import Codec, Column, Plain, encode_text
from store.mongo.collections import field_of
from store.orders import TotalOrder
from store.port import AnyOf, By, Condition, Has, In, Not, Prefix, Span, Where

Filter = dict[str, Any]
NOTHING: Filter = {"$in": []}


def matching(codec: Codec, where: Where) -> Filter:
    """Return the filter of all conditions."""
    found: Filter = {}
    either: list[Filter] = []
    for name, condition in where.items():
        column, field = codec.column(name), field_of(name)
        if isinstance(condition, AnyOf):
            branches = _branches(column, condition)
            if len(branches) == 1:
                found[field] = branches[0]
            else:
                either.append({"$or": [{field: branch} for branch in branches]})
        else:
            found[field] = _condition(column, condition)
    if len(either) == 1:
        return found | either[0]
    return found | {"$and": either} if either else found


def _condition(column: Column, condition: Condition) -> Any:
    make = _MAKERS.get(type(condition))
    return make(column, condition) if make is not None else {"$eq": column.encode_filter(condition)}


def _in(column: Column, condition: In) -> Filter:
    if len(condition.values) > MOST_VALUES:
        raise ValueError(f"at most {MOST_VALUES} values of {column.name} can be asked for")
    return {"$in": list(dict.fromkeys(column.encode_filter(value) for value in condition.values))}


def _not(column: Column, condition: Not) -> Filter:
    return {"$ne": column.encode_filter(condition.value)}


def _span(column: Column, condition: Span) -> Filter:
    bounds = (("$gt", condition.after), ("$lt", condition.before))
    found = {sign: column.encode_filter(bound) for sign, bound in bounds if bound is not None}
    return found or {"$ne": None}


def _prefix(column: Column, condition: Prefix) -> Filter:
    if column.form.affinity != "TEXT":
        raise ValueError(f"{column.name} is no text")
    start = encode_text(condition.text)
    end = end_of_prefix(start)
    return {"$gte": start} if end is None else {"$gte": start, "$lt": end}


def _has(column: Column, condition: Has) -> Filter:
    if column.form.is_scalar:
        raise ValueError(f"{column.name} is no list")
    return {"$eq": encode_text(condition.text)}


def _branches(column: Column, condition: AnyOf) -> list[Filter]:
    values, prefixes = branches_of(condition)
    found = [*(_in(column, one) for one in values), *(_prefix(column, one) for one in prefixes)]
    # Without any, the empty list: nothing matches.
    return found or [_in(column, In(()))]


_MAKERS: dict[type[Any], Callable[[Column, Any], Filter]] = {
    In: _in,
    Not: _not,
    Span: _span,
    Prefix: _prefix,
    Has: _has,
}


class Order(TotalOrder):
    """A total order in MongoDB's terms; the unset sorts first there too."""

    def __init__(self, codec: Codec, order: Sequence[By]) -> None:
        super().__init__(codec, order)
        self.sort = {field_of(by.name): -1 if by.direction == "desc" else 1 for by in self.keys}

    def following(self, condition: Filter, cursor: str) -> Filter:
        """Return the filter for what matches `condition` and comes after `cursor`.

        Raises:
            ValueError: it is not a cursor of this order.
        """
        values = self.values(cursor)
        branches: list[Filter] = []
        equal: Filter = {}
        for i, (column, value) in enumerate(zip(self.columns, values, strict=True)):
            field = field_of(column.name)
            branches += [
                _both(condition, equal | {field: beyond})
                for beyond in _beyond(column, value, self.is_falling[i])
            ]
            equal[field] = {"$eq": value}
        # Every branch whole: each is a run of an index, and the runs are merged in order.
        return {"$or": branches} if branches else {"_id": NOTHING}


def _both(one: Filter, other: Filter) -> Filter:
    return one | other if not one.keys() & other.keys() else {"$and": [one, other]}


def _beyond(column: Column, value: Plain, is_falling: bool) -> list[Filter]:
    if value is None:
        return [] if is_falling else [{"$ne": None}]
    if not is_falling:
        return [{"$gt": value}]
    return [{"$lt": value}, {"$eq": None}] if column.is_optional else [{"$lt": value}]


@lru_cache(maxsize=512)
def order_of(codec: Codec, order: tuple[By, ...]) -> Order:
    """Return an order, made once."""
    return Order(codec, order)
