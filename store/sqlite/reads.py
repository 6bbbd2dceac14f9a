"""How a question becomes a job for a reading thread, and several become one on a single snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from store.bounds import MOST_VALUES, check_limit
from store.codec import Codec, Plain
from store.port import Ask, By, Count, Find, Get, GetMany, Head, Heads, Page
from store.records import Record
from store.sqlite.queries import Order, matching, placeholders
from store.sqlite.tables import table_of

Job = Callable[[sqlite3.Connection], Any]
Planned = tuple[Job, bool]
"""A job, and whether it is quick: what may take long must not hold up the rest."""


def job_of(ask: Ask) -> Planned:
    """Return the job that answers `ask`.

    Raises:
        ValueError: a field is unknown, a number is out of bounds, or a cursor is not of the order.
    """
    return _PLANNERS[type(ask)](ask)


def together(jobs: list[Job]) -> Callable[[sqlite3.Connection], tuple[Any, ...]]:
    """Return the job that answers all of `jobs` from one snapshot."""
    if len(jobs) == 1:
        (job,) = jobs
        return lambda connection: (job(connection),)

    def answer(connection: sqlite3.Connection) -> tuple[Any, ...]:
        if connection.in_transaction:
            return tuple(job(connection) for job in jobs)
        connection.execute("BEGIN")
        try:
            return tuple(job(connection) for job in jobs)
        finally:
            connection.execute("COMMIT")

    return answer


def _get(ask: Get) -> Planned:
    table = table_of(ask.kind)
    sql, decode, values = table.get, table.codec.decode, (ask.record_id,)

    def job(connection: sqlite3.Connection) -> Record | None:
        row = connection.execute(sql, values).fetchone()
        return None if row is None else decode(row)

    return job, True


def _get_many(ask: GetMany) -> Planned:
    table = table_of(ask.kind)
    asked: list[Plain] = list(dict.fromkeys(ask.record_ids))
    if len(asked) > MOST_VALUES:
        raise ValueError(f"at most {MOST_VALUES} records can be asked for at once")
    if not asked:
        return (lambda connection: {}), True
    sql = f'{table.select} WHERE t."id" IN ({placeholders(asked)})'
    decode = table.codec.decode

    def job(connection: sqlite3.Connection) -> dict[str, Record]:
        records = (decode(row) for row in connection.execute(sql, asked).fetchall())
        return {record.id: record for record in records}

    return job, True


def _find(ask: Find) -> Planned:
    limit = ask.limit
    check_limit(limit)
    table = table_of(ask.kind)
    ranks = _order(table.codec, ask.order)
    condition, values = matching(table.codec, ask.where)
    if ask.after is not None:
        following, more = ranks.following(ask.after)
        condition, values = f"{condition} AND {following}", values + more
    sql = f"{table.select} WHERE {condition} ORDER BY {ranks.sql} LIMIT ?"
    values.append(limit + 1)
    decode = table.codec.decode

    def job(connection: sqlite3.Connection) -> Page[Record]:
        rows = connection.execute(sql, values).fetchall()
        records = tuple(decode(row) for row in rows[:limit])
        return Page(records, ranks.cursor(records[-1]) if len(rows) > limit else None)

    # No index runs both ways at once: such an order sorts all that matches.
    return job, ranks.is_one_way


def _count(ask: Count) -> Planned:
    table = table_of(ask.kind)
    condition, values = matching(table.codec, ask.where)
    sql = f"SELECT count(*) FROM {table.name} t WHERE {condition}"
    if ask.limit is not None:
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {table.name} t WHERE {condition} LIMIT ?)"
        values.append(max(ask.limit, 0))
    return (lambda connection: int(connection.execute(sql, values).fetchone()[0])), ask.limit is not None


def _heads(ask: Heads) -> Planned:
    asked = list(dict.fromkeys(ask.projects))

    def job(connection: sqlite3.Connection) -> dict[str, Head]:
        heads = dict.fromkeys(asked, Head())
        for start in range(0, len(asked), MOST_VALUES):
            names: list[Plain] = list(asked[start : start + MOST_VALUES])
            sql = f"SELECT project, first, last FROM logs WHERE project IN ({placeholders(names)})"
            for project, first, last in connection.execute(sql, names).fetchall():
                heads[project] = Head(first, last)
        return heads

    return job, True


@lru_cache(maxsize=512)
def _order(codec: Codec, order: tuple[By, ...]) -> Order:
    return Order(codec, order)


_PLANNERS: dict[type[Any], Callable[[Any], Planned]] = {
    Get: _get,
    GetMany: _get_many,
    Find: _find,
    Count: _count,
    Heads: _heads,
}
