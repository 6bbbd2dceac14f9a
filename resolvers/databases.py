"""The rules of registered databases: who may read which, and what of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from resolvers import audit
from resolvers.acts import Act
from resolvers.errors import BadInput, DomainError, LimitExceeded, NotFound, Unready
from resolvers.inputs import line, text
from resolvers.rules import MAX_NAME
from resolvers.sql_guard.guard import HINT, MAX_STATEMENT_BYTES, guarded
from store.databases import Busy, Database, Databases, Engine, QueryFailed, Rows, Table, TimedOut
from store.errors import StoreError, Unavailable
from store.port import Changes
from store.records import Audit

log = logging.getLogger("interlock.databases")

MAX_TABLES = 500
DEFAULT_LIMIT = 100
_SHOWN_STATEMENT = 500

DIALECTS = {
    Engine.MSSQL: "tsql",
    Engine.POSTGRESQL: "postgres",
    Engine.MYSQL: "mysql",
    Engine.MARIADB: "mysql",
    Engine.SQLITE: "sqlite",
}

T = TypeVar("T")
_audits: set[asyncio.Task[None]] = set()


@dataclass(frozen=True, slots=True)
class Registered:
    """A database that the caller may read, and why it cannot be used now (empty: it can)."""

    database: Database
    fault: str

    @property
    def name(self) -> str:
        return self.database.name


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables of a database. `is_cut` tells that there are more."""

    tables: tuple[Table, ...]
    is_cut: bool


async def databases(act: Act) -> tuple[Registered, ...]:
    """Return the databases that the caller may read, by name."""
    port = act.engine.databases
    if port is None:
        return ()
    shown = [one for one in port.registered() if _sees(act, one)]
    faults = await asyncio.gather(*(port.fault(one.name) for one in shown))
    return tuple(Registered(one, fault) for one, fault in zip(shown, faults, strict=True))


async def database_schema(act: Act, *, database: str, table: str | None = None) -> Tables:
    """Return the tables of a database, up to 500; the one named with its columns (`schema.table` is taken).

    Raises:
        NotFound: there is no such database or table.
        LimitExceeded, Unready: as `query_database`.
    """
    port, found = _found(act, database)
    if not table:
        listed = await _told(port.tables(found.name, limit=MAX_TABLES + 1))
        return Tables(tuple(listed[:MAX_TABLES]), len(listed) > MAX_TABLES)
    named = line("table", table, required=True, max_bytes=2 * MAX_NAME)
    shown = await _told(port.table(found.name, "", named))
    if not shown and "." in named:
        schema, _, rest = named.partition(".")
        shown = await _told(port.table(found.name, schema, rest))
    if not shown:
        raise NotFound(
            f"there is no table {named!r} in {found.name!r}",
            field="table",
            hint="Ask for the schema without a table: it lists them.",
        )
    return Tables(tuple(shown), False)


async def query_database(act: Act, *, database: str, query: str, limit: int = DEFAULT_LIMIT) -> Rows:
    """Run one statement that only reads, and return up to `limit` rows (at most the database's own limit).

    What was asked is kept in the audit log.

    Raises:
        NotFound: there is no such database.
        BadInput: the statement does more than read, does not parse, or the database does not take it.
        LimitExceeded: it took too long, or too many queries are under way.
        Unready: the database cannot be reached, or its driver is not installed.
    """
    port, found = _found(act, database)
    asked = text("query", query, required=True, max_bytes=MAX_STATEMENT_BYTES)
    if limit < 1:
        raise BadInput("limit", "must be at least 1")
    rows = min(limit, found.max_rows)
    try:
        statement = await asyncio.to_thread(
            guarded, asked, dialect=DIALECTS[found.engine], database=found.database, rows=rows + 1
        )
    except BadInput:
        await audit.refused(
            act.engine, "db.refused", act.caller, project=_project(act), target=found.name, detail=asked
        )
        raise
    await _kept(act, found, asked)
    return await _told(port.query(found.name, statement.sql, limit=rows))


def _sees(act: Act, database: Database) -> bool:
    if not database.projects:
        return True
    if act.session is not None:
        return act.session.project in database.projects
    return any(act.caller.sees(project) for project in database.projects)


def _found(act: Act, name: str) -> tuple[Databases, Database]:
    called = line("database", name, required=True, max_bytes=MAX_NAME).lower()
    port = act.engine.databases
    shown = [one for one in port.registered() if _sees(act, one)] if port is not None else []
    for one in shown:
        if port is not None and one.name == called:
            return port, one
    names = ", ".join(one.name for one in shown)
    hint = f"There is: {names}." if names else "None is registered: see docs/databases.md."
    raise NotFound(f"there is no database {called!r}", field="database", hint=hint)


def _project(act: Act) -> str:
    return act.session.project if act.session is not None else ""


async def _kept(act: Act, database: Database, asked: str) -> None:
    """Begin to write what is asked to the audit log; the answer does not wait for it."""
    now = await act.store.now()
    shown = " ".join(asked.split())
    clipped = shown if len(shown) <= _SHOWN_STATEMENT else f"{shown[:_SHOWN_STATEMENT]}…"
    made = audit.entry(act, now, "db.query", _project(act), database.name, clipped)
    task = asyncio.create_task(_written(act, made))
    _audits.add(task)
    task.add_done_callback(_audits.discard)


async def _written(act: Act, made: Audit) -> None:
    try:
        await act.engine.write(Changes(puts=(made,)))
    except StoreError:
        log.warning("a query of %s by %s could not be kept in the audit log", made.target, made.actor)


async def _told(asked: Awaitable[T]) -> T:
    """Await an answer of a database; its failures become the caller's."""
    try:
        return await asked
    except StoreError as error:
        raise _failure(error) from error


def _failure(error: StoreError) -> DomainError:
    match error:
        case QueryFailed():
            return BadInput("query", f"the database says: {error}", hint=HINT)
        case TimedOut():
            return LimitExceeded(
                f"{error}", hint="Ask for less: filter by indexed columns, aggregate fewer rows."
            )
        case Busy():
            return LimitExceeded(f"{error}", hint="Try again in a moment.")
        case Unavailable():
            return Unready(error.reason, hint=error.hint)
    return Unready(f"{error}")
