"""How a question becomes a query, and several become one aggregation on a single snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from store.bounds import MOST_VALUES, check_limit
from store.mongo.collections import LOGS, UNSEEN, Document, collection_of
from store.mongo.queries import Filter, matching, order_of
from store.port import Ask, Count, Find, Get, GetMany, Head, Heads, Page

Decode = Callable[[list[Document]], Any]


@dataclass(frozen=True, slots=True)
class Query:
    """What to fetch for one question, and how the answer is made of it."""

    collection: str
    filter: Filter
    decode: Decode
    sort: Mapping[str, int] = field(default_factory=dict)
    limit: int = 0
    is_count: bool = False

    @property
    def stages(self) -> list[Document]:
        """Return the query as the stages of an aggregation."""
        stages: list[Document] = [{"$match": self.filter}]
        if self.sort:
            stages.append({"$sort": dict(self.sort)})
        if self.limit:
            stages.append({"$limit": self.limit})
        stages.append({"$count": "number"} if self.is_count else {"$project": UNSEEN})
        return stages


@dataclass(frozen=True, slots=True)
class Known:
    """The answer to a question that needs no query."""

    answer: Any


def query_of(ask: Ask) -> Query | Known:
    """Return the query that answers `ask`.

    Raises:
        ValueError: a field is unknown, a number is out of bounds, or a cursor is not of the order.
    """
    return _PLANNERS[type(ask)](ask)


def united(queries: Sequence[Query]) -> list[Document]:
    """Return the stages that answer all `queries`, from the collection of the first: `k` says whose a row is."""
    first, *others = queries
    stages = [*first.stages, _marked(0)]
    for k, query in enumerate(others, 1):
        stages.append({"$unionWith": {"coll": query.collection, "pipeline": [*query.stages, _marked(k)]}})
    return stages


def _marked(k: int) -> Document:
    return {"$project": {"_id": 0, "k": {"$literal": k}, "d": "$$ROOT"}}


def _get(ask: Get) -> Query:
    collection = collection_of(ask.kind)

    def decode(found: list[Document]) -> Any:
        return collection.decode(found[0]) if found else None

    return Query(collection.name, {"_id": ask.record_id}, decode, limit=1)


def _get_many(ask: GetMany) -> Query | Known:
    collection = collection_of(ask.kind)
    asked = list(dict.fromkeys(ask.record_ids))
    if len(asked) > MOST_VALUES:
        raise ValueError(f"at most {MOST_VALUES} records can be asked for at once")
    if not asked:
        return Known({})

    def decode(found: list[Document]) -> Any:
        return {document["_id"]: collection.decode(document) for document in found}

    return Query(collection.name, {"_id": {"$in": asked}}, decode)


def _find(ask: Find) -> Query:
    limit = ask.limit
    check_limit(limit)
    collection = collection_of(ask.kind)
    order = order_of(collection.codec, ask.order)
    condition = matching(collection.codec, ask.where)
    if ask.after is not None:
        condition = order.following(condition, ask.after)

    def decode(found: list[Document]) -> Any:
        records = tuple(collection.decode(document) for document in found[:limit])
        return Page(records, order.cursor(records[-1]) if len(found) > limit else None)

    return Query(collection.name, condition, decode, order.sort, limit + 1)


def _count(ask: Count) -> Query | Known:
    collection = collection_of(ask.kind)
    condition = matching(collection.codec, ask.where)
    if ask.limit is not None and ask.limit <= 0:
        return Known(0)

    def decode(found: list[Document]) -> Any:
        return int(found[0]["number"]) if found else 0

    return Query(collection.name, condition, decode, limit=ask.limit or 0, is_count=True)


def _heads(ask: Heads) -> Query | Known:
    asked = list(dict.fromkeys(ask.projects))
    if not asked:
        return Known({})

    def decode(found: list[Document]) -> Any:
        heads = dict.fromkeys(asked, Head())
        return heads | {log["_id"]: Head(int(log["first"]), int(log["last"])) for log in found}

    return Query(LOGS, {"_id": {"$in": asked}}, decode)


_PLANNERS: dict[type[Any], Callable[[Any], Query | Known]] = {
    Get: _get,
    GetMany: _get_many,
    Find: _find,
    Count: _count,
    Heads: _heads,
}
