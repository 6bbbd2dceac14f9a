"""Registered databases in GraphQL."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from resolvers import databases
from resolvers.acts import Act
from resolvers.callers import Role
from resolvers.databases import DEFAULT_LIMIT, Registered, Tables
from schema.arguments import SessionArgument
from schema.enums import shown
from schema.fields import query
from store.databases import Engine, Rows

DatabaseEngine = shown(
    Engine,
    "What serves a database.",
    name="DatabaseEngine",
    mssql="Microsoft SQL Server.",
    postgresql="PostgreSQL.",
    mysql="MySQL.",
    mariadb="MariaDB.",
    sqlite="A file of SQLite.",
)

DatabaseArgument = Annotated[str, strawberry.argument(description="Its name, as `databases` shows it.")]


@strawberry.type(description="A database that is registered for reading.")
class Database:
    name: str = strawberry.field(description="What it is called here.")
    engine: DatabaseEngine = strawberry.field(  # type: ignore[valid-type]
        description="What serves it.", resolver=lambda root: root.database.engine
    )
    max_rows: int = strawberry.field(
        description="Most rows that a query returns.", resolver=lambda root: root.database.max_rows
    )
    timeout_seconds: int = strawberry.field(
        description="Seconds after which a query is ended.",
        resolver=lambda root: root.database.timeout_seconds,
    )
    fault: str = strawberry.field(
        description="Why it cannot be used now, such as a driver that is missing; or empty."
    )


@strawberry.type(description="A column of a table.")
class DatabaseColumn:
    name: str = strawberry.field(description="Its name.")
    type: str = strawberry.field(description="Its type, as the database calls it.")
    is_nullable: bool = strawberry.field(description="Whether it may be null.")
    key: str = strawberry.field(description="`primary` for a part of the primary key, else empty.")


@strawberry.type(description="A table or a view.")
class DatabaseTable:
    name: str = strawberry.field(description="Its name.")
    schema: str = strawberry.field(description="The schema it is in, where the database has such.")
    kind: str = strawberry.field(description="`table` or `view`.")
    columns: list[DatabaseColumn] = strawberry.field(
        description="Its columns in order; empty where no table was asked for by name.",
        resolver=lambda root: list(root.columns),
    )


@strawberry.type(description="Tables of a database.")
class DatabaseSchema:
    tables: list[DatabaseTable] = strawberry.field(
        description="By schema and name, up to 500.", resolver=lambda root: list(root.tables)
    )
    is_cut: bool = strawberry.field(description="Whether there are more.")


def _rows(root: Any) -> Any:
    return [list(row) for row in root.rows]


@strawberry.type(description="What a query returned.")
class DatabaseRows:
    columns: list[str] = strawberry.field(
        description="Names, in order.", resolver=lambda root: list(root.columns)
    )
    rows: list[JSON] = strawberry.field(
        description="A list of values each: decimals and large integers as text, times in ISO 8601, bytes in hex.",
        resolver=_rows,
    )
    row_count: int = strawberry.field(
        description="How many rows are here.", resolver=lambda root: len(root.rows)
    )
    is_cut: bool = strawberry.field(description="Whether rows are missing: the limit, or 40 KB, was reached.")
    cut_cells: int = strawberry.field(description="How many values were shortened to 4,000 characters.")


@strawberry.type
class DatabaseQuery:
    @query(needs=Role.READONLY, description="The databases that may be read.", returns=list[Database])
    async def databases(act: Act, session_id: SessionArgument = None) -> list[Registered]:
        return list(await databases.databases(act))

    @query(
        needs=Role.AGENT,
        description="The tables of a database, or one with its columns.",
        returns=DatabaseSchema,
    )
    async def database_schema(
        act: Act,
        database: DatabaseArgument,
        table: Annotated[
            str | None, strawberry.argument(description="A table or view, also as `schema.table`.")
        ] = None,
        session_id: SessionArgument = None,
    ) -> Tables:
        return await databases.database_schema(act, database=database, table=table)

    @query(
        needs=Role.AGENT,
        description="Run one statement that only reads. It is parsed, and anything that may do more is refused.",
        returns=DatabaseRows,
    )
    async def query_database(
        act: Act,
        database: DatabaseArgument,
        query: Annotated[str, strawberry.argument(description="One SELECT, in the database's own dialect.")],
        limit: Annotated[
            int, strawberry.argument(description="Most rows; the database's own limit goes first.")
        ] = DEFAULT_LIMIT,
        session_id: SessionArgument = None,
    ) -> Rows:
        return await databases.query_database(act, database=database, query=query, limit=limit)
