"""A registered database that answers at once: for tests that count what else a call costs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from resolvers import databases
from store.databases import Database, Databases, Engine, Rows, Table


class StillDatabases(Databases):
    """One database, `shop`, with as many tables and rows as asked for. It waits for audit entries under way."""

    def registered(self) -> Sequence[Database]:
        return (Database("shop", Engine.SQLITE, "shop.db"),)

    async def fault(self, name: str) -> str:
        return ""

    async def tables(self, name: str, *, limit: int) -> list[Table]:
        return [Table("", f"t{number}", "table") for number in range(limit)]

    async def table(self, name: str, schema: str, table: str) -> list[Table]:
        return [Table(schema, table, "table")]

    async def query(self, name: str, sql: str, *, limit: int) -> Rows:
        await asyncio.gather(*databases._audits)
        return Rows(("id",), tuple((number,) for number in range(limit)))

    async def close(self) -> None:
        pass
